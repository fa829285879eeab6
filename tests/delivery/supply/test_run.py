"""Which images of a stack are attested: what it built, and of the rest what we have signed already."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from components.spec import Environment
from components.spec.service import Build
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.output import Output
from delivery.stack import ProgramStack
from delivery.supply import run as supplying
from delivery.supply.attest import Task, attest
from tests.components import worlds
from tests.delivery.registries import Registry
from tests.delivery.supply.stand_ins import World
from tests.delivery.test_records import release


def environment(world: World, *, supply: bool = True, **changes: Any) -> Environment:
    """One service ``web`` that is built, and one ``helper`` that comes by digest."""
    (given,) = worlds.environment().services
    built = given.model_copy(update={"image": None, "build": Build(context="web")})
    chain = world.cosign(**changes).supply if supply else None
    services = (built, given.model_copy(update={"name": "helper"}))
    return worlds.environment().model_copy(update={"supply_chain": chain, "services": services})


def stack(
    world: World, monkeypatch: pytest.MonkeyPatch, images: dict[str, str], secret: str | None = None
) -> ProgramStack:
    """A stack that runs these images, whose first release built them."""
    monkeypatch.setattr(supplying, "running", lambda _: images)
    book = SimpleNamespace(releases=(release(1, images=images),))
    monkeypatch.setattr(supplying, "Ledger", lambda _: SimpleNamespace(read=lambda: book))
    return cast(ProgramStack, SimpleNamespace(directory=world.home, name="staging", secret=lambda _: secret))


def test_what_was_built_is_attested_and_an_image_of_unknown_origin_is_not(
    world: World, registry: Registry, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    images = {"web": registry.image("web", b"web"), "helper": registry.image("helper", b"helper")}
    found = supplying.attest_stack(stack(world, monkeypatch, images), environment(world), Output())
    assert [one.image for one in found] == [images["web"]]
    assert found[0].provenance is not None
    assert found[0].provenance.commit == "c" * 40
    assert {one["image"] for one in world.kept} == {images["web"]}
    said = capsys.readouterr().err
    assert f"{images['helper']} was not built here, and nobody whom we trust has signed it" in said
    assert f"`caas attest --stack staging --image {images['helper']}`" in said


def test_an_image_that_we_have_signed_is_scanned_again_and_gets_no_origin(
    world: World, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = {"helper": registry.image("helper", b"helper")}
    attest(Task(images["helper"]), world.cosign(), Output())
    before = len(world.made())
    found = supplying.attest_stack(stack(world, monkeypatch, images), environment(world), Output(), rescan=True)
    assert [one.image for one in found] == [images["helper"]]
    assert found[0].provenance is None
    assert world.made()[before:] == ["scanner", "attest vuln"]


def test_what_a_person_names_is_attested_without_an_origin(
    world: World, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = registry.image("mirrored", b"mirrored")
    (found,) = supplying.attest_stack(stack(world, monkeypatch, {}), environment(world), Output(), images=[image])
    assert (found.image, found.signed, found.provenance) == (image, True, None)


def test_an_image_is_named_by_its_digest(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        DeliveryError, match=r"r\.test/web:1 is no reference of the form host/path@sha256:…\."
    ) as refused:
        supplying.attest_stack(stack(world, monkeypatch, {}), environment(world), Output(), images=["r.test/web:1"])
    assert refused.value.code is Exit.BAD_INPUT


def test_a_stack_that_says_nothing_about_it_is_told_where(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DeliveryError, match="'staging' does not say how its images are attested") as refused:
        supplying.attest_stack(stack(world, monkeypatch, {}), environment(world, supply=False), Output())
    assert refused.value.code is Exit.BAD_INPUT
    assert "caas:supplyChain" in refused.value.line


def test_a_key_of_the_secrets_is_read_and_never_shown(
    world: World, registry: Registry, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in ("our.key", "our.pub"):
        (world.home / file).write_text("a-private-key")
    image, output = registry.image("web", b"web"), Output()
    signing = environment(world, key=None, keySecret="signing")
    known = stack(world, monkeypatch, {}, secret="a-private-key")
    (found,) = supplying.attest_stack(known, signing, output, images=[image])
    assert found.signed
    assert not any("a-private-key" in word for call in world.calls for word in call)
    output.say("the key is a-private-key")
    assert "the key is [secret]" in capsys.readouterr().err


def test_an_apply_attests_what_it_has_built(
    world: World, registry: Registry, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    images = {"web": registry.image("web", b"web"), "helper": registry.image("helper", b"helper")}
    supplying.after_up(stack(world, monkeypatch, images), environment(world), images, Output())
    assert {one["image"] for one in world.kept} == {images["web"]}
    assert "helper" not in capsys.readouterr().err, "what came by digest is nothing that an apply speaks of"


@pytest.mark.parametrize(("supply", "services"), [(False, ("web",)), (True, ("helper",))])
def test_an_apply_that_has_nothing_to_attest_asks_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch, supply: bool, services: tuple[str, ...]
) -> None:
    images = {name: f"r.test/{name}@sha256:{'1' * 64}" for name in services}
    supplying.after_up(stack(world, monkeypatch, images), environment(world, supply=supply), images, Output())
    assert world.calls == []


def test_what_cannot_be_attested_does_not_fail_an_apply_that_is_proven(
    world: World, registry: Registry, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world.remove("syft")
    images = {"web": registry.image("web", b"web")}
    supplying.after_up(stack(world, monkeypatch, images), environment(world), images, Output())
    said = capsys.readouterr().err
    assert "The images are not attested: Nothing can be attested here: syft is not on the PATH" in said
    assert "`caas attest --stack staging` tries again." in said


def test_what_is_attested_can_be_listed_without_a_key_to_sign(
    world: World, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = registry.image("web", b"web")
    attest(Task(image), world.cosign(), Output())
    reader = environment(world, key=None)
    found = supplying.attestations(stack(world, monkeypatch, {"web": image, "other": image}), reader)
    assert [one.document()["signed"] for one in found] == [True]
    assert found[0].row() == (image, "yes", "yes", "nothing found", "-")
