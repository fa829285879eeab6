"""Finds a Go that can compile what is pinned, or gets one through the module proxy.

Go's own toolchains are published as modules. An older ``go`` of the machine, or the distribution's
unpacked beside the sandbox, is enough to download the right one, checked against Go's checksums.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

from sandbox import paths
from sandbox.errors import SandboxError
from sandbox.toolchain import debian
from sandbox.toolchain.versions import GO_VERSION

_FIRST_WITH_GO_ENV = (1, 21)


def find() -> Path:
    """The path of a ``go`` that is at least ``GO_VERSION``.

    Raises:
        SandboxError: no Go on this machine, none in the distribution, or no module proxy.
    """
    machine = shutil.which("go")
    if machine and _version(Path(machine)) >= _numbers(GO_VERSION):
        return Path(machine)
    return pinned()


def pinned() -> Path:
    """The path of a ``go`` that is ``GO_VERSION`` exactly, whatever the machine has.

    Raises:
        SandboxError: no Go on this machine, none in the distribution, or no module proxy.
    """
    machine = shutil.which("go")
    if machine and _version(Path(machine)) == _numbers(GO_VERSION):
        return Path(machine)
    kept = paths.cache() / "go" / GO_VERSION / "bin" / "go"
    if kept.exists():
        return kept
    helper = Path(machine) if machine else _from_distribution()
    return _download(helper, kept)


def environment() -> dict[str, str]:
    """Variables of every Go command: caches inside ours, nothing linked against the machine."""
    cache = paths.cache()
    return {
        **os.environ,
        "CGO_ENABLED": "0",
        "GOFLAGS": "-mod=readonly -modcacherw -buildvcs=false",
        "GOMODCACHE": str(cache / "go-modules"),
        "GOCACHE": str(cache / "go-build"),
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }


def _version(go: Path) -> tuple[int, ...]:
    said = subprocess.run([str(go), "version"], capture_output=True, text=True, env=environment(), check=False).stdout
    found = re.search(r"go(\d+(?:\.\d+)*)", said)
    return _numbers(found.group(1)) if found else ()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _from_distribution() -> Path:
    root = debian.unpack(("golang-go", "golang-src", "golang-1.19-go", "golang-1.19-src"), "golang")
    found = sorted(root.glob("usr/lib/go-*/bin/go"))
    if not found:
        raise SandboxError(f"No Go compiler on this machine. Install Go {GO_VERSION} or newer and run again.")
    return found[-1]


def _download(helper: Path, target: Path) -> Path:
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    module = f"golang.org/toolchain@v0.0.1-go{GO_VERSION}.linux-{machine}"
    variables = {**environment(), "GOFLAGS": "-mod=mod -modcacherw"}
    if _version(helper) < _FIRST_WITH_GO_ENV:
        variables.pop("GOTOOLCHAIN")
    outcome = subprocess.run(
        [str(helper), "mod", "download", module],
        capture_output=True,
        text=True,
        env=variables,
        cwd=_empty_module(),
        check=False,
    )
    unpacked = Path(variables["GOMODCACHE"]) / module.replace("!", "")
    if outcome.returncode != 0 or not unpacked.is_dir():
        raise SandboxError(
            f"Go {GO_VERSION} is needed to compile the sandbox and could not be downloaded:\n"
            f"  {outcome.stderr.strip()}\nInstall Go {GO_VERSION} or newer, or let the Go module proxy be reached."
        )
    for program in [*unpacked.glob("bin/*"), *unpacked.glob("pkg/tool/*/*")]:
        program.chmod(0o755)
    target.parent.parent.parent.mkdir(parents=True, exist_ok=True)
    partial = target.parent.parent.with_name(f".{GO_VERSION}.{os.getpid()}")
    shutil.copytree(unpacked, partial, symlinks=True)
    partial.rename(target.parent.parent)
    return target


def _empty_module() -> Path:
    """``go mod download`` wants to stand in a module, which must not be one of ours."""
    directory = paths.cache() / "go-download"
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "go.mod").write_text("module caas.sandbox/download\n", encoding="utf-8")
    return directory
