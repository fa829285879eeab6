"""Images by their registry's own protocol: found by digest, copied whole, with a login where one is asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from delivery import logins, oci
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.logins import Credential
from tests.delivery.registries import PASSWORD, USER, Registry, served

NOWHERE = "127.0.0.1:1/team/web@sha256:" + "0" * 64


@pytest.fixture(autouse=True)
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty configuration of Docker's own."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    return tmp_path / "config.json"


def log_in(file: Path, *registries: Registry) -> None:
    entries = {one.host: {"auth": logins.Credential(USER, PASSWORD).basic.removeprefix("Basic ")} for one in registries}
    file.write_text(json.dumps({"auths": entries}))


def contents(registry: Registry, path: str) -> tuple[set[str], dict[str, bytes]]:
    """The digests of a repository's manifests, and its blobs."""
    found = {name for where, name in registry.manifests if where == path and name.startswith("sha256:")}
    return found, {name: content for (where, name), content in registry.blobs.items() if where == path}


@pytest.mark.parametrize("platforms", [1, 2], ids=["one-platform", "an-index"])
def test_an_image_is_copied_whole_and_as_it_is(platforms: int) -> None:
    with served() as source, served() as target:
        image = source.image("team/web", b"x" * 3_000_000, b"small", platforms=platforms)
        size = oci.copy(image, f"{target.host}/shop/web", "release-1")
        assert contents(target, "shop/web") == contents(source, "team/web")
        assert size == sum(len(content) for content in contents(source, "team/web")[1].values())
        digest = image.rpartition("@")[2]
        assert target.manifests["shop/web", "release-1"] == source.manifests["team/web", digest]
        assert oci.exists(f"{target.host}/shop/web@{digest}")


def test_what_is_there_already_is_not_copied_again() -> None:
    with served() as source, served() as target:
        image = source.image("web", b"layer")
        oci.copy(image, f"{target.host}/web", "release-1")
        asked = len([one for one in source.asked if "/blobs/" in one[1]])
        assert oci.copy(image, f"{target.host}/web", "release-1") == 0
        assert len([one for one in source.asked if "/blobs/" in one[1]]) == asked


@pytest.mark.parametrize("authentication", ["basic", "bearer"])
def test_the_login_of_docker_s_configuration_is_used(authentication: str, docker: Path) -> None:
    with served(authentication) as source, served(authentication) as target:
        log_in(docker, source, target)
        image = source.image("team/web", b"layer")
        oci.copy(image, f"{target.host}/shop/web", "release-1")
        assert contents(target, "shop/web") == contents(source, "team/web")
        if authentication == "bearer":
            assert set(source.scopes) == {"repository:team/web:pull"}, "no more than is needed"
            assert set(target.scopes) == {"repository:shop/web:pull,push"}


@pytest.mark.parametrize("authentication", ["basic", "bearer"])
def test_without_a_login_the_way_out_is_named(authentication: str) -> None:
    with served(authentication) as registry:
        image = registry.image("team/web", b"layer")
        with pytest.raises(DeliveryError) as refused:
            oci.exists(image)
        assert refused.value.code is Exit.BAD_INPUT
        assert refused.value.line == (
            f"The registry of {registry.host}/team/web does not let us read there (status 401). "
            f"`docker login {registry.host}`, or the login of the cloud's own tool."
        )


def test_an_image_that_is_gone_is_no_error_and_a_registry_that_is_gone_is_one() -> None:
    with served() as registry:
        assert not oci.exists(f"{registry.host}/team/web@sha256:{'0' * 64}")
    with pytest.raises(DeliveryError, match=r"The registry of 127\.0\.0\.1:1/team/web cannot be reached: .*refused"):
        oci.exists(NOWHERE)


def test_a_manifest_that_is_another_one_is_refused() -> None:
    with served() as source, served() as target:
        image = source.image("web", b"layer")
        digest = image.rpartition("@")[2]
        content, kind = source.manifests["web", digest]
        source.manifests["web", digest] = (content + b" ", kind)
        with pytest.raises(DeliveryError, match=f"{digest} is not what its digest says"):
            oci.copy(image, f"{target.host}/web", "release-1")
        assert target.manifests == {}


def test_a_blob_that_is_another_one_is_refused() -> None:
    with served() as source, served() as target:
        image = source.image("web", b"layer")
        source.broken = True
        with pytest.raises(DeliveryError, match="is not what its digest says"):
            oci.copy(image, f"{target.host}/web", "release-1")
        assert target.manifests == {}
        assert target.blobs == {}


@pytest.mark.parametrize("image", ["web@sha256:" + "0" * 64, "r.test/web:1", "r.test/web@sha256:12", "r.test/web"])
def test_only_a_reference_by_digest_is_one(image: str) -> None:
    with pytest.raises(ValueError, match="no reference of the form"):
        oci.Reference.of(image)


def test_a_password_is_not_shown() -> None:
    assert PASSWORD not in repr(Credential(USER, PASSWORD))


def test_amazon_s_registry_is_asked_for_a_login(monkeypatch: pytest.MonkeyPatch) -> None:
    from moto import mock_aws

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "simulated")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "simulated")
    with mock_aws():
        found = logins.find("123456789012.dkr.ecr.eu-central-1.amazonaws.com")
    assert found is not None
    assert found.user == "AWS"
    assert logins.find("registry.example.com") is None
