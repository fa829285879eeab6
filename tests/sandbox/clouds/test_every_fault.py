"""Each fault at each resource of a cloud, while it is made, changed and taken away, by the real engine: an error that
names resource and cause, nothing that exists and is not in the state, and a stack that the next runs bring to its end.

A run goes on beside what fails, so that the faults of all resources whose turn has come are met in one: as many runs
are needed as resources stand on top of each other. Each resource gets one of the faults. Which one, and at which of
the operations, is drawn anew for each test run and printed. ``CAAS_FAULT_SHIFT`` names the draw, and then all
operations are gone through, or the one in ``CAAS_FAULT_OPERATION``; from 0 to 4 they give each resource each fault.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from sandbox import toolchain
from sandbox.clouds import environment as clouds
from sandbox.clouds.core.schema import Sdk
from sandbox.clouds.core.world import World
from sandbox.clouds.start import cloud as simulated
from tests.sandbox.engine import Answer, Engine, project

pytestmark = [pytest.mark.engine, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[3]
MOST_RUNS = 40

MARKS = "TRIAL_MARKS"
"""Variable of the programs: resource type -> a property and the mark that is laid there, so that it changes."""

MARKED = """
    import json
    import os

    marks = json.loads(os.environ.get("TRIAL_MARKS", "{}"))

    async def marked(args):
        if args.type_ not in marks:
            return None
        key, mark = marks[args.type_]
        if isinstance(mark, dict):
            mark = {**(args.props.get(key) or {}), **mark}
        return pulumi.ResourceTransformResult({**args.props, key: mark}, args.opts)

    if marks:
        pulumi.runtime.register_resource_transform(marked)
"""

WHOLE = """
    import sys
    sys.path.insert(0, {root!r})
    import pulumi
    from components import platform
    from tests.components.{cloud}.worlds import {names}
{marked}
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
{marked}
    described = environment(gcp={{"mode": "standard", "nodePools": {{"main": {{}}}}}}, stack="dev")
    inside = pulumi.ResourceOptions(providers=[Account("account", AccountArgs(environment=described)).provider])
    registry = ContainerRegistry("registry", ContainerRegistryArgs(environment=described), inside)
    network = Network("network", NetworkArgs(environment=described), inside)
    gke = Cluster("gke", ClusterArgs(environment=described, network=network), inside)
    registry.readable_by(gke.nodes)
"""
"""What runs in a cluster is Kubernetes', and not this cloud's to fail."""

PROGRAMS = {
    "aws": WHOLE.format(root=str(ROOT), marked=MARKED, cloud="aws", names="full", world='full("dev")'),
    "gcp": OF_GOOGLE.format(root=str(ROOT), marked=MARKED),
    "azure": WHOLE.format(root=str(ROOT), marked=MARKED, cloud="azure", names="full", world='full("dev")'),
}
PACKAGES = {"aws": "aws:", "gcp": "gcp:", "azure": "azure-native:"}
CAUSES = {
    "aws": {"throttle": "ThrottlingException: Rate exceeded", "rollback": "deployment circuit breaker"},
    "gcp": {"throttle": "rateLimitExceeded"},
    "azure": {"throttle": "TooManyRequests", "rollback": "the rolling update was stopped"},
}
UNAVAILABLE = {"aws": "ServiceUnavailableException", "gcp": "backendError", "azure": "ServiceUnavailable"}
"""What is half done is reported in the words of what is not to be had."""

FAULTS = ("throttle", "unavailable", "half", "slow")
DEPLOYED = (*FAULTS, "rollback")
"""Of what has a deployment that the platform may take back."""

HARMLESS = ("slow",)
OPERATIONS = ("create", "update", "delete")
MARKABLE: dict[str, Any] = {
    **{key: {"trial": "changed"} for key in ("tags", "labels", "resourceLabels")},
    "description": "changed",
    "ttl": 61,
    "mtu": 1500,
}
"""What the clouds let somebody change of a resource, and to what."""

Named = tuple[str, str]
"""(type, name) of a resource."""


@dataclass(frozen=True)
class Trial:
    """A cloud, a project on it, and which faults are drawn."""

    cloud: str
    engine: Engine
    directory: Path
    shift: int

    @property
    def file(self) -> Path:
        """The cloud's world."""
        return self.directory / f"{self.cloud}.json"

    @property
    def faults(self) -> Path:
        """The faults that are still to come."""
        return self.directory / f"{self.cloud}.faults.json"

    def draw(self, operation: str, resources: Iterable[Named]) -> dict[Named, str]:
        """A fault for each of the resources, and the file that makes them happen."""
        kinds = simulated(self.cloud, self.directory).definition.kinds
        drawn = {}
        for at, (kind, name) in enumerate(sorted(resources)):
            deployed = operation != "delete" and kinds[kind].rollback is not None
            choices = DEPLOYED if deployed else FAULTS
            drawn[kind, name] = choices[(at + self.shift) % len(choices)]
        common = {"operation": operation, "times": 1, "seconds": 0.5}
        rules = [{"type": kind, "name": name, "fault": fault, **common} for (kind, name), fault in drawn.items()]
        self.directory.mkdir(exist_ok=True)
        self.faults.write_text(json.dumps(rules), encoding="utf-8")
        return drawn

    def left(self) -> set[Named]:
        """Resources whose fault has not come yet."""
        return {(one["type"], one["name"]) for one in json.loads(self.faults.read_text()) if one["times"]}

    def survives(self, drawn: Mapping[Named, str], command: tuple[str, ...]) -> None:
        """Run a command until it ends well. Each run that fails says which resources suffered, and from what."""
        waiting = set(drawn)
        for _ in range(MOST_RUNS):
            done = self.engine.pulumi(*command, "--yes", "--skip-preview", "--continue-on-error", limit=300)
            met, waiting = waiting - self.left(), self.left()
            assert "panic" not in done.text
            self._told({one: drawn[one] for one in met}, done)
            assert set(exists(self.file)) <= known(self.engine), "something exists that the state does not know"
            if done.code == 0:
                break
            assert any(drawn[one] not in HARMLESS for one in met), f"a run that fails meets a fault\n{done.text}"
        assert done.code == 0, done.text
        assert waiting == set(), "every resource has had its fault"

    def _told(self, met: Mapping[Named, str], done: Answer) -> None:
        for (kind, name), fault in met.items():
            if fault in HARMLESS:
                continue
            assert done.code != 0, f"{fault} at {name} went by unsaid"
            # `aws:kms/key:Key` is shown as `aws:kms:Key`.
            assert f"{re.sub('/[^:]+', '', kind)} ({name})" in done.text, "the error names its resource"
            assert CAUSES[self.cloud].get(fault, UNAVAILABLE[self.cloud]) in done.text, "and its cause"


def steps(engine: Engine, package: str, operation: str) -> list[Named]:
    """Everything of a cloud that an `up` would make, or change."""
    text = engine.must("preview", "--json", "--suppress-progress")
    planned = json.JSONDecoder().raw_decode(text, text.index("{"))[0]["steps"]
    found = [step["urn"].split("::")[-2:] for step in planned if step["op"] == operation]
    return [(kind.rpartition("$")[2], name) for kind, name in found if kind.rpartition("$")[2].startswith(package)]


def stored(engine: Engine) -> list[dict[str, Any]]:
    """Everything in the state, read where the engine keeps it: asking the engine would take a second each time."""
    file = engine.directory / "state" / ".pulumi" / "stacks" / "trial" / "dev.json"
    latest = json.loads(file.read_text(encoding="utf-8"))["checkpoint"]["latest"]
    return list((latest or {}).get("resources") or ())


def known(engine: Engine) -> set[str]:
    """Ids of everything in the state."""
    return {one["id"] for one in stored(engine) if one.get("id")}


def exists(file: Path) -> Mapping[str, dict[str, Any]]:
    """Everything that the cloud has: id -> record."""
    with World(file).open() as world:
        return {str(record["state"]["id"]): record for _, _, _, record in world.everything() if "id" in record["state"]}


def markable(trial: Trial) -> dict[str, tuple[str, Any]]:
    """Resource type -> what changes it without a new resource; for types that have such a property."""
    definition = simulated(trial.cloud, trial.directory).definition
    package = find_spec(definition.package)
    assert package is not None
    assert package.origin is not None
    sdk, found = Sdk(Path(package.origin).parent), {}
    for token, kind in definition.kinds.items():
        possible = sdk.resource(token).inputs.properties
        changeable = [key for key in MARKABLE if key in possible and key not in kind.replaces]
        if changeable:
            found[token] = (changeable[0], MARKABLE[changeable[0]])
    return found


@pytest.mark.parametrize("cloud", PROGRAMS)
def test_every_resource_survives_a_fault(cloud: str, tmp_path: Path) -> None:
    seed = time.time_ns()
    given = os.environ.get("CAAS_FAULT_SHIFT")
    shift = int(given) if given is not None else seed % len(DEPLOYED)
    all_ = OPERATIONS if given is not None else (OPERATIONS[seed // 7 % len(OPERATIONS)],)
    operations = tuple(filter(None, [os.environ.get("CAAS_FAULT_OPERATION")])) or all_
    print(f"CAAS_FAULT_SHIFT={shift} CAAS_FAULT_OPERATION={','.join(operations)}")
    variables = clouds.variables([cloud], {**os.environ, **toolchain.current((toolchain.ENGINE,)).environment()})
    engine = project(tmp_path, PROGRAMS[cloud], CAAS_CLOUDS_DIR=str(tmp_path / "clouds"), **variables)
    trial = Trial(cloud, engine, tmp_path / "clouds", shift)
    package = PACKAGES[cloud]

    made = steps(engine, package, "create") if "create" in operations else []
    trial.survives(trial.draw("create", made), ("up",))
    if "update" in operations:
        engine.variables[MARKS] = json.dumps(markable(trial))
        changed = steps(engine, package, "update")
        assert len(changed) >= 5
        trial.survives(trial.draw("update", changed), ("up",))
    engine.must("preview", "--refresh", "--expect-no-changes")
    everything = [(one["type"], one["urn"].rpartition("::")[2]) for one in stored(engine) if one["custom"]]
    gone = [one for one in everything if one[0].startswith(package)] if "delete" in operations else []
    trial.survives(trial.draw("delete", gone), ("destroy",))
    assert [one for one in exists(trial.file).values() if "deleted" not in str(one["state"].get("id"))] == []
