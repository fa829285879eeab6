"""Stand-ins for public base images, made from what this machine has.

Where no public registry can be reached, a Dockerfile's FROM lines cannot be pulled. The sandbox's builder asks the
sandbox's registry first, under the public registry's own name (``127.0.0.1:15000/docker.io/library/golang``), so
an image that is pushed there is found without a change to the Dockerfile. A stand-in has what its public namesake
promises to a build or a program, not its every file.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.images.dockerfile import Base
from sandbox.images.layer import Entry, copy, directory, file, link, packed, tree
from sandbox.images.oci import Config, Image, push
from sandbox.toolchain import golang as toolchain_go

REACH_TIMEOUT = 3.0
"""Seconds after which a public registry counts as out of reach."""

DEBIAN_PYTHON = Path("/usr/bin/python3.11")
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
ZONES = Path("/usr/share/zoneinfo")
NONROOT = 65532
"""User and group of distroless' nonroot images."""

USERS = "root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n"
GROUPS = "root:x:0:\nnobody:x:65534:\ntty:x:5:\nstaff:x:50:\n"

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Workshop:
    """What stand-ins are made from, and where their layers are kept."""

    busybox: Path
    """A statically linked busybox: the shell and the tools of a build stage."""
    layers: Path
    """Directory for packed layers; they are made once."""


@dataclass(frozen=True)
class StandIn:
    """One public repository that can be stood in for."""

    repository: str
    tags: str
    """Regular expression for the tags that are meant."""
    shown: str
    """The same for people."""
    make: Callable[[str, Workshop], Image]
    """From a tag to the image."""


def supply(
    wanted: Iterable[Base], registry: str, workshop: Workshop, *, reachable: Callable[[str], bool] | None = None
) -> dict[str, str]:
    """Push a stand-in for each wanted image whose own registry cannot be reached; give references and digests.

    ``registry`` is host:port. Raises :class:`SandboxError` that names the Dockerfile and its line for an image that
    can neither be pulled nor made. An image that is there already is not pushed again.
    """
    answers: dict[str, bool] = {}
    supplied: dict[str, str] = {}
    for base in wanted:
        host = base.reference.partition("/")[0]
        if host == registry or base.reference in supplied:
            continue
        if host not in answers:
            answers[host] = (reachable or can_reach)(host)
        if not answers[host]:
            image = _find(base).make(base.reference.rpartition(":")[2], workshop)
            supplied[base.reference] = push(image, f"{registry}/{base.reference}")
    return supplied


def can_reach(host: str) -> bool:
    """Whether a registry answers here. What it answers is no matter: most ask for a login first."""
    address = "registry-1.docker.io" if host == "docker.io" else host
    try:
        with urllib.request.urlopen(f"https://{address}/v2/", timeout=REACH_TIMEOUT):
            return True
    except urllib.error.HTTPError as error:
        return error.code in (401, 403)
    except OSError:
        return False


def golang(tag: str, workshop: Workshop) -> Image:
    """The machine's own Go, with a shell and certificates, as a build stage needs it."""
    facts = _go_for(tag)
    version = facts["GOVERSION"].removeprefix("go").split()[0]
    goroot = tree(Path(facts["GOROOT"]), "/usr/local/go", skip=_unneeded_for_builds)
    environment = {
        "PATH": f"/go/bin:/usr/local/go/bin:{SYSTEM_PATH}",
        "GOPATH": "/go",
        "GOTOOLCHAIN": "local",
        # How modules are reached is a property of the machine that builds.
        **{name: facts[name] for name in ("GOPROXY", "GOSUMDB", "GONOSUMDB") if facts[name]},
    }
    layers = [
        packed(goroot, workshop.layers, f"go-{version}"),
        packed([*_shell(workshop.busybox), *_system(), directory("/go", 0o777)], workshop.layers, "shell"),
    ]
    return Image(layers, Config(environment=environment, directory="/go", command=["sh"]))


def _go_for(tag: str) -> dict[str, str]:
    """What ``go env`` says of a Go that fits the tag: this machine's, or else the pinned one."""
    asked = tag.partition("-")[0]
    seen = []
    for find in (lambda: shutil.which("go"), toolchain_go.pinned):
        if go := find():
            names = ("GOROOT", "GOVERSION", "GOPROXY", "GOSUMDB", "GONOSUMDB")
            said = subprocess.run([go, "env", "-json", *names], capture_output=True, check=True).stdout
            facts: dict[str, str] = json.loads(said)
            version = facts["GOVERSION"].removeprefix("go").split()[0]
            if not asked[:1].isdecimal() or f"{version}.".startswith(f"{asked}."):
                return facts
            seen.append(version)
    raise SandboxError(f"golang:{tag} cannot be stood in for: there is Go {' and '.join(dict.fromkeys(seen))} here")


def static(tag: str, workshop: Workshop) -> Image:
    """What a static binary needs at run time: certificates, time zones, users, a place for scratch files."""
    zones = [] if not ZONES.is_dir() else tree(ZONES, "/usr/share/zoneinfo", skip=_duplicate_zones)
    layer = packed([*_system(), *zones], workshop.layers, "static")
    user = str(NONROOT) if tag.endswith("nonroot") else "0"
    home = "/home/nonroot" if tag.endswith("nonroot") else "/"
    environment = {"PATH": SYSTEM_PATH, "SSL_CERT_FILE": str(CERTIFICATES)}
    return Image([layer], Config(environment=environment, user=user, directory=home))


def busybox(_tag: str, workshop: Workshop) -> Image:
    """A shell and its tools."""
    layer = packed([*_shell(workshop.busybox), *_system()], workshop.layers, "shell-only")
    return Image([layer], Config(environment={"PATH": SYSTEM_PATH}, command=["sh"]))


def python(tag: str, workshop: Workshop) -> Image:
    """Debian 12's own Python with its standard library, as distroless packs it: no shell, no installer."""
    program = DEBIAN_PYTHON
    if not program.is_file():
        raise SandboxError(
            f"{program} does not exist: only Debian 12's own Python stands in for distroless' python3.\n"
            f"Install it: `apt-get install {program.name}`."
        )
    library = Path("/usr/lib") / program.name
    modules = tree(library, str(library), skip=_unneeded_to_run)
    linked = _linked([program, *library.glob("lib-dynload/*.so")])
    entries = [
        copy(program, str(program), 0o755),
        link("/usr/bin/python3", program.name),
        *modules,
        *(copy(path.resolve(), str(path), 0o755) for path in linked),
    ]
    user = str(NONROOT) if tag.endswith("nonroot") else "0"
    return Image(
        [packed([*entries, *_system()], workshop.layers, program.name)],
        Config(
            environment={"PATH": SYSTEM_PATH, "SSL_CERT_FILE": str(CERTIFICATES)},
            user=user,
            directory="/",
            entrypoint=("/usr/bin/python3",),
        ),
    )


def _linked(programs: Iterable[Path]) -> list[Path]:
    """The shared libraries of programs, and what loads them, by the paths at which they are looked for."""
    found = set()
    for program in programs:
        said = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
        found |= {Path(path) for path in re.findall(r"(/\S+) \(0x", said)}
    return sorted(found)


def _unneeded_to_run(path: str) -> bool:
    parts = path.split(os.sep)
    return "__pycache__" in parts or "test" in parts or parts[0] in ("idlelib", "lib2to3", "tkinter", "turtledemo")


STAND_INS = (
    StandIn("docker.io/library/golang", r"(\d[\d.]*|latest)(-bookworm)?|bookworm", "[version][-bookworm]", golang),
    StandIn("docker.io/library/busybox", r"[\w.-]+", "any tag", busybox),
    StandIn("gcr.io/distroless/python3-debian12", r"(latest|nonroot)", "latest, nonroot", python),
    StandIn("gcr.io/distroless/static-debian12", r"(latest|nonroot)", "latest, nonroot", static),
    StandIn("gcr.io/distroless/static", r"(latest|nonroot)", "latest, nonroot", static),
)


def _find(base: Base) -> StandIn:
    repository, _, tag = base.reference.rpartition(":")
    if "@" not in base.reference:
        for known in STAND_INS:
            if known.repository == repository and re.fullmatch(known.tags, tag):
                return known
    choices = "; ".join(f"{known.repository} ({known.shown})" for known in STAND_INS)
    raise SandboxError(
        f"{base.file}, line {base.line}: {base.reference} cannot be pulled, because its registry is out of reach "
        f"from here, and there is no stand-in for it. Stand-ins: {choices}. Push the image to the sandbox's registry "
        "under a name of your own and name that in the Dockerfile, or build where the registry can be reached"
    )


def _shell(binary: Path) -> list[Entry]:
    """Busybox as /bin/sh and every other tool that it can be."""
    listed = subprocess.run([binary, "--list"], capture_output=True, text=True, check=True).stdout.split()
    return [
        copy(binary, "/bin/busybox", 0o755),
        *(link(f"/bin/{name}", "busybox") for name in listed if name != "busybox"),
        link("/usr/bin/env", "/bin/busybox"),
    ]


def _system() -> list[Entry]:
    """What both kinds of image have: users, certificates, temporary files."""
    if not CERTIFICATES.is_file():
        raise SandboxError(f"{CERTIFICATES} does not exist; install the package ca-certificates")
    nonroot = f"nonroot:x:{NONROOT}:{NONROOT}:nonroot:/home/nonroot:/sbin/nologin\n"
    return [
        file("/etc/passwd", USERS + nonroot),
        file("/etc/group", f"{GROUPS}nonroot:x:{NONROOT}:\n"),
        file("/etc/nsswitch.conf", "hosts: files dns\n"),
        copy(CERTIFICATES, str(CERTIFICATES), 0o644),
        directory("/tmp", 0o1777),  # noqa: S108 - a directory inside the image
        directory("/root", 0o700),
        directory("/home/nonroot", 0o700, user=NONROOT, group=NONROOT),
    ]


def _unneeded_for_builds(path: str) -> bool:
    parts = path.split(os.sep)
    return parts[0] in ("api", "doc", "misc", "test") or "testdata" in parts or path.endswith("_test.go")


def _duplicate_zones(path: str) -> bool:
    """The same zones again with other leap seconds."""
    return path.split(os.sep)[0] in ("posix", "right")
