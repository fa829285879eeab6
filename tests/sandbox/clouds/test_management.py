"""``caas verify`` judges by Azure's own API what the real engine has made, and what Azure has stopped by itself."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from delivery import declared
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.observe.aci import AciObserver
from delivery.output import Output
from delivery.verify import Finding, verify
from sandbox import toolchain
from sandbox.clouds import environment as clouds
from sandbox.clouds.azure import tokens
from sandbox.clouds.azure.management import serving
from sandbox.clouds.core.world import GLOBAL, World
from tests.components.azure.worlds import SUBSCRIPTION
from tests.sandbox.engine import Engine, project

pytestmark = [pytest.mark.engine, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[3]
UP = ("up", "--yes", "--skip-preview")

PROGRAM = """
    import os
    import sys
    sys.path.insert(0, {root!r})
    import pulumi
    from components import platform
    from tests.components.azure.worlds import LOGS, REGISTRY, full, service

    image = f"{{REGISTRY}}/thing@sha256:" + os.environ["IMAGE"] * 64
    state = {{
        "url": "azblob://states/team?storage_account=shopstates",
        "key": "azurekeyvault://shop-keys.vault.azure.net/keys/states",
        "resourceGroup": "shop-states",
    }}
    pipeline = {{"system": "github", "repository": "team/shop", "state": state}}
    described = full("dev", {{"web": service(image=image)}}, pipeline, LOGS)
    values = {{key: pulumi.Output.secret("hidden-word") for key in described.secret_keys}}
    for name, value in platform.declare(described, values).items():
        pulumi.export(name, value)
"""


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    given = {**os.environ, **toolchain.current((toolchain.ENGINE,)).environment()}
    found = clouds.variables(["azure"], given)
    program = PROGRAM.format(root=str(ROOT))
    return project(tmp_path, program, CAAS_CLOUDS_DIR=str(tmp_path / "clouds"), IMAGE="a", **found)


@pytest.fixture
def observer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AciObserver]:
    with serving(World(tmp_path / "clouds" / "azure.json")) as variables:
        for name in clouds.AZURE_CREDENTIALS:
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        yield AciObserver(SUBSCRIPTION)


def proven(engine: Engine, observer: AciObserver) -> tuple[Finding, ...]:
    outputs: dict[str, Any] = json.loads(engine.must("stack", "output", "--json"))
    return verify(declared.parse(outputs, "dev"), observer, Output(), timeout=5)


def test_what_runs_is_what_was_declared(tmp_path: Path, engine: Engine, observer: AciObserver) -> None:
    assert "to create" in engine.must("preview")
    engine.must(*UP)
    assert "hidden-word" not in engine.must("stack", "export")
    with World(tmp_path / "clouds" / "azure.json").open() as world:
        (carrier,) = world.all(tokens.CONTAINERS, GLOBAL).values()
        roles = [one["state"] for one in world.all(tokens.ASSIGNMENT, GLOBAL).values()]
        (logs,) = world.all(tokens.WORKSPACE, GLOBAL)
    assert carrier["state"]["name"] == "caas-dev-log-forwarder"
    assert ["ContainerInstanceLog_CL" in one["condition"] for one in roles if one["scope"] == logs] == [True]
    findings = {one.service.name: one.document() for one in proven(engine, observer)}
    assert findings["web"]["state"] == findings["api"]["state"] == "proven"
    assert findings["web"]["instances"] == {"desired": 3, "ready": 3, "minimum": 3, "maximum": 6}
    engine.must("preview", "--refresh", "--expect-no-changes")

    engine.variables["IMAGE"] = "b"
    engine.must(*UP)
    (web,) = (one.document() for one in proven(engine, observer) if one.service.name == "web")
    assert web["running"] == ["shopteam.azurecr.io/thing@sha256:" + "b" * 64]
    with World(tmp_path / "clouds" / "azure.json").open() as world:
        left = [one["state"]["name"] for one in world.all(tokens.PROFILE, GLOBAL).values()]
    assert len(left) == 2, "the profile of the release before is gone"

    engine.must("destroy", "--yes", "--skip-preview")
    with World(tmp_path / "clouds" / "azure.json").open() as world:
        assert list(world.everything()) == []


def test_an_update_that_azure_has_stopped_is_a_failure_with_its_words(
    tmp_path: Path, engine: Engine, observer: AciObserver
) -> None:
    engine.must(*UP)
    rule = {"type": tokens.NGROUP, "operation": "update", "name": "web-group", "fault": "rollback", "times": 1}
    (tmp_path / "clouds" / "azure.faults.json").write_text(json.dumps([rule]), encoding="utf-8")
    engine.variables["IMAGE"] = "b"
    stopped = engine.pulumi(*UP)
    assert stopped.code != 0
    assert "RollingUpdateFailed" in stopped.text
    assert "web-group" in stopped.text

    with pytest.raises(DeliveryError) as failed:
        proven(engine, observer)
    assert failed.value.code is Exit.DEPLOYMENT_FAILED
    said = "\n".join(failed.value.details)
    assert "the rolling update was stopped" in said
    assert "CrashLoopBackOff" in said
    assert "BackOff: Back-off restarting failed container" in said, "the instance's own events"

    engine.variables["IMAGE"] = "c"
    engine.must(*UP)
    assert {one.document()["state"] for one in proven(engine, observer)} == {"proven"}
    engine.must("preview", "--refresh", "--expect-no-changes")
