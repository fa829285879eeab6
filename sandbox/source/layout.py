"""Where each file of a running sandbox lies, and which programs it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from sandbox import paths
from sandbox.errors import SandboxError

MARKER: Final = ".caas-sandbox"
"""A file that says a directory is a sandbox's: without it nothing is removed."""

LONGEST_SOCKET: Final = 107
"""Linux cuts the path of a Unix socket there."""

HIDDEN: Final = ("/run", "/var/run", "/var/log")
"""Directories that the sandbox's mount namespace covers with its own."""


class Tools(Protocol):
    """Programs that the cluster is made of; ``sandbox.toolchain`` builds them."""

    def tool(self, name: str) -> Path:
        """The path of a program.

        Raises:
            SandboxError: it is not there and cannot be made.
        """


@dataclass(frozen=True)
class Layout:
    """The directories of one sandbox."""

    home: Path

    @property
    def kubeconfig(self) -> Path:
        """The administrator's."""
        return self.home / "kubeconfig"

    @property
    def marker(self) -> Path:
        """Says that ``home`` is ours."""
        return self.home / MARKER

    @property
    def keys(self) -> Path:
        """Certificates, keys and the components' kubeconfigs."""
        return self.home / "pki"

    @property
    def logs(self) -> Path:
        """One file per program."""
        return self.home / "logs"

    @property
    def run(self) -> Path:
        """Sockets and records of processes."""
        return self.home / "run"

    @property
    def state(self) -> Path:
        """What was found on the machine and has to be put back."""
        return self.home / "state"

    @property
    def bin(self) -> Path:
        """The PATH of the programs that look others up by name."""
        return self.home / "bin"

    @property
    def containerd_socket(self) -> Path:
        """The container runtime's."""
        return self.run / "containerd.sock"

    @property
    def buildkit_socket(self) -> Path:
        """The image builder's."""
        return self.run / "buildkitd.sock"

    @property
    def buildx(self) -> Path:
        """``BUILDX_CONFIG``."""
        return self.home / "buildx"

    def made_by(self) -> str | None:
        """The driver whose sandbox this directory is; None when it is none's."""
        return self.marker.read_text(encoding="utf-8").split(maxsplit=1)[0] if self.marker.exists() else None

    def create(self, driver: str) -> None:
        """Make the directories for this driver; those with keys and data are closed to other users.

        Raises:
            SandboxError: the directory holds something else, or lies where it cannot work.
        """
        self.check()
        if self.home.exists() and any(self.home.iterdir()) and not self.marker.exists():
            raise SandboxError(
                f"{self.home} is not empty and is not a sandbox's.\nSet CAAS_SANDBOX to a directory of its own."
            )
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        write(self.marker, f"{driver} sandbox of caas; `make down` removes this directory\n")
        for directory in (self.keys, self.logs, self.run, self.state, self.bin):
            directory.mkdir(mode=0o700, exist_ok=True)

    def check(self) -> None:
        """Refuse a directory in which the cluster could not run.

        Raises:
            SandboxError: too long a path for sockets, or hidden from the containers' programs.
        """
        if len(str(self.containerd_socket)) + len(".ttrpc") > LONGEST_SOCKET:
            raise SandboxError(
                f"{self.home} is too long a path: sockets below it would exceed {LONGEST_SOCKET} characters.\n"
                "Set CAAS_SANDBOX to a shorter one."
            )
        for place in (self.home, paths.cache()):
            hidden = next((top for top in HIDDEN if place.resolve().is_relative_to(top)), None)
            if hidden:
                raise SandboxError(
                    f"{place} lies in {hidden}, which the sandbox hides from its containers.\n"
                    "Set CAAS_SANDBOX and CAAS_CACHE to directories elsewhere."
                )


def write(path: Path, text: str, mode: int = 0o600) -> Path:
    """Write a file whole or not at all, unless it already says so."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return path
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.touch(mode=mode)
    partial.write_text(text, encoding="utf-8")
    partial.chmod(mode)
    partial.rename(path)
    return path


def link(target: Path, place: Path) -> None:
    """A symbolic link that points at ``target`` now."""
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if place.is_symlink() and place.readlink() == target:
        return
    place.unlink(missing_ok=True)
    place.symlink_to(target)
