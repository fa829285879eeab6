"""What the policy pack is told: of every image that a preview can know, what was verified and no more."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from components.spec import Environment
from delivery.output import Output
from delivery.stack import ProgramStack
from delivery.supply import handover
from delivery.supply.attest import Task, attest
from delivery.supply.read import Facts
from delivery.supply.scan import Scan
from policies import supply_chain
from policies.rule import Setting
from tests.components import worlds
from tests.delivery.supply.stand_ins import World, grype
from tests.policies.workload import workload

ATTESTED = next(rule for rule in supply_chain.RULES if rule.id == handover.RULE)
ONE, TWO, THREE = (f"registry.test/{name}@sha256:{name[0] * 64}" for name in ("a", "b", "c"))


def of_tier(world: World, tier: str = "prod", *, supply: bool = True) -> Environment:
    """An environment of that tier, whose images are those of its state."""
    chain = world.cosign().supply if supply else None
    return worlds.environment().model_copy(update={"tier": tier, "supply_chain": chain, "services": ()})


def stack(world: World) -> ProgramStack:
    """As much of a stack as is asked for."""
    return cast(ProgramStack, SimpleNamespace(directory=world.home, pack_config=None))


def state(*images: str) -> dict[str, Any]:
    return {"resources": [{"inputs": {"spec": {"containers": [{"image": one} for one in images]}}}, {}]}


def judged(told: dict[str, Any], image: str) -> list[str]:
    """What the rule says in prod."""
    setting = Setting(tier="prod", options=told[handover.RULE])
    answers = ATTESTED.check(workload({"image": image}), setting)
    return [str(getattr(answer, "message", answer)).partition(" runs an image ")[2] for answer in answers]


def test_images_are_those_that_the_environment_and_its_state_name(world: World) -> None:
    service = worlds.environment().services[0].model_copy(update={"image": ONE})
    named = of_tier(world).model_copy(update={"services": (service,)})
    definitions = json.dumps([{"name": "web", "image": THREE}])
    found = {"resources": [{"inputs": {"image": TWO, "containerDefinitions": definitions, "tag": "web:1"}}]}
    assert handover.images(named, found) == [ONE, TWO, THREE]


def test_what_is_verified_reaches_the_rule_and_each_lack_is_named(world: World, image: str) -> None:
    asked = stack(world)
    world.finds(grype("Critical", "Low"))
    attest(Task(image), world.cosign(), Output())
    with handover.handed_over(asked, of_tier(world), lambda: state(image, ONE), Output()) as found:
        assert asked.pack_config is not None
        told = json.loads(asked.pack_config.read_text())
    assert asked.pack_config is None, "what was told is of one preview"
    assert {one.image for one in found} == {image, ONE}
    assert judged(told, image) == [f"with 1 critical vulnerabilities: {image!r}"]
    assert [said.partition(":")[0] for said in judged(told, ONE)] == [
        "without a signature",
        "without a list of what is in it (SBOM)",
        "that no scanner has seen",
    ]
    assert judged(told, TWO) == [f"that nobody signed or scanned: {TWO!r}"]


def test_what_is_whole_passes(world: World, image: str) -> None:
    attest(Task(image), world.cosign(), Output())
    asked = stack(world)
    with handover.handed_over(asked, of_tier(world), lambda: state(image), Output()):
        assert asked.pack_config is not None
        assert judged(json.loads(asked.pack_config.read_text()), image) == []


def test_without_cosign_the_preview_says_so_and_prod_refuses(
    world: World, image: str, capsys: pytest.CaptureFixture[str]
) -> None:
    attest(Task(image), world.cosign(), Output())
    world.remove("cosign")
    asked = stack(world)
    with handover.handed_over(asked, of_tier(world), lambda: state(image), Output()):
        assert asked.pack_config is not None
        assert len(judged(json.loads(asked.pack_config.read_text()), image)) == 3
    assert f"Attestations of {image}: cosign is not on the PATH" in capsys.readouterr().err


def test_without_configuration_the_preview_says_so(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    asked = stack(world)
    with handover.handed_over(asked, of_tier(world, supply=False), lambda: state(ONE), Output()) as found:
        assert (asked.pack_config, found) == (None, ())
    assert handover.NOT_READ in capsys.readouterr().err


@pytest.mark.parametrize("tier", ["dev", "staging"])
def test_where_the_rule_asks_for_nothing_nothing_is_read(world: World, tier: str) -> None:
    asked = stack(world)
    with handover.handed_over(asked, of_tier(world, tier), lambda: state(ONE), Output()) as found:
        assert (asked.pack_config, found) == (None, ())
    assert world.calls == []


def test_where_no_pack_is_asked_nothing_is_read(world: World) -> None:
    asked = stack(world)
    with handover.handed_over(asked, of_tier(world), lambda: state(ONE), Output(), asked=False) as found:
        assert (asked.pack_config, found) == (None, ())
    assert world.calls == []


def test_one_digest_in_two_registries_counts_by_what_it_has_least_of() -> None:
    digest = "sha256:" + "1" * 64
    clean, worse = (Scan({"critical": number}, datetime.now(UTC), "x") for number in (0, 2))
    here = Facts(f"a.test/web@{digest}", True, True, clean)
    there = Facts(f"b.test/web@{digest}", True, False, worse)
    unseen = Facts(f"c.test/web@{digest}", False, True, None)
    assert handover.configuration([here, there])[handover.RULE]["attestations"] == {
        digest: {"signed": True, "sbom": False, "critical": 2}
    }
    assert handover.configuration([here, unseen])[handover.RULE]["attestations"] == {
        digest: {"signed": False, "sbom": True}
    }
