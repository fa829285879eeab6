"""What the delivery tests share on the cluster: a project of their own and questions to the API."""

from __future__ import annotations

import json
import secrets
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from delivery.observe import Snapshot, Target
from delivery.observe.kubernetes import KubernetesObserver
from tests import projects
from tests.cluster import hello
from tests.projects import Completed, Project


class Scene:
    """One stack of the sample service."""

    def __init__(self, project: Project, kubeconfig: str) -> None:
        self.project = project
        self.target = Target(f"caas-test-{project.stack}", "hello")
        self.host = hello.host(project.stack)
        self.kubeconfig = kubeconfig
        self._observer = KubernetesObserver(kubeconfig)

    def describe(self, service: Mapping[str, Any] | None = None, **settings: Any) -> None:
        """Write the configuration with this service (default: the good one) and these of the stack's settings."""
        self.project.write({"hello": service or hello.service()}, hello.settings(self.project.stack, **settings))

    def answer(self) -> dict[str, str]:
        """What it says through the ingress."""
        request = urllib.request.Request(f"{hello.INGRESS}/", headers={"Host": self.host})
        with urllib.request.urlopen(request, timeout=10) as answer:
            found: dict[str, str] = json.load(answer)
            return found

    def version(self) -> str:
        """The version that answers through the ingress."""
        return self.answer()["version"]

    def up(self, *arguments: str) -> Completed:
        """``caas up``, which must succeed."""
        done = self.project.caas("up", *arguments)
        assert done.code == 0, done.text
        return done

    def snapshot(self) -> Snapshot:
        """What runs."""
        return self._observer.snapshot(self.target)

    def objects(self, kind: str = "deployments", group: str = "apis/apps/v1") -> list[str]:
        """The names of the namespace's objects of a kind."""
        return sorted(item["metadata"]["name"] for item in self.found(kind, group))

    def found(self, kind: str, group: str) -> list[Mapping[str, Any]]:
        """The namespace's objects of a kind."""
        return list(self._observer._list(f"/{group}/namespaces/{self.target.namespace}/{kind}", {}))

    def namespace_exists(self) -> bool:
        """Is the stack's namespace there?"""
        return self._observer._find(f"/api/v1/namespaces/{self.target.namespace}") is not None


@contextmanager
def scene(directory: Path, variables: Mapping[str, str], name: str) -> Iterator[Scene]:
    """A scene that is destroyed at the end, whatever happened in it."""
    stack = f"{name}-{secrets.token_hex(2)}"
    kept = {k: v for k, v in variables.items() if k not in ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE")}
    project = projects.make(directory / stack, stack, **kept)
    made = Scene(project, variables["KUBECONFIG"])
    try:
        yield made
    finally:
        project.pulumi("cancel", "--yes")
        project.pulumi("refresh", "--yes", "--skip-preview", "--clear-pending-creates")
        destroyed = project.pulumi("destroy", "--yes", "--skip-preview")
    assert destroyed.code == 0 or "no stack named" in destroyed.text, destroyed.text
