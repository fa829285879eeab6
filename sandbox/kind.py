"""A cluster in containers, by ``kind``, where a Docker daemon runs and images can be pulled.

Beside it a registry in a container of its own; both answer where the source driver's do.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Final

from sandbox import paths, ports, toolchain
from sandbox.driver import Endpoint, Part, Status
from sandbox.errors import SandboxError
from sandbox.progress import Progress
from sandbox.source import addons
from sandbox.source.api import Api
from sandbox.source.layout import Layout
from sandbox.source.processes import until

CLUSTER: Final = "caas-sandbox"
REGISTRY: Final = "caas-sandbox-registry"
REGISTRY_IMAGE: Final = "docker.io/library/registry:2.8.3"
IMAGES: Final = {
    "metrics-server": "registry.k8s.io/metrics-server/metrics-server:v0.8.0",
    "traefik": "docker.io/library/traefik:v3.5.3",
    "prometheus": "docker.io/prom/prometheus:v3.6.0",
}
"""What kind does not bring; the same versions as the source driver's."""

_NODE: Final = f"{CLUSTER}-control-plane"
_HOSTS: Final = f"/etc/containerd/certs.d/{ports.LOOPBACK}:{ports.REGISTRY}"
_READY_SECONDS: Final = 180.0

CONFIG: Final = f"""kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
networking:
  apiServerAddress: {ports.LOOPBACK}
  apiServerPort: {ports.API}
containerdConfigPatches:
- |-
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "/etc/containerd/certs.d"
nodes:
- role: control-plane
  extraPortMappings:
  - {{containerPort: {ports.INGRESS_HTTP}, hostPort: {ports.INGRESS_HTTP}, listenAddress: {ports.LOOPBACK}}}
  - {{containerPort: {ports.INGRESS_HTTPS}, hostPort: {ports.INGRESS_HTTPS}, listenAddress: {ports.LOOPBACK}}}
  - {{containerPort: {ports.PROMETHEUS}, hostPort: {ports.PROMETHEUS}, listenAddress: {ports.LOOPBACK}}}
"""


class KindDriver:
    """A kind cluster of one node and its registry."""

    name = "kind"

    def __init__(self, layout: Layout | None = None) -> None:
        self._layout = layout or Layout(paths.home())

    def up(self, progress: Progress) -> Endpoint:
        """Make the cluster, or start what is stopped of it; see ``sandbox.driver.Driver``."""
        for tool in ("docker", "kind"):
            if shutil.which(tool) is None:
                raise SandboxError(f"`{tool}` is not on the PATH. Install it, or unset CAAS_SANDBOX_DRIVER.")
        self._layout.create(self.name)
        with progress.shown():
            steps = [progress.add(*each) for each in (("Registry", 10), ("kind cluster", 60), ("Metrics, ingress", 40))]
            actions = (self._registry, self._cluster, self._addons)
            changed = []
            for step, action in zip(steps, actions, strict=True):
                with progress.running(step):
                    changed.append(action())
        return self._endpoint(any(changed))

    def endpoint(self) -> Endpoint:
        """How the cluster is reached; see ``sandbox.driver.Driver``."""
        if _state(_NODE) != "running":
            raise SandboxError("The sandbox is not running. Run `make up`.")
        return self._endpoint(changed=False)

    def down(self, progress: Progress) -> None:
        """Remove the cluster, the registry and the directory; see ``sandbox.driver.Driver``."""
        with progress.shown(), progress.running(progress.add("Removing the kind cluster", 5)):
            _run("kind", "delete", "cluster", "--name", CLUSTER, "--kubeconfig", str(self._layout.kubeconfig))
            if _state(REGISTRY) is not None:
                _run("docker", "rm", "--force", "--volumes", REGISTRY)
            if self._layout.marker.exists():
                shutil.rmtree(self._layout.home)

    def stop(self, progress: Progress) -> None:
        """Stop both containers; see ``sandbox.driver.Driver``."""
        with progress.shown(), progress.running(progress.add("Stopping the kind cluster", 5)):
            for name in (_NODE, REGISTRY):
                if _state(name) == "running":
                    _run("docker", "stop", name)

    def status(self) -> Status:
        """Which containers run; see ``sandbox.driver.Driver``."""
        states = {name: _state(name) for name in (_NODE, REGISTRY)}
        parts = tuple(Part(name, state == "running", state or "absent") for name, state in states.items())
        return Status(self.name, all(part.running for part in parts), parts)

    def _endpoint(self, changed: bool) -> Endpoint:
        return Endpoint(
            driver=self.name,
            kubeconfig=self._layout.kubeconfig,
            context=f"kind-{CLUSTER}",
            registry=f"{ports.LOOPBACK}:{ports.REGISTRY}",
            ingress=f"http://{ports.LOOPBACK}:{ports.INGRESS_HTTP}",
            builder={},
            changed=changed,
        )

    def _registry(self) -> bool:
        state = _state(REGISTRY)
        if state is None:
            publish = f"{ports.LOOPBACK}:{ports.REGISTRY}:5000"
            _run("docker", "run", "--detach", "--name", REGISTRY, "--publish", publish, REGISTRY_IMAGE)
        elif state != "running":
            _run("docker", "start", REGISTRY)
        return state != "running"

    def _cluster(self) -> bool:
        kubeconfig = str(self._layout.kubeconfig)
        made = CLUSTER not in _run("kind", "get", "clusters").split()
        stopped = not made and _state(_NODE) != "running"
        if made:
            arguments = ("--name", CLUSTER, "--config", "-", "--kubeconfig", kubeconfig, "--wait", "180s")
            _run("kind", "create", "cluster", *arguments, given=CONFIG)
        elif stopped:
            _run("docker", "start", _NODE)
        if not self._layout.kubeconfig.exists():
            _run("kind", "export", "kubeconfig", "--name", CLUSTER, "--kubeconfig", kubeconfig)
        self._layout.kubeconfig.chmod(0o600)
        if REGISTRY not in _run("docker", "network", "inspect", "kind"):
            _run("docker", "network", "connect", "kind", REGISTRY)
        _run("docker", "exec", _NODE, "mkdir", "-p", _HOSTS)
        hosts = f'[host."http://{REGISTRY}:5000"]\n'
        _run("docker", "exec", "--interactive", _NODE, "cp", "/dev/stdin", f"{_HOSTS}/hosts.toml", given=hosts)
        return made or stopped

    def _addons(self) -> bool:
        api = Api(self._layout.kubeconfig)
        names = tuple(IMAGES)

        def served() -> bool:
            return all(addons.ready(api, names).values()) and addons.ingress_answers()

        if served():
            return False
        addons.define_gateways(api, toolchain.current((toolchain.GATEWAY,)))
        trust = "--kubelet-insecure-tls"  # kind's kubelets sign their own certificates.
        for manifest in addons.manifests(IMAGES, names, listen="", kubelet_trust=trust):
            api.apply(manifest)
        until(
            served,
            _READY_SECONDS,
            lambda: (
                f"Metrics or ingress of the kind cluster do not serve after {_READY_SECONDS:.0f} s.\n"
                f"Look with `kubectl --kubeconfig {self._layout.kubeconfig} get pods --all-namespaces`."
            ),
        )
        return True


def _state(container: str) -> str | None:
    """The state of a container as Docker calls it; None when there is none."""
    listed = _run("docker", "ps", "--all", "--no-trunc", "--filter", f"name=^{container}$", "--format", "{{json .}}")
    lines = [json.loads(line) for line in listed.splitlines() if line]
    return str(lines[0]["State"]) if lines else None


def _run(*command: str, given: str | None = None) -> str:
    try:
        outcome = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise SandboxError(f"`{command[0]}` is not on the PATH. Install it, or unset CAAS_SANDBOX_DRIVER.") from error
    if outcome.returncode != 0:
        raise SandboxError(f"`{' '.join(command)}` failed:\n  " + outcome.stderr.strip().replace("\n", "\n  "))
    return outcome.stdout
