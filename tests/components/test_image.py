"""From a Dockerfile to a digest reference: the build's inputs, and the content hash that names it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components import compared
from components.context import content_hash
from components.image import NO_DIGEST, ContainerImage, ContainerImageArgs
from components.registry import ContainerRegistry, ContainerRegistryArgs, Login
from components.spec.environment import Registry
from components.spec.service import Build
from tests.components.recorder import DIGEST, IMAGE, UNKNOWN, Recording, record
from tests.components.worlds import GIVEN

BUILDER = "docker:index/buildxBuilder:BuildxBuilder"
REPOSITORY = "registry.example.com/team/web"
MARKER = "marker-31c7"


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """A project directory with one build context, `app`."""
    app = tmp_path / "app"
    (app / "src").mkdir(parents=True)
    (app / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    (app / "src" / "main.py").write_text("print('hello')\n", encoding="utf-8")
    (app / "notes.txt").write_text("not part of it\n", encoding="utf-8")
    (app / ".dockerignore").write_text("# what is left out\n*.txt\n", encoding="utf-8")
    return tmp_path


def built(
    directory: Path, build: Build, *, preview: bool = False, more: Callable[[], dict[str, Any]] = dict
) -> Recording:
    """Declare an image; ``more`` makes further arguments, Outputs among them, once the program runs."""

    def program() -> pulumi.Output[str]:
        args = ContainerImageArgs(build=build, repository=REPOSITORY, directory=directory, **more())
        return ContainerImage("web", args).reference

    return record(program, preview=preview)


def test_a_build_is_pushed_and_referred_to_by_digest(context: Path) -> None:
    recording = built(context, Build(context="app"))
    image = recording.one(IMAGE)
    assert recording.result == f"{REPOSITORY}@{DIGEST}"
    assert image.name == "web-image"
    assert image.inputs["push"] is True
    assert image.inputs["buildOnPreview"] is False
    assert image.inputs["tags"] == [f"{REPOSITORY}:{content_hash(Build(context='app'), context)}"]
    assert image.inputs["cacheTo"] == [{"inline": {}}]
    assert recording.of(BUILDER) == []


def test_a_preview_knows_no_digest(context: Path) -> None:
    recording = built(context, Build(context="app"), preview=True)
    component = recording.one("caas:image:ContainerImage")
    assert recording.outputs[component.urn] == {"reference": UNKNOWN}


@pytest.mark.parametrize(("preview", "digest"), [(True, NO_DIGEST), (False, DIGEST)])
def test_a_preview_that_is_compared_knows_a_stand_in_and_an_update_never_does(
    context: Path, preview: bool, digest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(compared.VARIABLE, "1")
    assert built(context, Build(context="app"), preview=preview).result == f"{REPOSITORY}@{digest}"


def test_everything_that_a_build_may_say(context: Path) -> None:
    build = Build(
        context="app",
        target="final",
        args={"VERSION": "7"},
        platforms=("linux/amd64", "linux/arm64"),
        cache_from=(f"{REPOSITORY}:cache",),
        cache_to=f"{REPOSITORY}:cache",
        secrets={"npm": "npmToken"},
        build_on_preview=True,
    )

    def more() -> dict[str, Any]:
        login = Login(address="registry.example.com", username="robot", password=pulumi.Output.secret("pw"))
        return {"login": login, "secrets": {"npmToken": pulumi.Output.from_input(MARKER)}}

    image = built(context, build, more=more).one(IMAGE)
    assert image.inputs["target"] == "final"
    assert image.inputs["buildArgs"] == {"VERSION": "7"}
    assert image.inputs["platforms"] == ["linux/amd64", "linux/arm64"]
    assert image.inputs["cacheFrom"] == [{"registry": {"ref": f"{REPOSITORY}:cache"}}]
    assert image.inputs["cacheTo"] == [{"registry": {"ref": f"{REPOSITORY}:cache", "mode": "max"}}]
    assert image.inputs["secrets"] == {"npm": MARKER}
    assert any(path.startswith("secrets") for path in image.secret_paths)
    assert image.inputs["registries"][0]["username"] == "robot"
    assert any(path.startswith("registries") for path in image.secret_paths)
    assert image.inputs["buildOnPreview"] is True


def test_a_dedicated_builder_is_declared_and_used(context: Path) -> None:
    recording = built(context, Build(context="app", dedicated_builder=True))
    builder = recording.one(BUILDER)
    assert builder.name == "web-builder"
    assert recording.one(IMAGE).inputs["builder"] == {"name": builder.inputs["name"]}
    assert builder.parent == recording.one(IMAGE).parent


def test_a_digest_builds_nothing() -> None:
    recording = record(lambda: ContainerImage("web", ContainerImageArgs(digest=GIVEN)).reference)
    assert recording.result == GIVEN
    assert [one.type for one in recording.resources] == ["caas:image:ContainerImage"]


@pytest.mark.parametrize("both", [True, False])
def test_build_and_digest_exclude_each_other(both: bool) -> None:
    args = ContainerImageArgs(build=Build(context="app"), digest=GIVEN) if both else ContainerImageArgs()
    with pytest.raises(ValueError, match="image web: give exactly one of build and digest"):
        record(lambda: ContainerImage("web", args).reference)


def test_a_build_secret_without_a_value_names_its_key(context: Path) -> None:
    with pytest.raises(ValueError, match="no value for build secret npmToken"):
        built(context, Build(context="app", secrets={"npm": "npmToken"}))


def test_the_tag_follows_the_content_and_nothing_else(context: Path) -> None:
    build, app = Build(context="app"), context / "app"
    before = content_hash(build, context)
    os.utime(app / "src" / "main.py", (1, 1))
    (app / "notes.txt").write_text("ignored", encoding="utf-8")
    assert content_hash(build, context) == before
    assert content_hash(Build(context="app"), context.parent / context.name) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda app: (app / "src" / "main.py").write_text("print('changed')\n", encoding="utf-8"),
        lambda app: (app / "src" / "main.py").rename(app / "src" / "other.py"),
        lambda app: (app / "src" / "main.py").chmod(0o755),
        lambda app: (app / "src" / "link").symlink_to("main.py"),
        lambda app: (app / "empty").mkdir(),
        lambda app: (app / "Dockerfile").write_text("FROM scratch\nUSER 10001\n", encoding="utf-8"),
        lambda app: (app / ".dockerignore").unlink(),
    ],
    ids=["content", "name", "permission", "link", "directory", "dockerfile", "ignore"],
)
def test_every_change_of_the_content_changes_the_tag(context: Path, change: Any) -> None:
    before = content_hash(Build(context="app"), context)
    change(context / "app")
    assert content_hash(Build(context="app"), context) != before


@pytest.mark.parametrize(
    "other",
    [
        Build(context="app", target="final"),
        Build(context="app", args={"A": "1"}),
        Build(context="app", platforms=("linux/arm64",)),
        Build(context="app", secrets={"npm": "npmToken"}),
    ],
    ids=["target", "args", "platforms", "secrets"],
)
def test_every_setting_of_the_build_changes_the_tag(context: Path, other: Build) -> None:
    assert content_hash(other, context) != content_hash(Build(context="app"), context)


@pytest.mark.parametrize("other", [Build(context="none"), Build(context="app", dockerfile="None")])
def test_a_missing_context_or_dockerfile_is_named(context: Path, other: Build) -> None:
    with pytest.raises(FileNotFoundError, match=r"none|None"):
        content_hash(other, context)


def test_a_plain_registry_creates_nothing() -> None:
    def program() -> str:
        registry = ContainerRegistry("registry", ContainerRegistryArgs(spec=Registry(address="r.example.com:5000/x")))
        assert registry.login is None
        return registry.repository("web")

    recording = record(program)
    assert recording.result == "r.example.com:5000/x/web"
    assert [one.type for one in recording.resources] == ["caas:registry:ContainerRegistry"]


def test_a_registry_user_needs_a_password() -> None:
    spec = Registry(address="r.example.com", username="robot", password="key")
    with pytest.raises(ValueError, match="username 'robot' has no password"):
        record(lambda: ContainerRegistry("registry", ContainerRegistryArgs(spec=spec)))
