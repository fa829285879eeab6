"""What caas tells the program beside its configuration: which release runs again."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime.config import set_all_config

from components import release, stack_config
from components.image import declared_image
from components.release import Pinned
from components.spec.service import Service
from tests.components.recorder import record
from tests.spec.wrong_case import SERVICE

IMAGE = "registry.example.org/hello@sha256:" + "a" * 64
BUILT = {**SERVICE, "build": {"context": "gone"}}
CONFIGURATION: dict[str, Any] = {"registry": {"address": "registry.example.org"}, "services": {"hello": BUILT}}


@pytest.fixture
def pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A release that is to run again."""
    file = tmp_path / "release.json"
    file.write_text(Pinned("release 3 of stack dev", CONFIGURATION, {"hello": IMAGE}).text())
    monkeypatch.setenv(release.RELEASE, str(file))
    return file


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack whose own configuration is another one."""
    monkeypatch.setattr(pulumi, "get_root_directory", lambda: str(tmp_path))
    monkeypatch.setattr(pulumi, "get_stack", lambda: "dev")
    monkeypatch.setattr(pulumi, "get_project", lambda: "caas")
    own = {"registry": {"address": "other.example.org"}, "services": {"other": SERVICE}, "secrets": {"token": "value"}}
    set_all_config({f"caas:{key}": json.dumps(value) for key, value in own.items()}, ["caas:secrets"])


def test_without_one_the_program_runs_what_it_describes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(release.RELEASE, raising=False)
    assert release.pinned() is None


@pytest.mark.parametrize("text", [None, "", "[]", '{"name": "x", "configuration": {}}', '{"images": 1}'])
def test_what_is_no_release_is_refused(text: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "release.json"
    if text is not None:
        file.write_text(text)
    monkeypatch.setenv(release.RELEASE, str(file))
    with pytest.raises(ValueError, match="CAAS_RELEASE must name a file with a release, as caas writes it"):
        release.pinned()


def test_its_configuration_stands_in_place_of_the_stack_s_and_the_secrets_stay(pinned: Path, engine: None) -> None:
    async def load() -> stack_config.StackConfig:
        return stack_config.load()

    found = asyncio.run(load())
    assert [one.name for one in found.environment.services] == ["hello"]
    assert found.environment.registry.address == "registry.example.org"
    assert set(found.secrets) == {"token"}


def test_what_the_present_program_refuses_of_it_is_told_of_the_release(
    pinned: Path, engine: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = {**CONFIGURATION, "services": {"hello": {**BUILT, "cpuu": 1}}}
    other = tmp_path / "wrong.json"
    other.write_text(Pinned("release 3 of stack dev", wrong, {}).text())
    monkeypatch.setenv(release.RELEASE, str(other))
    with pytest.raises(pulumi.RunError, match=r"release 3 of stack dev[\s\S]*cpuu"):
        stack_config.load()


def declared(spec: Service) -> Any:
    return record(
        lambda: pulumi.Output.from_input(
            declared_image(spec, repository="registry.example.org/hello", login=None, secrets={})
        )
    )


def test_its_image_runs_and_nothing_is_built(pinned: Path) -> None:
    recording = declared(Service.model_validate({**BUILT, "name": "hello"}, by_alias=True))
    assert recording.result == IMAGE
    assert recording.resources == []
