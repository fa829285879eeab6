"""A cluster that the user has: nothing is made, and nothing is removed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException
from urllib3.exceptions import HTTPError

from sandbox.driver import Endpoint, Part, Status
from sandbox.errors import SandboxError
from sandbox.progress import Progress

_SECONDS = 10


class ExistingDriver:
    """The cluster of ``KUBECONFIG``, or of ``~/.kube/config``, in its current context."""

    name = "existing"

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._environment = environment

    def up(self, progress: Progress) -> Endpoint:
        """Check that the API answers; see ``sandbox.driver.Driver``."""
        with progress.shown(), progress.running(progress.add("Asking the cluster", 1)):
            self._version()
        return self.endpoint()

    def endpoint(self) -> Endpoint:
        """How the cluster is reached; registry and ingress are what the stack's settings say."""
        return Endpoint(
            driver=self.name,
            kubeconfig=self._kubeconfig(),
            context=None,
            registry=None,
            ingress=None,
            builder={},
            changed=False,
        )

    def down(self, progress: Progress) -> None:
        """Nothing was made, so nothing is removed."""

    def stop(self, progress: Progress) -> None:
        """Nothing was started, so nothing is stopped."""

    def status(self) -> Status:
        """Whether the API answers, and its version."""
        try:
            part = Part("cluster", True, f"Kubernetes {self._version()}, {self._kubeconfig()}")
        except SandboxError as error:
            part = Part("cluster", False, str(error).splitlines()[0])
        return Status(self.name, part.running, (part,))

    def _kubeconfig(self) -> Path:
        named = [Path(name) for name in self._environment.get("KUBECONFIG", "").split(os.pathsep) if name]
        candidates = named or [Path.home() / ".kube" / "config"]
        found = next((path for path in candidates if path.is_file()), None)
        if found is None:
            raise SandboxError(
                f"There is no kubeconfig at {', '.join(map(str, candidates))}.\n"
                "Set KUBECONFIG to the cluster's, or unset CAAS_SANDBOX_DRIVER to have a cluster made."
            )
        return found.absolute()

    def _version(self) -> str:
        kubeconfig = self._kubeconfig()
        settings = client.Configuration()
        # One answer is enough to know; the library would ask a dead cluster four times.
        settings.retries = False
        try:
            config.load_kube_config(config_file=str(kubeconfig), client_configuration=settings)
            api = client.VersionApi(client.ApiClient(settings))
            return str(api.get_code(_request_timeout=_SECONDS).git_version)
        except (ApiException, HTTPError, ConfigException, OSError) as error:
            raise SandboxError(
                f"The cluster of {kubeconfig} does not answer: {_first_line(error)}\n"
                "Try `kubectl version` with the same KUBECONFIG; its current context must be the cluster to use."
            ) from error


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
