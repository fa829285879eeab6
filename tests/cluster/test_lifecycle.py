"""The same services through their life on every platform, by the real engine: made, given another image, another size
and other bounds, found changed by a hand, put right, and taken down to nothing.

``caas:services`` is the same text for all; the stack's file alone says where it runs.
"""

from __future__ import annotations

import json
import re
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client, config

from sandbox.clouds import environment as clouds
from sandbox.clouds.aws import tokens
from sandbox.clouds.aws.formats import ACCOUNT
from sandbox.clouds.azure import scaler
from sandbox.clouds.azure import tokens as azure
from sandbox.clouds.azure.instances import profile_of
from sandbox.clouds.core.world import GLOBAL, World
from tests import projects
from tests.cluster import hello, images
from tests.projects import Project

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

REGION = "eu-central-1"

SERVICES: dict[str, Any] = {
    "hello": {
        **hello.service(replicas=None),
        "health": {
            "readiness": {"path": "/healthz/ready", "interval": 5, "timeout": 2},
            "liveness": {"path": "/healthz/live", "interval": 5, "timeout": 2},
            "command": ["/hello", "healthcheck"],
        },
        "scaling": {"minimum": 1, "maximum": 4},
        "rollout": {"progressDeadline": 120, "drain": 2, "endpointLag": 2, "stopTimeout": 8},
    }
}
SERVICES["hello"].pop("replicas")


class Platform(ABC):
    """What a test has to know of one platform."""

    LARGER = 96
    """MiB of another size that the platform sells."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.overrides: dict[str, Any] = {}

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """The stack's file, without overrides."""

    @abstractmethod
    def image(self, number: int) -> dict[str, Any]:
        """The override with which the service runs its image of that number."""

    @abstractmethod
    def running(self) -> dict[str, Any]:
        """What the platform itself says of the service: image, memory, minimum."""

    @abstractmethod
    def tamper(self) -> None:
        """Change something by hand that the program declares."""

    @abstractmethod
    def gone(self) -> bool:
        """Whether nothing is left on the platform."""

    def apply(self, **changes: Any) -> None:
        """Lay changes over the service in the stack's file, and apply."""
        self.overrides |= changes
        self.project.write(SERVICES, {**self.settings(), "overrides": {"hello": self.overrides}})
        done = self.project.pulumi("up", "--yes", "--skip-preview")
        assert done.code == 0, done.text

    def verified(self) -> str:
        """What ``caas verify`` says, looking through the platform's own API."""
        done = self.project.caas("verify", "--timeout", "180")
        assert done.code == 0, done.text
        return done.text

    @abstractmethod
    def settle(self) -> None:
        """Wait for what the platform's autoscaler does after its bounds were changed."""

    def difference(self) -> str:
        """What the engine, having read the platform again, would do; nothing where all is as declared."""
        done = self.project.pulumi("preview", "--refresh", "--expect-no-changes", "--diff")
        assert done.code == 0 or "expected" in done.text, done.text
        return "" if done.code == 0 else done.text


class OnKubernetes(Platform):
    """The sandbox's real cluster."""

    def settings(self) -> dict[str, Any]:
        return hello.settings(self.project.stack)

    def image(self, number: int) -> dict[str, Any]:
        source = self.project.directory / "hello" / "release.go"
        source.write_text(f'package main\n\nfunc init() {{ println("release {number}") }}\n', encoding="utf-8")
        return {}

    def running(self) -> dict[str, Any]:
        (container,) = self._deployment().spec.template.spec.containers
        scaler = client.AutoscalingV2Api(self._client()).read_namespaced_horizontal_pod_autoscaler(
            "hello", self._namespace
        )
        memory = int(container.resources.limits["memory"].removesuffix("Mi"))
        return {"image": container.image, "memory": memory, "minimum": scaler.spec.min_replicas}

    def settle(self) -> None:
        self.verified()

    def tamper(self) -> None:
        client.PolicyV1Api(self._client()).delete_namespaced_pod_disruption_budget("hello", self._namespace)

    def gone(self) -> bool:
        found = client.CoreV1Api(self._client()).list_namespace(field_selector=f"metadata.name={self._namespace}")
        return not found.items

    @property
    def _namespace(self) -> str:
        return f"caas-test-{self.project.stack}"

    def _deployment(self) -> Any:
        return client.AppsV1Api(self._client()).read_namespaced_deployment("hello", self._namespace)

    def _client(self) -> client.ApiClient:
        settings = client.Configuration()
        kubeconfig = self.project.variables["KUBECONFIG"]
        config.load_kube_config(kubeconfig, client_configuration=settings, persist_config=False)
        return client.ApiClient(settings)


class OnGke(OnKubernetes):
    """A simulated GKE before the sandbox's real cluster. Images are built as ever and named by their digests: Google's
    registry is simulated too."""

    REGISTRY = "europe-west3-docker.pkg.dev/shop-1234/team"

    def settings(self) -> dict[str, Any]:
        office = {"office": "203.0.113.0/24"}
        return {
            **super().settings(),
            "platform": "gke",
            "registry": {"address": self.REGISTRY},
            "gcp": {"project": "shop-1234", "region": "europe-west3", "authorizedNetworks": office},
        }

    def image(self, number: int) -> dict[str, Any]:
        return {"image": images.built(self.project.directory / "builder", self.project.environment, number)}

    def gone(self) -> bool:
        with World(self.project.directory / "clouds" / "gcp.json").open() as world:
            return super().gone() and list(world.everything()) == []


class OnAws(Platform):
    """The simulated AWS."""

    REGISTRY = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/team"

    def settings(self) -> dict[str, Any]:
        aws = {"region": REGION, "zones": [f"{REGION}a", f"{REGION}b"]}
        return {
            "platform": "aws-ecs",
            "tier": "dev",
            "registry": {"address": self.REGISTRY},
            "aws": aws,
            "domain": "example.com",
        }

    def image(self, number: int) -> dict[str, Any]:
        return {"image": f"{self.REGISTRY}/hello@sha256:{number:064x}"}

    def verified(self) -> str:
        simulated = [sys.executable, "-m", "sandbox.clouds.run", "aws", "--"]
        done = self.project.run([*simulated, *self.project.caas_command("verify")])
        assert done.code == 0, done.text
        return done.text

    def running(self) -> dict[str, Any]:
        with self._world.open() as world:
            service = _only(world, tokens.SERVICE)
            task = world.find(tokens.TASK_DEFINITION, REGION, "arn", service["taskDefinition"])
            target = _only(world, "aws:appautoscaling/target:Target")
        assert task is not None
        (container,) = json.loads(task["state"]["containerDefinitions"])
        minimum = int(target["minCapacity"])
        return {"image": container["image"], "memory": container["memory"], "minimum": minimum}

    def settle(self) -> None:
        """The simulation moves no count by itself."""

    def tamper(self) -> None:
        with self._world.open() as world:
            ((id_, record),) = world.all(tokens.SERVICE, REGION).items()
            changed = {**record["state"], "deploymentMaximumPercent": 150.0}
            world.put(tokens.SERVICE, REGION, id_, {**record, "state": changed})

    def gone(self) -> bool:
        with self._world.open() as world:
            return list(world.everything()) == []

    @property
    def _world(self) -> World:
        return World(self.project.directory / "clouds" / "aws.json")


class OnAzure(Platform):
    """The simulated Azure."""

    REGISTRY = "shopteam.azurecr.io"
    LARGER = 2048

    def settings(self) -> dict[str, Any]:
        where = {"subscription": "12345678-1234-9876-4563-123456789012", "location": "westeurope"}
        return {
            "platform": "azure-aci",
            "tier": "dev",
            "registry": {"address": self.REGISTRY},
            "azure": where,
            "domain": "example.com",
        }

    def image(self, number: int) -> dict[str, Any]:
        return {"image": f"{self.REGISTRY}/hello@sha256:{number:064x}"}

    def verified(self) -> str:
        simulated = [sys.executable, "-m", "sandbox.clouds.run", "azure", "--"]
        done = self.project.run([*simulated, *self.project.caas_command("verify")])
        assert done.code == 0, done.text
        return done.text

    def running(self) -> dict[str, Any]:
        with self._world.open() as world:
            group = _only(world, azure.NGROUP, GLOBAL)
            profile = world.find(azure.PROFILE, GLOBAL, "id", profile_of(group))
            bounds = _only(world, azure.WORKFLOW, GLOBAL)["definition"]["actions"]["count"]["inputs"]
        assert profile is not None
        (container,) = profile["state"]["containers"]
        memory = round(container["resources"]["requests"]["memoryInGB"] * 1024)
        minimum = re.search(r"max\((\d+), if", bounds)
        assert minimum is not None
        return {"image": container["image"], "memory": memory, "minimum": int(minimum[1])}

    def settle(self) -> None:
        """The scaler's clock."""
        scaler.tick(self._world)
        self.verified()

    def tamper(self) -> None:
        with self._world.open() as world:
            ((id_, record),) = world.all(azure.NGROUP, GLOBAL).items()
            profile = {"updateMode": "Manual"}
            changed = {**record["state"], "updateProfile": profile}
            world.put(azure.NGROUP, GLOBAL, id_, {**record, "state": changed})

    def gone(self) -> bool:
        with self._world.open() as world:
            return list(world.everything()) == []

    @property
    def _world(self) -> World:
        return World(self.project.directory / "clouds" / "azure.json")


def _only(world: World, token: str, region: str = REGION) -> dict[str, Any]:
    (record,) = world.all(token, region).values()
    return dict(record["state"])


PLATFORMS: dict[str, tuple[type[Platform], tuple[str, ...]]] = {
    "kubernetes": (OnKubernetes, ()),
    "aws-ecs": (OnAws, ("aws",)),
    "gke": (OnGke, ("gcp",)),
    "azure-aci": (OnAzure, ("azure",)),
}
"""Platform -> what knows it, and the clouds that are simulated for it."""


@contextmanager
def project(directory: Path, stack: str, variables: dict[str, str], simulated: tuple[str, ...]) -> Iterator[Project]:
    """A project that is destroyed at the end, whatever happened."""
    kept = {k: v for k, v in variables.items() if k not in ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE")}
    if simulated:
        kept |= clouds.variables(simulated, kept)
    made = projects.make(directory, stack, **kept, CAAS_CLOUDS_DIR=str(directory / "clouds"))
    made.write({}, {})
    assert made.pulumi("stack", "init").code == 0
    try:
        yield made
    finally:
        made.pulumi("destroy", "--yes", "--skip-preview")


@pytest.mark.parametrize("name", PLATFORMS)
def test_the_same_services_live_on_every_platform(name: str, tmp_path: Path, sandbox_variables: dict[str, str]) -> None:
    kind, simulated = PLATFORMS[name]
    # The stack names the namespace, and two of the platforms share one cluster.
    with project(tmp_path / "project", f"life-{name}", sandbox_variables, simulated) as made:
        platform = kind(made)
        platform.apply(**platform.image(1))
        first = platform.running()
        assert first["image"].rpartition("@")[2][:19] in platform.verified()
        assert platform.difference() == ""

        platform.apply(**platform.image(2))
        second = platform.running()
        assert second["image"] != first["image"]

        platform.apply(memory=platform.LARGER)
        assert platform.running() == {**second, "memory": platform.LARGER}

        platform.apply(scaling={"minimum": 2})
        assert platform.running() == {**second, "memory": platform.LARGER, "minimum": 2}
        platform.settle()
        assert platform.difference() == ""

        platform.tamper()
        assert platform.difference() != "", "what a hand has changed is found"
        done = made.pulumi("up", "--refresh", "--yes", "--skip-preview")
        assert done.code == 0, done.text
        assert platform.difference() == "", "and put right"

        done = made.pulumi("destroy", "--yes", "--skip-preview")
        assert done.code == 0, done.text
        assert made.state().get("resources", []) == []
        assert platform.gone()


def test_every_platform_has_its_life() -> None:
    from components.capabilities import PLATFORMS as TABLE

    assert set(PLATFORMS) == set(TABLE)
