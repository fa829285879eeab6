"""What belongs to an image goes where the image goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from delivery import oci, promote
from delivery.output import Output
from delivery.promote import Move
from delivery.supply import carry
from tests.delivery.registries import Registry, served


@pytest.fixture(autouse=True)
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty configuration of Docker's own."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))


def attested(registry: Registry, path: str, *suffixes: str) -> str:
    """An image, and what cosign keeps beside it."""
    image = registry.image(path, b"layer")
    digest = image.rpartition("@")[2]
    for suffix in suffixes:
        beside = registry.image(path, f"what {suffix} holds".encode()).rpartition("@")[2]
        registry.manifests[path, f"{digest.replace(':', '-')}{suffix}"] = registry.manifests[path, beside]
    return image


def test_signature_and_attestations_are_copied_whole_under_their_tags() -> None:
    with served() as source, served() as target:
        digest = attested(source, "team/web", ".sig", ".att").rpartition("@")[2]
        assert carry.carry(digest, f"{source.host}/team/web", f"{target.host}/shop/web") == 2
        for suffix in (".sig", ".att"):
            tag = f"{digest.replace(':', '-')}{suffix}"
            assert target.manifests["shop/web", tag] == source.manifests["team/web", tag]
        blobs = {name: content for (_, name), content in target.blobs.items()}
        assert blobs.items() <= {name: content for (_, name), content in source.blobs.items()}.items()
        assert len(blobs) == 3, "a layer of each, and the configuration that they share"


def test_what_has_none_carries_none() -> None:
    with served() as source, served() as target:
        digest = attested(source, "team/web").rpartition("@")[2]
        assert carry.carry(digest, f"{source.host}/team/web", f"{target.host}/shop/web") == 0
        assert target.manifests == {}


def test_a_second_time_nothing_is_copied_again() -> None:
    with served() as source, served() as target:
        digest = attested(source, "web", ".sig").rpartition("@")[2]
        places = (f"{source.host}/web", f"{target.host}/web")
        carry.carry(digest, *places)
        before = (dict(target.manifests), dict(target.blobs))
        assert carry.carry(digest, *places) == 1
        assert (target.manifests, target.blobs) == before


def test_where_both_look_in_one_place_nobody_is_asked() -> None:
    with served() as registry:
        digest = attested(registry, "web", ".sig").rpartition("@")[2]
        asked = len(registry.asked)
        assert carry.carry(digest, f"{registry.host}/web", f"{registry.host}/web") == 0
        assert len(registry.asked) == asked


@pytest.mark.parametrize("shared", [False, True], ids=["beside-the-image", "in-a-repository-of-their-own"])
def test_a_promotion_takes_them_along(shared: bool, capsys: pytest.CaptureFixture[str]) -> None:
    with served() as source, served() as target:
        image = attested(source, "attestations" if shared else "team/web", ".sig", ".att")
        if shared:
            source.manifests |= {("team/web", name): one for (_, name), one in source.manifests.items()}
        digest = image.rpartition("@")[2]
        move = Move("web", f"{source.host}/team/web@{digest}", f"{target.host}/shop/web@{digest}")
        old = {"supplyChain": {"repository": f"{source.host}/attestations"}} if shared else {}
        promote._carry_attestations(move, old, {}, Output())
        tags = {tag for path, tag in target.manifests if path == "shop/web" and tag.startswith("sha256-")}
        assert tags == {f"{digest.replace(':', '-')}{suffix}" for suffix in (".sig", ".att")}
        assert f"web: its attestations are in {target.host}/shop/web." in capsys.readouterr().err


def test_a_tag_that_is_not_there_is_no_error() -> None:
    with served() as registry:
        assert oci.Registry(registry.host, "web").tagged("sha256-0.sig") is None
