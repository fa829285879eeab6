"""Each fault at each resource of a cloud's `up`, by the real engine: an error that names resource and cause, nothing
that exists and is not in the state, and a stack that the next runs bring to its end.

A run goes on beside what fails, so that the faults of all resources whose turn has come are met in one: as many runs
are needed as resources stand on top of each other. Each resource gets one of the faults, and which one is drawn anew
for each test run; ``CAAS_FAULT_SHIFT`` 0, 1 and 2 together give each resource each fault.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sandbox import toolchain
from sandbox.clouds import environment as clouds
from sandbox.clouds.core.world import World
from tests.sandbox.engine import Engine, project

pytestmark = [pytest.mark.engine, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[3]
MOST_RUNS = 40

WHOLE = """
    import sys
    sys.path.insert(0, {root!r})
    import pulumi
    from components import platform
    from tests.components.{cloud}.worlds import {names}

    described = {world}
    platform.declare(described, {{key: pulumi.Output.secret("hidden-word") for key in described.secret_keys}})
"""

OF_GOOGLE = """
    import sys
    sys.path.insert(0, {root!r})
    import pulumi
    from components.gcp.account import Account, AccountArgs
    from components.gcp.cluster import Cluster, ClusterArgs
    from components.gcp.network import Network, NetworkArgs
    from components.gcp.registry import ContainerRegistry, ContainerRegistryArgs
    from tests.components.gcp.worlds import environment

    described = environment(gcp={{"mode": "standard", "nodePools": {{"main": {{}}}}}}, stack="dev")
    inside = pulumi.ResourceOptions(providers=[Account("account", AccountArgs(environment=described)).provider])
    registry = ContainerRegistry("registry", ContainerRegistryArgs(environment=described), inside)
    network = Network("network", NetworkArgs(environment=described), inside)
    gke = Cluster("gke", ClusterArgs(environment=described, network=network), inside)
    registry.readable_by(gke.nodes)
"""
"""What runs in a cluster is Kubernetes', and not this cloud's to fail."""

PROGRAMS = {
    "aws": WHOLE.format(root=str(ROOT), cloud="aws", names="full", world='full("dev")'),
    "gcp": OF_GOOGLE.format(root=str(ROOT)),
    "azure": WHOLE.format(root=str(ROOT), cloud="azure", names="full", world='full("dev")'),
}
PACKAGES = {"aws": "aws:", "gcp": "gcp:", "azure": "azure-native:"}
CAUSES = {
    "aws": {"throttle": "ThrottlingException: Rate exceeded", "unavailable": "ServiceUnavailableException"},
    "gcp": {"throttle": "rateLimitExceeded", "unavailable": "backendError"},
    "azure": {"throttle": "TooManyRequests", "unavailable": "ServiceUnavailable"},
}
FAULTS = ("throttle", "unavailable", "half")


def resources(engine: Engine, package: str) -> list[tuple[str, str]]:
    """(type, name) of everything that a cloud is asked to make."""
    text = engine.must("preview", "--json", "--suppress-progress")
    steps = json.JSONDecoder().raw_decode(text, text.index("{"))[0]["steps"]
    made = [step["urn"].split("::")[-2:] for step in steps if step["op"] == "create"]
    found = [(kind.rpartition("$")[2], name) for kind, name in made]
    return [(kind, name) for kind, name in found if kind.startswith(package)]


def known(engine: Engine) -> set[str]:
    """Ids of everything in the state."""
    state = json.loads(engine.must("stack", "export"))["deployment"]
    return {one["id"] for one in state.get("resources") or () if one.get("id")}


def exists(file: Path) -> Mapping[str, dict[str, Any]]:
    """Everything that the cloud has: id -> record."""
    with World(file).open() as world:
        return {str(record["state"]["id"]): record for _, _, _, record in world.everything() if "id" in record["state"]}


@pytest.mark.parametrize("cloud", PROGRAMS)
def test_every_resource_survives_a_fault(cloud: str, tmp_path: Path) -> None:
    shift = int(os.environ.get("CAAS_FAULT_SHIFT", str(time.time_ns() % len(FAULTS))))
    print(f"CAAS_FAULT_SHIFT={shift}")
    given = {**os.environ, **toolchain.current((toolchain.ENGINE,)).environment()}
    found = clouds.variables([cloud], given)
    engine = project(tmp_path, PROGRAMS[cloud], CAAS_CLOUDS_DIR=str(tmp_path / "clouds"), **found)
    faults, file = tmp_path / "clouds" / f"{cloud}.faults.json", tmp_path / "clouds" / f"{cloud}.json"
    waiting = resources(engine, PACKAGES[cloud])
    assert len(waiting) >= 10
    drawn = {one: FAULTS[(at + shift) % len(FAULTS)] for at, one in enumerate(sorted(waiting))}
    rules = [
        {"type": kind, "name": name, "operation": "create", "fault": fault, "times": 1}
        for (kind, name), fault in drawn.items()
    ]
    faults.write_text(json.dumps(rules), encoding="utf-8")

    for _ in range(MOST_RUNS):
        done = engine.pulumi("up", "--yes", "--skip-preview", "--continue-on-error", limit=300)
        if done.code == 0:
            break
        assert "panic" not in done.text
        left = {(one["type"], one["name"]) for one in json.loads(faults.read_text()) if one["times"]}
        met = [one for one in waiting if one not in left]
        assert met, "a run that fails meets a fault"
        for kind, name in met:
            # `aws:kms/key:Key` is shown as `aws:kms:Key`.
            assert f"{re.sub('/[^:]+', '', kind)} ({name})" in done.text, "the error names its resource"
            # A half-made resource is reported in the words of one that is not to be had.
            fault = drawn[kind, name]
            assert CAUSES[cloud].get(fault, CAUSES[cloud]["unavailable"]) in done.text, "and its cause"
        assert set(exists(file)) <= known(engine), "something exists that the state does not know"
        waiting = [one for one in waiting if one in left]
    assert waiting == [], "every resource has had its fault"
    engine.must("preview", "--refresh", "--expect-no-changes")
    engine.must("destroy", "--yes", "--skip-preview")
    assert [one for one in exists(file).values() if "deleted" not in str(one["state"].get("id"))] == []
