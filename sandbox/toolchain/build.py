"""Compiles the pinned Go commands into the cache, each once per set of pins.

A build that is killed leaves nothing half done: a result appears under its final name only when it
is whole, and what the compiler had finished is not compiled again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections import deque
from dataclasses import replace
from pathlib import Path

from sandbox import paths
from sandbox.errors import SandboxError
from sandbox.progress import Step
from sandbox.toolchain import golang, patches
from sandbox.toolchain.versions import GO_MODULES, GO_VERSION, GoBuild

COMPILER_FLAGS = ("-trimpath", "-gcflags=all=-N -l")
"""Without optimisation compiling takes two thirds of the time, and a bare machine waits for it."""

OPTIMISED_FLAGS = ("-trimpath",)

LINKER_FLAGS = ("-s", "-w")

_TAIL = 30
"""Lines of the compiler's output that an error shows."""


def result(build: GoBuild) -> Path:
    """The directory that holds this build's binaries, whether they exist already or not."""
    return paths.cache() / "tools" / f"{build.name}-{_key(build)}"


def compile_commands(build: GoBuild, step: Step) -> Path:
    """Build what ``build`` names, unless the cache has it.

    Raises:
        SandboxError: a module cannot be fetched or does not compile.
    """
    final = result(build)
    if final.is_dir():
        return final
    go, variables = golang.find(), golang.environment()
    module = _lay_out(build, go, variables)
    step.detail = "fetching modules"
    packages = tuple(build.commands)
    total = len(_go([str(go), "list", "-deps", *packages], module, variables).splitlines()) if packages else 0
    final.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=final.parent, prefix=f".{build.name}-") as scratch:
        partial = Path(scratch, "bin")
        partial.mkdir()
        for index, (package, binary) in enumerate(build.commands.items()):
            linker = " ".join((*LINKER_FLAGS, *build.linker))
            command = [str(go), "build", "-v", *_flags(build), f"-ldflags={linker}", "-o", str(partial / binary)]
            _compile([*command, package], module, variables, step, total, last=index == len(packages) - 1)
        for copy in build.copies:
            dependency, _, path = copy.partition(":")
            shutil.copyfile(_source(go, dependency, module, variables) / path, partial / Path(path).name)
        for file in partial.iterdir():
            file.chmod(0o755)
        partial.rename(final)
    return final


def _compile(
    command: list[str], module: Path, variables: dict[str, str], step: Step, total: int, *, last: bool
) -> None:
    """Run the compiler and count the packages that it names. Several commands share most of theirs,
    so only the last one's end is the step's end."""
    compiled = round(step.fraction * total)
    tail: deque[str] = deque(maxlen=_TAIL)
    process = subprocess.Popen(
        command, cwd=module, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if process.stdout is None:
        raise RuntimeError("the compiler's output was not captured")
    try:
        for line in process.stdout:
            tail.append(line.rstrip())
            compiled += 1
            step.fraction = min(compiled / total, 0.99)
            step.detail = f"{min(compiled, total)} of {total} packages"
    except BaseException:
        process.terminate()
        raise
    finally:
        process.stdout.close()
        code = process.wait()
    if code != 0:
        raise SandboxError(f"{' '.join(command[1:2])} of {command[-1]} failed:\n  " + "\n  ".join(tail))
    if last:
        step.fraction = 1.0


def _lay_out(build: GoBuild, go: Path, variables: dict[str, str]) -> Path:
    """A working copy of our modules with what they take from their dependencies beside them."""
    root = paths.cache() / "work" / f"{build.name}-{_key(build)}"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(GO_MODULES, root)
    module = root / build.module
    for strip in build.strips:
        if strip != patches.LEGO:
            raise ValueError(f"no edited copy is defined for {strip}")
        # The copy replaces the original, so the original is asked for by a module without the replacement.
        patches.lego_without_dns(_original(go, strip, module, variables), root / "lego-without-dns")
    for embed in build.embeds:
        dependency, _, path = embed.partition(":")
        shutil.copyfile(_source(go, dependency, module, variables) / path, module / Path(path).name)
    return module


def _source(go: Path, dependency: str, module: Path, variables: dict[str, str]) -> Path:
    """The unpacked source of a dependency of ``module``, checked against its go.sum."""
    return Path(json.loads(_go([str(go), "mod", "download", "-json", dependency], module, variables))["Dir"])


def _original(go: Path, dependency: str, module: Path, variables: dict[str, str]) -> Path:
    version = _required(module / "go.mod", dependency)
    with tempfile.TemporaryDirectory(dir=module.parent) as scratch:
        Path(scratch, "go.mod").write_text(
            f"module caas.sandbox/original\n\ngo 1.24\n\nrequire {dependency} {version}\n", encoding="utf-8"
        )
        shutil.copyfile(module.parent / "originals.sum", Path(scratch, "go.sum"))
        return _source(go, dependency, Path(scratch), variables)


def _required(go_mod: Path, dependency: str) -> str:
    for line in go_mod.read_text(encoding="utf-8").splitlines():
        words = line.split()
        if words[:1] == [dependency]:
            return words[1]
    raise LookupError(f"{go_mod} does not require {dependency}")


def _go(command: list[str], module: Path, variables: dict[str, str]) -> str:
    outcome = subprocess.run(command, cwd=module, env=variables, capture_output=True, text=True, check=False)
    if outcome.returncode != 0:
        tail = "\n  ".join(outcome.stderr.strip().splitlines()[-_TAIL:])
        raise SandboxError(f"`go {' '.join(command[1:3])}` failed in {module.name}:\n  {tail}")
    return outcome.stdout


def _flags(build: GoBuild) -> tuple[str, ...]:
    return OPTIMISED_FLAGS if build.optimised else COMPILER_FLAGS


def _key(build: GoBuild) -> str:
    """A digest of everything that decides what the compiler makes."""
    digest = hashlib.sha256()
    parts = [GO_VERSION, repr(replace(build, seconds=0, title="")), *_flags(build), *LINKER_FLAGS]
    if build.strips:
        parts.append(Path(patches.__file__).read_text(encoding="utf-8"))
    for part in parts:
        digest.update(part.encode())
    for directory in (GO_MODULES / build.module, GO_MODULES / "stubs"):
        for file in sorted(directory.rglob("*")):
            if file.suffix in {".go", ".mod", ".sum"}:
                digest.update(os.fsencode(file.relative_to(GO_MODULES)))
                digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
