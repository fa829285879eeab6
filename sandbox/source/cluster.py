"""The order in which the sandbox's cluster comes up, is repaired and goes down."""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sandbox import paths, ports, switches
from sandbox.driver import Endpoint, Status
from sandbox.errors import SandboxError
from sandbox.progress import Progress
from sandbox.source import (
    addons,
    buildkit,
    cgroups,
    containerd,
    control_plane,
    logs,
    monitoring,
    namespace,
    network,
    node,
    pki,
    registry,
)
from sandbox.source.api import Api
from sandbox.source.health import check_free
from sandbox.source.layout import Layout, Tools
from sandbox.source.processes import Daemon, Processes, trim, until
from sandbox.source.status import serving

_LOCK: Final = "\0caas-sandbox"
_LOCK_LIMIT: Final = 300.0
_ADDONS_LIMIT: Final = 120.0
PODS: Final = f"{cgroups.PARENT}/kubepods"
_PORTS: Final = {
    "etcd": (ports.LOOPBACK, ports.ETCD),
    "registry": (ports.LOOPBACK, ports.REGISTRY),
    "kube-apiserver": (ports.NODE_ADDRESS, ports.API),
    "kube-controller-manager": (ports.LOOPBACK, ports.CONTROLLER_MANAGER),
    "kube-scheduler": (ports.LOOPBACK, ports.SCHEDULER),
    "kubelet": (ports.LOOPBACK, ports.KUBELET_HEALTH),
    "kube-proxy": (ports.LOOPBACK, ports.PROXY_HEALTH),
}


class SourceDriver:
    """A Kubernetes of one node, from its own programs, inside one directory."""

    name = "source"

    def __init__(self, layout: Layout | None = None, tools: Tools | None = None) -> None:
        self._layout = layout or Layout(paths.home())
        self._given = tools
        self._processes = Processes(self._layout)

    def up(self, progress: Progress) -> Endpoint:
        """Bring the cluster up or repair it; see ``sandbox.driver.Driver``."""
        _require_root()
        with _alone():
            self._refuse_another()
            tools = self._given or _toolchain()
            if not self._layout.marker.exists():
                # What runs without its directory cannot be used any more.
                self._stop()
            network.check(tools)
            self._layout.create(self.name)
            with progress.shown():
                changed = _Start(self._layout, tools, self._processes, progress).run()
        return self._endpoint(changed)

    def endpoint(self) -> Endpoint:
        """How the cluster is reached; see ``sandbox.driver.Driver``."""
        if not self._processes.all():
            raise SandboxError("The sandbox is not running. Run `make up`.")
        return self._endpoint(changed=False)

    def _endpoint(self, changed: bool) -> Endpoint:
        return Endpoint(
            driver=self.name,
            kubeconfig=self._layout.kubeconfig,
            context="caas-sandbox",
            registry=f"{ports.LOOPBACK}:{ports.REGISTRY}",
            ingress=f"http://{ports.LOOPBACK}:{ports.INGRESS_HTTP}",
            builder=buildkit.environment(self._layout),
            elasticsearch=logs.url() if switches.monitoring() else None,
            watch=monitoring.WATCH if switches.monitoring() else None,
            alerts=monitoring.ALERTS if switches.monitoring() else None,
            changed=changed,
        )

    def down(self, progress: Progress) -> None:
        """Remove everything that is the sandbox's; see ``sandbox.driver.Driver``."""
        _require_root()
        with _alone(), progress.shown():
            step = progress.add("Stopping the cluster", 3)
            with progress.running(step):
                self._stop()
                self._remove_files()

    def stop(self, progress: Progress) -> None:
        """End every process and keep the directory; see ``sandbox.driver.Driver``."""
        _require_root()
        with _alone(), progress.shown(), progress.running(progress.add("Stopping the cluster", 3)):
            self._stop()

    def status(self) -> Status:
        """What runs; see ``sandbox.driver.Driver``."""
        from sandbox.source.status import status

        return status(self._layout, self._processes)

    def _stop(self) -> None:
        self._refuse_another()
        for identity in self._processes.all().values():
            identity.kill()
        cgroups.kill()
        network.remove(self._layout, self._given or _toolchain_if_there())
        cgroups.remove()
        namespace.remove(self._layout)

    def _remove_files(self) -> None:
        if self._layout.marker.exists():
            # The marker goes last, so that a removal that is killed can be done again.
            for entry in self._layout.home.iterdir():
                if entry != self._layout.marker:
                    shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
            shutil.rmtree(self._layout.home)

    def _refuse_another(self) -> None:
        """One sandbox per machine, for its ports and links are fixed; and each is ended by its own."""
        owner = cgroups.owner()
        if owner is not None and owner != self._layout.home:
            raise SandboxError(
                f"A sandbox runs on this machine whose directory is {owner}, not {self._layout.home}.\n"
                f"Use it, or end it: set CAAS_SANDBOX={owner}."
            )


class _Start:
    """One run of ``up``."""

    def __init__(self, layout: Layout, tools: Tools, processes: Processes, progress: Progress) -> None:
        self._layout = layout
        self._tools = tools
        self._processes = processes
        self._progress = progress
        self._groups: tuple[Path, ...] = ()
        self._enter: tuple[str, ...] = ()
        self._changed = False

    def run(self) -> bool:
        """Bring everything up; whether anything had to be done."""
        steps = [self._progress.add(*each) for each in _STEPS]
        actions = (self._prepare, self._base, self._control, self._node, self._addons)
        for step, action in zip(steps, actions, strict=True):
            with self._progress.running(step):
                action()
        return self._changed

    def _prepare(self) -> None:
        for log in self._layout.logs.glob("*.log"):
            trim(log)
        with ThreadPoolExecutor(max_workers=3) as pool:
            keys = pool.submit(pki.create, self._layout)
            images = pool.submit(addons.prepare, self._tools)
            network.create(self._layout)
            self._groups = cgroups.create()
            self._enter = namespace.enter(self._layout, self._processes, self._groups)
            keys.result()
            self._images = images.result()
        if switches.monitoring():
            self._images |= logs.prepare(self._tools)
        buildkit.create_instance(self._layout)

    def _base(self) -> None:
        sandbox_image = self._images["pause"].reference
        self._run(
            control_plane.etcd(self._layout, self._tools),
            registry.daemon(self._layout, self._tools),
            containerd.daemon(self._layout, self._tools, sandbox_image),
            buildkit.daemon(self._layout, self._tools),
        )

    def _control(self) -> None:
        with ThreadPoolExecutor(max_workers=1) as pool:
            pushed: Future[None] = pool.submit(self._push)
            self._run(control_plane.api_server(self._layout, self._tools))
            self._run(
                control_plane.controller_manager(self._layout, self._tools),
                control_plane.scheduler(self._layout, self._tools),
                node.kubelet(self._layout, self._tools),
                node.kube_proxy(self._layout, self._tools),
            )
            pushed.result()

    def _push(self) -> None:
        for image in self._images.values():
            image.push()

    def _node(self) -> None:
        api = Api(self._layout.kubeconfig)
        until(
            lambda: addons.node_ready(api, pki.NODE_NAME),
            60,
            lambda: f"The node is not ready after 60 s.\nLook into {self._processes.log('kubelet')}.",
        )

    def _addons(self) -> None:
        api = Api(self._layout.kubeconfig)
        served = not self._missing(api)
        if not cgroups.members(PODS):
            for port in (ports.INGRESS_HTTP, ports.INGRESS_HTTPS, ports.INGRESS_ADMIN):
                check_free(ports.LOOPBACK, port, "ingress")
            check_free(ports.LOOPBACK, ports.PROMETHEUS, "Prometheus")
            if switches.monitoring():
                check_free(ports.LOOPBACK, ports.ELASTICSEARCH, "Elasticsearch")
        addons.define_gateways(api, self._tools)
        if switches.monitoring():
            monitoring.define(api, self._tools)
        references = {name: image.reference for name, image in self._images.items()}
        for manifest in addons.manifests(references, addons.chosen()):
            api.apply(manifest)
        if switches.monitoring():
            for manifest in (*monitoring.manifests(), *logs.manifests(references)):
                api.apply(manifest)
        self._changed = self._changed or not served or bool(self._missing(api))
        until(lambda: not self._missing(api), _ADDONS_LIMIT, lambda: self._complain(self._missing(api)))

    def _missing(self, api: Api) -> list[str]:
        """The addons that do not serve."""
        found = {**serving(api, self._processes.started("kubelet")), "ingress": addons.ingress_answers()}
        return [name for name, well in found.items() if not well]

    def _complain(self, missing: list[str]) -> str:
        return (
            f"These parts of the cluster do not serve after {_ADDONS_LIMIT:.0f} s: {', '.join(missing)}.\n"
            f"Look at them with `kubectl --kubeconfig {self._layout.kubeconfig} get pods --all-namespaces`, "
            f"and into {self._processes.log('kubelet')}."
        )

    def _run(self, *daemons: Daemon) -> None:
        """Start what does not run, all at once, then wait until each is well."""
        for daemon in daemons:
            if daemon.name in _PORTS and self._processes.find(daemon.name) is None:
                check_free(*_PORTS[daemon.name], daemon.name)
            started = self._processes.ensure(daemon, self._groups, self._enter if daemon.isolated else ())
            self._changed = self._changed or started
        for daemon in daemons:
            self._processes.wait(daemon)


_STEPS: Final = (
    ("Keys, images, network", 3),
    ("etcd, registry, containerd, BuildKit", 3),
    ("Kubernetes", 12),
    ("Node", 5),
    ("DNS, metrics, ingress, Prometheus", 20),
)


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the machine's one sandbox; the kernel lets go of it with the process, however that ends.

    Raises:
        SandboxError: another process keeps it for five minutes.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as lock:
        deadline = time.monotonic() + _LOCK_LIMIT
        while True:
            try:
                lock.bind(_LOCK)
                break
            except OSError as error:
                if time.monotonic() > deadline:
                    raise SandboxError(
                        f"Another process has been starting or ending the sandbox for {_LOCK_LIMIT:.0f} s. "
                        "Wait for it, or end it."
                    ) from error
            time.sleep(0.1)
        yield


def _require_root() -> None:
    if os.geteuid() != 0:
        raise SandboxError(
            "The sandbox makes network links, mounts and control groups, and needs root for that.\n"
            "Run as root, or use kind or an existing cluster (CAAS_SANDBOX_DRIVER=kind or existing)."
        )


def _toolchain() -> Tools:
    from sandbox import toolchain

    return toolchain.ensure(toolchain.cluster_parts())


def _toolchain_if_there() -> Tools | None:
    from sandbox import toolchain

    try:
        return toolchain.current(toolchain.cluster_parts())
    except SandboxError:
        return None
