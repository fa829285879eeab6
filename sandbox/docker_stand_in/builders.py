"""Builder instances of buildx: one JSON file for each, which is all that a client needs to reach a daemon."""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox import paths

NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]*")
"""What buildx accepts as a builder's name."""

DRIVERS = ("docker-container", "remote")

CONNECT_TIMEOUT = 5.0
"""Seconds that the daemon may take to accept a connection."""


class BuilderError(Exception):
    """A builder that cannot be made. The text is for the user."""


def daemon() -> str:
    """Address of the sandbox's BuildKit daemon. ``CAAS_BUILDKIT``, or the running sandbox's socket."""
    return os.environ.get("CAAS_BUILDKIT") or f"unix://{paths.home()}/run/buildkitd.sock"


def directory() -> Path:
    """Where buildx keeps its instances, by its own rules."""
    if named := os.environ.get("BUILDX_CONFIG"):
        return Path(named) / "instances"
    docker = os.environ.get("DOCKER_CONFIG")
    return (Path(docker) if docker else Path.home() / ".docker") / "buildx" / "instances"


@dataclass(frozen=True)
class Builder:
    """A builder by its name, and where its daemon listens."""

    name: str
    endpoint: str
    platforms: tuple[str, ...]

    @staticmethod
    def of(inputs: Mapping[str, Any]) -> Builder:
        """What a resource's inputs ask for: their own daemon where they name one, the sandbox's otherwise."""
        remote = inputs.get("driver") == "remote"
        endpoint = inputs.get("endpoint") if remote else None
        return Builder(str(inputs["name"]), endpoint or daemon(), tuple(inputs.get("platforms") or ()))

    @property
    def file(self) -> Path:
        """The instance's file. buildx itself looks for lower case."""
        return directory() / self.name.lower()

    def document(self) -> dict[str, Any]:
        """The instance as buildx writes it."""
        platforms = [dict(zip(("os", "architecture", "variant"), it.split("/"), strict=False)) for it in self.platforms]
        node = {"Name": f"{self.name}0", "Endpoint": self.endpoint, "Platforms": platforms or None}
        return {
            "Name": self.name,
            "Driver": "remote",
            "Nodes": [{**node, "DriverOpts": None, "Flags": None, "Files": None}],
            "Dynamic": False,
        }

    def create(self, *, bootstrap: bool) -> None:
        """Write the instance. One that is there already with the same content is adopted: its maker was killed."""
        if bootstrap:
            self._reach()
        if self.exists():
            if json.loads(self.file.read_text()) == self.document():
                return
            raise BuilderError(
                f"existing instance for {self.name!r} but no append mode: {self.file} leads elsewhere; choose another "
                f"name, or remove it with `docker buildx rm {self.name}` or by deleting the file"
            )
        self.file.parent.mkdir(parents=True, exist_ok=True)
        partial = self.file.with_name(f".{self.file.name}.{os.getpid()}")
        partial.write_text(json.dumps(self.document()))
        partial.replace(self.file)

    def exists(self) -> bool:
        """Whether buildx would find it."""
        return self.file.is_file()

    def delete(self) -> None:
        """Remove the instance; the daemon stays, because others use it."""
        self.file.unlink(missing_ok=True)

    def _reach(self) -> None:
        scheme, _, address = self.endpoint.partition("://")
        if scheme != "unix":
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(CONNECT_TIMEOUT)
            try:
                probe.connect(address)
            except OSError as error:
                raise BuilderError(
                    f"the builder {self.name!r} cannot boot: no BuildKit daemon answers at {self.endpoint} "
                    f"({error.strerror or error}); start the sandbox with `make up`"
                ) from error


def refused(inputs: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the SDK's types allow and this stand-in cannot do, by property."""
    found = []
    name, driver = inputs.get("name"), inputs.get("driver")
    if isinstance(name, str) and not NAME.fullmatch(name):
        found.append(("name", f"invalid builder name {name!r}: letters, digits, '.', '_' and '-', a letter first"))
    if driver and driver not in DRIVERS:
        found.append(("driver", f"the sandbox has no driver {driver!r}; it has {', '.join(DRIVERS)}"))
    for option in ("use", "append"):
        if inputs.get(option):
            found.append((option, f"the sandbox cannot do {option!r}; name the builder where it is needed"))
    blocks = [block for block in ("dockerContainer", "kubernetes", "remote") if inputs.get(block)]
    if len(blocks) > 1:
        found.append((blocks[1], f"conflicts with {blocks[0]}: a builder has one driver"))
    if "kubernetes" in blocks:
        found.append(("kubernetes", "the sandbox builds with one daemon of its own, not in the cluster"))
    return found
