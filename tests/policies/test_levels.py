"""Which rule refuses where: levels.yaml, and the tier of an environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies import catalogue, levels
from policies.documents import DataError
from policies.levels import Level, tier

GOOD = """\
tiers:
  dev: advisory
  staging: mandatory
  prod: mandatory
always: [plain-secret]
rules:
  firewall:
    prod: advisory
"""
IDS = {"plain-secret", "firewall", "other"}


def written(directory: Path, text: str) -> Path:
    """The file with this text."""
    path = directory / "policies" / "levels.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def test_dev_advises_staging_and_prod_refuse_and_some_always_do(tmp_path: Path) -> None:
    found = levels.load(IDS, written(tmp_path, GOOD))
    assert [found.of("other", one) for one in levels.TIERS] == [Level.ADVISORY, Level.MANDATORY, Level.MANDATORY]
    assert {found.of("plain-secret", one) for one in levels.TIERS} == {Level.MANDATORY}
    assert [found.of("firewall", one) for one in levels.TIERS] == [Level.ADVISORY, Level.MANDATORY, Level.ADVISORY]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("always:", "alwys:", "policies/levels.yaml:5: the file has no 'alwys'; it has always, rules, tiers"),
        (
            "  staging: mandatory\n",
            "",
            "policies/levels.yaml:1: tiers lacks staging; say advisory or mandatory",
        ),
        ("dev: advisory", "dev: off", "policies/levels.yaml:2: 'off' is no level; write advisory or mandatory"),
        ("dev: advisory", "test: advisory", "policies/levels.yaml:2: tiers has no 'test'; it has dev, prod, staging"),
        ("[plain-secret]", "[typo]", "policies/levels.yaml:5: there is no rule 'typo'; remove it, or mend the id"),
        ("firewall:", "fire:", "policies/levels.yaml:7: there is no rule 'fire'; remove it, or mend the id"),
        (
            "[plain-secret]",
            "[firewall]",
            "policies/levels.yaml:7: firewall stands in always too; remove one of",
        ),
        ("always: [", "always: [[", "policies/levels.yaml:6: "),
        ("tiers:", "tiers: 3\nx:", "policies/levels.yaml:2: the file has no 'x'; it has always, rules, tiers"),
    ],
)
def test_a_fault_names_the_file_the_line_and_the_way_out(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = written(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(DataError) as caught:
        levels.load(IDS, path)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_the_project_s_own_levels_are_valid_and_as_strict_as_said() -> None:
    found = levels.load(catalogue.load().ids)
    assert found.tiers == {"dev": Level.ADVISORY, "staging": Level.MANDATORY, "prod": Level.MANDATORY}


@pytest.mark.parametrize(
    ("stack", "config", "expected"),
    [
        ("dev", {}, "dev"),
        ("staging", {}, "staging"),
        ("eu-west", {"caas:tier": "dev"}, "dev"),
        ("eu-west", {}, "prod"),
        ("eu-west", {"caas:tier": "produktion"}, "prod"),
        ("prod", {"caas:tier": "dev"}, "prod"),
        ("dev", {"caas:tier": "prod"}, "prod"),
        ("eu-west", {"other:tier": "dev"}, "prod"),
    ],
)
def test_the_stricter_tier_counts_and_prod_where_nothing_is_known(
    stack: str, config: dict[str, str], expected: str
) -> None:
    assert tier(stack, config) == expected
