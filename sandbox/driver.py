"""The seam between "a cluster to run on" and the ways of having one.

What belongs here: the interface, what it hands over, and the choice. How a cluster is made belongs
to the drivers: ``existing``, ``kind`` and ``source``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from sandbox import paths
from sandbox.errors import SandboxError
from sandbox.progress import Progress

DRIVERS: Final = ("source", "kind", "existing")
VARIABLE: Final = "CAAS_SANDBOX_DRIVER"


@dataclass(frozen=True)
class Endpoint:
    """How the outside reaches a cluster that is up."""

    driver: str
    kubeconfig: Path
    context: str | None
    """None: the kubeconfig's current context."""

    registry: str | None
    """``host:port`` to push to, without a scheme; None: the user's own, from the stack's settings."""

    ingress: str | None
    """``http://host:port`` of the ingress; None: not known to the sandbox."""

    builder: Mapping[str, str]
    """Variables that choose the image builder; empty: Docker's own."""

    changed: bool
    """False: everything was already up and nothing was touched."""

    elasticsearch: str | None = None
    """URL of the Elasticsearch that keeps lines; None: there is none, or it is not known to the sandbox."""

    watch: str | None = None
    """URL of the Prometheus that works out the rules of what carries `release: sandbox`; None as before."""

    alerts: str | None = None
    """URL of the Alertmanager that hears of them; None as before."""


@dataclass(frozen=True)
class Part:
    """One line of the status: a program, or what stands in its place."""

    name: str
    running: bool
    detail: str
    """Version and address, or why it does not run."""


@dataclass(frozen=True)
class Status:
    """What runs."""

    driver: str
    up: bool
    """True: every part runs and answers."""

    parts: tuple[Part, ...]


class Driver(Protocol):
    """One way of having a cluster."""

    @property
    def name(self) -> str:
        """As in ``CAAS_SANDBOX_DRIVER``."""

    def up(self, progress: Progress) -> Endpoint:
        """Bring the cluster up, or repair it; nothing happens when it is up and well.

        Raises:
            SandboxError: it cannot; the message says why and what to do.
        """

    def endpoint(self) -> Endpoint:
        """How the cluster that ``up`` brought up is reached. Changes nothing.

        Raises:
            SandboxError: there is none.
        """

    def down(self, progress: Progress) -> None:
        """Remove all that ``up`` made and nothing else; a second call finds nothing to do.

        Raises:
            SandboxError: something that the sandbox made could not be removed.
        """

    def stop(self, progress: Progress) -> None:
        """End what runs and keep its data; the next ``up`` continues with it.

        Raises:
            SandboxError: something does not end.
        """

    def status(self) -> Status:
        """What runs now. Changes nothing."""


def choose(environment: Mapping[str, str] = os.environ) -> Driver:
    """The driver that the user asked for, or else the best that this machine has.

    A sandbox that was made stays its driver's. Otherwise kind is taken where a Docker daemon answers
    and ``kind`` is installed, and where not, the cluster is built from source.

    Raises:
        SandboxError: ``CAAS_SANDBOX_DRIVER`` names none of ``DRIVERS``.
    """
    asked = environment.get(VARIABLE, "").strip()
    if asked and asked not in DRIVERS:
        raise SandboxError(
            f"{VARIABLE}={asked!r} is not a driver of the sandbox.\n"
            f"It may be {', '.join(DRIVERS[:-1])} or {DRIVERS[-1]}; unset, the best for this machine is chosen."
        )
    name = asked or _made() or ("kind" if kind_usable() else "source")
    # Imported here: a driver's module loads what only that driver needs.
    if name == "existing":
        from sandbox.existing import ExistingDriver

        return ExistingDriver()
    if name == "kind":
        from sandbox.kind import KindDriver

        return KindDriver()
    from sandbox.source import SourceDriver

    return SourceDriver()


def _made() -> str | None:
    """The driver of the sandbox that the machine has already."""
    from sandbox.source.layout import Layout

    found = Layout(paths.home()).made_by()
    return found if found in DRIVERS else None


def kind_usable() -> bool:
    """Whether ``kind`` is installed and a Docker daemon answers within five seconds."""
    if shutil.which("kind") is None or shutil.which("docker") is None:
        return False
    try:
        answer = subprocess.run(
            ["docker", "version", "--format", "{{.Server.Version}}"], capture_output=True, timeout=5, check=False
        )
    except (subprocess.TimeoutExpired, OSError):
        return False
    return answer.returncode == 0 and bool(answer.stdout.strip())
