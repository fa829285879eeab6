"""Which rules an apply asks, when, what they hold up, and what is recorded of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from delivery import policing
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.output import Output
from delivery.policing import Policing
from delivery.preview import run
from delivery.preview.model import PolicyResult, Preview, Verdict
from delivery.purpose import Purpose

PACK = Path("/project/policies")
PACKS = {"caas": "0.2.0"}
VIOLATION = PolicyResult(Verdict.VIOLATION, "image-digest", "names no digest", "shop-deployment")
UNDECIDED = PolicyResult(Verdict.UNDECIDED, "image-attested", "image is not known yet", "shop-deployment")
WAIVED = PolicyResult(Verdict.WAIVED, "k8s-non-root", "runs as root; ada until 2999-12-31", "old-deployment")


class Scene:
    """An apply whose previews are played, and counted."""

    def __init__(
        self,
        *said: PolicyResult,
        tier: str = "prod",
        name: str = "shop",
        why: Purpose | None = None,
        pack: Path | None = PACK,
    ):
        self.said = said
        self.asked: list[Path | None] = []
        self.record = SimpleNamespace(policies=None)
        environment: Any = SimpleNamespace(tier=tier, stack=name)
        stack: Any = SimpleNamespace(name=name)
        none: Any = None
        self.rules = Policing(none, stack, environment, Output(), why or Purpose(), self.record, pack)

    def preview(self, *_: Any, pack: Path | None, **__: Any) -> Preview:
        self.asked.append(pack)
        return self.found(pack)

    def found(self, pack: Path | None = PACK) -> Preview:
        return Preview((), 1, self.said if pack else (), PACKS if pack else {})


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Scene]:
    def make(*said: PolicyResult, **more: Any) -> Scene:
        made = Scene(*said, **more)
        monkeypatch.setattr(run, "preview", made.preview)
        return made

    return make


def recorded(because: str | None = None, **results: list[str]) -> dict[str, Any]:
    return {"packs": PACKS, "violation": [], "undecided": [], "waived": [], **results, "because": because}


@pytest.mark.parametrize("tier", ["staging", "prod"])
def test_where_rules_refuse_they_are_asked_before_anything_is_changed(scene: Callable[..., Scene], tier: str) -> None:
    apply = scene(VIOLATION, WAIVED, tier=tier)
    with pytest.raises(DeliveryError, match=r"^Stack 'shop' violates a mandatory policy\.$") as refused:
        apply.rules.begin()
    assert (refused.value.code, refused.value.begun) == (Exit.POLICY, False)
    assert refused.value.details == ("image-digest (shop-deployment): names no digest",)
    assert apply.asked == [PACK]
    assert apply.record.policies == recorded(
        violation=["image-digest shop-deployment"], waived=["k8s-non-root old-deployment"]
    )


def test_dev_makes_no_preview_for_them_and_asks_in_the_update(scene: Callable[..., Scene]) -> None:
    apply = scene(VIOLATION, tier="dev")
    apply.rules.begin()
    assert apply.asked == []
    assert apply.rules.during == PACK
    # Where one is made for another reason, it costs no more than before.
    assert apply.rules.look().packs == {}
    assert apply.asked == [None]


def test_a_stack_that_is_named_prod_is_asked_before_whatever_tier_it_says(scene: Callable[..., Scene]) -> None:
    apply = scene(VIOLATION, tier="dev", name="prod")
    with pytest.raises(DeliveryError) as refused:
        apply.rules.begin()
    assert refused.value.code is Exit.POLICY
    assert apply.asked == [PACK]


def test_a_preview_serves_once_and_not_when_something_was_changed_since(scene: Callable[..., Scene]) -> None:
    apply = scene()
    apply.rules.begin()
    assert apply.rules.look().packs == PACKS
    assert apply.asked == [PACK]
    apply.rules.look()
    assert apply.asked == [PACK] * 2
    apply.rules.keep(apply.found())
    apply.rules.forget()
    apply.rules.look()
    assert apply.asked == [PACK] * 3


def test_what_a_plan_s_own_preview_found_is_judged_and_used(scene: Callable[..., Scene]) -> None:
    apply = scene(VIOLATION)
    with pytest.raises(DeliveryError, match="violates a mandatory policy"):
        apply.rules.keep(apply.found())
    held = scene(WAIVED)
    held.rules.keep(held.found())
    assert held.rules.look().policies == (WAIVED,)
    assert held.asked == []


def test_undecided_in_prod_is_left_to_the_update_and_said(
    scene: Callable[..., Scene], capsys: pytest.CaptureFixture[str]
) -> None:
    apply = scene(UNDECIDED)
    apply.rules.begin()
    assert apply.rules.during == PACK
    said = capsys.readouterr().err
    assert "Policies: 1 undecided (caas 0.2.0)." in said
    assert "needs every rule decided" in said


OVERRIDDEN = Purpose(override="the signer is down, INC-7")
BACK = Purpose("rollback", recovery=True)


@pytest.mark.parametrize(
    ("why", "because", "said"),
    [
        (OVERRIDDEN, "the signer is down, INC-7", "up goes on, and this is recorded: the signer is down, INC-7."),
        (BACK, "rollback", "rollback goes on, and this is recorded: what ran before is gone back to."),
    ],
    ids=["overridden", "rollback"],
)
@pytest.mark.parametrize("tier", ["dev", "prod"])
def test_what_goes_on_against_them_is_told_and_recorded(
    scene: Callable[..., Scene],
    capsys: pytest.CaptureFixture[str],
    why: Purpose,
    because: str,
    said: str,
    tier: str,
) -> None:
    apply = scene(VIOLATION, UNDECIDED, why=why, tier=tier)
    apply.rules.begin()
    assert apply.asked == [PACK]
    assert apply.rules.during is None
    told = capsys.readouterr().err
    assert f"Stack 'shop' violates a mandatory policy. {said}" in told
    assert "image-digest (shop-deployment): names no digest" in told
    both = {"violation": ["image-digest shop-deployment"], "undecided": ["image-attested shop-deployment"]}
    assert apply.record.policies == recorded(because, **both)


@pytest.mark.parametrize(("tier", "warned"), [("dev", False), ("staging", True), ("prod", True)])
def test_no_pack_is_said_where_rules_would_refuse(
    scene: Callable[..., Scene], capsys: pytest.CaptureFixture[str], tier: str, warned: bool
) -> None:
    apply = scene(tier=tier, pack=None)
    apply.rules.begin()
    assert (apply.asked, apply.rules.during, apply.record.policies) == ([], None, None)
    assert ("No policy is asked: there is no policies/PulumiPolicy.yaml" in capsys.readouterr().err) is warned


def test_the_update_s_answer_is_the_one_that_is_recorded(scene: Callable[..., Scene]) -> None:
    apply = scene(UNDECIDED)
    apply.rules.begin()
    apply.rules.heard((WAIVED,), PACKS)
    assert apply.record.policies == recorded(waived=["k8s-non-root old-deployment"])
    apply.rules.heard((), {})  # one that asked no pack
    assert apply.record.policies == recorded(waived=["k8s-non-root old-deployment"])


@pytest.mark.parametrize(("changed", "begun"), [(0, False), (3, True)])
def test_a_refusal_in_the_update_says_what_is_changed(changed: int, begun: bool) -> None:
    error = policing.violated("prod", (VIOLATION, WAIVED), changed=changed)
    assert f"the update was stopped there, with {changed} resources changed before." in error.message
    assert "caas rollback --stack prod" in (error.remedy or "")
    assert (error.code, error.begun) == (Exit.POLICY, begun)
    assert error.details == ("image-digest (shop-deployment): names no digest",)
