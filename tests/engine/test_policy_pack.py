"""The policy pack on the real engine: what it lets through, what it refuses, and in which words."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.projects import ROOT
from tests.sandbox.engine import Engine, project

pytestmark = pytest.mark.engine

PACK = ROOT / "policies"
DIGEST = "registry.example.com/team/shop@sha256:" + "a" * 64
TAG = "registry.example.com/team/shop:1.0"

PROGRAM = """
    from pulumi_docker import BuildxBuilder
    from pulumi_kubernetes.apps.v1 import Deployment

    DAEMON = "tcp://127.0.0.1:1"


    def later():
        # What only an update knows.
        return BuildxBuilder("made", name="made", driver="remote", endpoint=DAEMON).id.apply(lambda _: {made!r})


    def deployment(name, image):
        labels = {{"app": name}}
        Deployment(
            f"{{name}}-deployment",
            metadata={{"name": name, "namespace": "shop"}},
            spec={{
                "selector": {{"match_labels": labels}},
                "template": {{
                    "metadata": {{"labels": labels}},
                    "spec": {{"containers": [{{"name": name, "image": image}}]}},
                }},
            }},
        )


    {statements}
"""


def deployed(directory: Path, *images: str, stack: str = "prod", made: str = DIGEST) -> Engine:
    """A project of Deployments, whose engine finds no cluster."""
    statements = "; ".join(f"deployment('shop{number or ''}', {image})" for number, image in enumerate(images))
    program = PROGRAM.format(statements=statements, made=made)
    places = {"KUBECONFIG": str(directory / "none"), "BUILDX_CONFIG": str(directory / "buildx")}
    engine = project(directory, program, PULUMI_DEBUG_COMMANDS="true", **places)
    engine.must("stack", "init", stack)
    return engine


def reviewed(engine: Engine, *options: str, pack: Path = PACK, refused: bool = True) -> str:
    """What the policies said of a preview."""
    answer = engine.pulumi("preview", "--policy-pack", str(pack), *options)
    assert (answer.code != 0) is refused, answer.text
    assert "Traceback" not in answer.text
    return answer.text.partition("Policies:")[2].partition("Diagnostics:")[0]


def image_events(engine: Engine) -> list[dict[str, Any]]:
    """Level and message of each event of the rule, from the engine's own log."""
    log = engine.directory / "events.json"
    engine.pulumi("preview", "--policy-pack", str(PACK), "--event-log", str(log))
    events = [json.loads(line) for line in log.read_text().splitlines()]
    found = [event["policyEvent"] for event in events if "policyEvent" in event]
    return [event for event in found if event["policyName"] == "image-digest"]


def _copied(directory: Path) -> Path:
    copy = directory / "copy" / "policies"
    shutil.copytree(PACK, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy.parent / ".venv").symlink_to(ROOT / ".venv")
    return copy


def pack_of_one(directory: Path, rule: str = "image-digest") -> Path:
    """A copy of the pack with one of its rules: the others refuse a Deployment as bare as ours."""
    copy = _copied(directory)
    chosen = f"RULES = tuple(rule for rule in supply_chain.RULES if rule.id == {rule!r})"
    (copy / "one.py").write_text(f"from policies import supply_chain\n\n{chosen}\n")
    catalogue = (copy / "catalogue.py").read_text()
    (copy / "catalogue.py").write_text(re.sub(r"(?m)^MODULES = .*$", 'MODULES = ("one",)', catalogue))
    # It names rules that the copy has not.
    tiers = "tiers: {dev: advisory, staging: mandatory, prod: mandatory}"
    (copy / "levels.yaml").write_text(f"{tiers}\nalways: []\nrules: {{}}\n")
    return copy


def test_an_image_by_digest_passes(tmp_path: Path) -> None:
    assert "image-digest" not in reviewed(deployed(tmp_path, repr(DIGEST)), pack=pack_of_one(tmp_path), refused=False)


def test_an_image_by_tag_is_refused_with_the_policy_the_resource_and_the_remedy(tmp_path: Path) -> None:
    violation = reviewed(deployed(tmp_path, repr(TAG)))
    assert "[mandatory]" in violation
    assert "image-digest  (kubernetes:apps/v1:Deployment: shop-deployment)" in violation
    assert TAG in violation
    assert "Remedy: " in violation


def test_dev_advises(tmp_path: Path) -> None:
    engine = deployed(tmp_path, repr(TAG))
    engine.must("stack", "select", "dev")
    violation = reviewed(engine, refused=False)
    assert "[advisory]" in violation
    assert TAG in violation


def test_the_tier_is_the_configuration_s_where_the_name_says_none(tmp_path: Path) -> None:
    engine = deployed(tmp_path, repr(TAG), stack="green")
    assert "[mandatory]" in reviewed(engine)
    engine.must("config", "set", "caas:tier", "dev")
    assert [event["enforcementLevel"] for event in image_events(engine)] == ["advisory"]


def test_one_unknown_is_undecided_and_hides_no_violation(tmp_path: Path) -> None:
    engine = deployed(tmp_path, "later()", repr(TAG))
    events = {event["resourceUrn"].rpartition("::")[2]: event for event in image_events(engine)}
    assert set(events) == {"shop-deployment", "shop1-deployment"}
    assert events["shop-deployment"]["enforcementLevel"] == "advisory"
    assert events["shop-deployment"]["message"].startswith(
        "undecided: spec.template.spec.containers[0].image is not known yet; "
    )
    assert events["shop1-deployment"]["enforcementLevel"] == "mandatory"


def test_what_a_preview_could_not_decide_is_decided_in_the_update(tmp_path: Path) -> None:
    refused = deployed(tmp_path, "later()", made=TAG).pulumi("up", "--yes", "--policy-pack", str(pack_of_one(tmp_path)))
    assert refused.code != 0
    update = refused.text.partition("Updating (prod)")[2]
    assert "[mandatory]" in update
    assert TAG in update
    assert "shop-deployment creating" not in update


def test_what_turns_out_well_in_the_update_goes_on(tmp_path: Path) -> None:
    answer = deployed(tmp_path, "later()").pulumi("up", "--yes", "--policy-pack", str(pack_of_one(tmp_path)))
    preview, _, update = answer.text.partition("Updating (prod)")
    assert "undecided: " in preview
    assert "image-digest" not in update
    assert "failed to read resource state" in update or "unreachable" in update or "creating" in update


def pack_with(directory: Path, waivers: str) -> Path:
    """A copy of the pack with a list of waivers of its own; the rules are the repository's."""
    copy = _copied(directory)
    (copy / "waivers.yaml").write_text(waivers)
    return copy


def waiver(**changes: str) -> str:
    """A list of one waiver for the first Deployment."""
    entry = {
        "rule": "image-digest",
        "resource": "urn:pulumi:prod::trial::kubernetes:apps/v1:Deployment::shop-deployment",
        "owner": "shop-team",
        "reason": "The vendor publishes no digests until its next release.",
        "expires": "2999-12-31",
        **changes,
    }
    lines = "\n    ".join(
        f"{key}: {value!r}" if key == "resource" else f"{key}: {value}" for key, value in entry.items()
    )
    return f"waivers:\n  - {lines}\n"


def test_a_waived_violation_is_listed_and_another_still_refused(tmp_path: Path) -> None:
    engine = deployed(tmp_path, repr(TAG), repr(TAG))
    found = reviewed(engine, pack=pack_with(tmp_path, waiver()))
    first, second = sorted(found.split("image-digest")[1:], key=lambda text: "shop1" in text)
    assert "waived: " in first
    assert "shop-team until 2999-12-31: The vendor publishes no digests until its next release." in first
    assert "waived: " not in second


@pytest.mark.parametrize(
    ("changes", "images", "said"),
    [
        ({"expires": "2020-01-01"}, (repr(TAG),), "expired on 2020-01-01; mend the violation, or ask shop-team"),
        ({}, (repr(DIGEST),), "covers no violation; remove it"),
    ],
)
def test_a_waiver_that_has_expired_or_covers_nothing_refuses(
    tmp_path: Path, changes: dict[str, str], images: tuple[str, ...], said: str
) -> None:
    found = reviewed(deployed(tmp_path, *images), pack=pack_with(tmp_path, waiver(**changes)))
    assert "policies/waivers.yaml:2: the waiver of image-digest for urn:pulumi:prod::trial::" in found
    assert said in found


@pytest.mark.parametrize(
    ("waivers", "said"),
    [
        (waiver(resource="*"), "policies/waivers.yaml:3: '*' is no URN; write urn:pulumi:STACK::PROJECT::TYPE::NAME"),
        (waiver(ower="x"), "policies/waivers.yaml:7: a waiver has no 'ower'"),
    ],
)
def test_a_fault_in_the_waivers_ends_the_preview_with_its_line(tmp_path: Path, waivers: str, said: str) -> None:
    answer = deployed(tmp_path, repr(DIGEST)).pulumi("preview", "--policy-pack", str(pack_with(tmp_path, waivers)))
    assert answer.code != 0
    assert said in answer.text
    assert "Traceback" not in answer.text
    assert "Resources:" not in answer.text


def test_no_option_weakens_a_rule(tmp_path: Path) -> None:
    chosen = tmp_path / "chosen.json"
    chosen.write_text(json.dumps({"image-digest": "disabled"}))
    command = ("preview", "--policy-pack", str(PACK), "--policy-pack-config", str(chosen))
    answer = deployed(tmp_path, repr(TAG)).pulumi(*command)
    assert answer.code != 0
    assert "rule image-digest is mandatory here and cannot be set to disabled; mend the violation, or" in answer.text


def test_without_the_pack_the_same_preview_passes(tmp_path: Path) -> None:
    assert "+ 2 to create" in deployed(tmp_path, repr(TAG)).must("preview")


def test_the_pack_runs_with_the_project_s_own_packages() -> None:
    """A path is relative to the pack's directory, for the official language host as for ours."""
    options = YAML(typ="safe").load(PACK / "PulumiPolicy.yaml")["runtime"]["options"]
    program = YAML(typ="safe").load(ROOT / "Pulumi.yaml")["runtime"]["options"]
    assert (PACK / options["virtualenv"]).resolve() == (ROOT / program["virtualenv"]).resolve()
    assert options["toolchain"] == program["toolchain"]


CONFIG_MAP = """
    from pulumi_kubernetes.core.v1 import ConfigMap

    labels = {"caas.owner": "others"}
    ConfigMap("settings", metadata={"name": "settings", "namespace": "shop", "labels": labels}, data={"LEVEL": "info"})
"""


def test_a_remedy_is_a_change_that_the_preview_shows(tmp_path: Path) -> None:
    engine = project(tmp_path, CONFIG_MAP, KUBECONFIG=str(tmp_path / "none"))
    engine.must("stack", "init", "prod")
    engine.must("config", "set", "caas:owner", "shop-team")
    engine.must("config", "set", "caas:costCentre", "4711")
    refused = engine.pulumi("preview", "--policy-pack", str(PACK))
    assert refused.code != 0
    assert "nothing says which cost-centre it belongs to" in refused.text
    chosen = tmp_path / "chosen.json"
    chosen.write_text(json.dumps({"required-tags": "remediate"}))
    shown = engine.must("preview", "--diff", "--policy-pack", str(PACK), "--policy-pack-config", str(chosen))
    told, _, resource = shown.partition("kubernetes:core/v1:ConfigMap: (create)")
    # The engine tells whose work it is, and what is added; what is there stays.
    assert "[remediate]  required-tags  (kubernetes:core/v1:ConfigMap: settings)" in told
    for line in ('caas.cost-centre: "4711"', 'caas.environment: "prod"'):
        assert f"+ {line}" in told
        assert line in resource
    assert 'caas.owner      : "others"' in resource
    assert "shop-team" not in shown
