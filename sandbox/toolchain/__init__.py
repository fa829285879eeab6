"""The programs that the sandbox runs: found or compiled once, then used from the cache.

``ensure`` prepares them with a progress display; ``current`` uses what is there.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox import paths
from sandbox.errors import SandboxError
from sandbox.progress import Progress, Step
from sandbox.toolchain import build, debian, official, versions

ENGINE = "engine"
CLUSTER = "cluster"
CHECKS = "checks"
GATEWAY = "gateway"
SUPPLY = "supply"
RULES = "rules"
MONITORING = "monitoring"


@dataclass(frozen=True)
class Toolchain:
    """Where the programs are. ``directories`` are in the order in which a PATH should name them."""

    directories: tuple[Path, ...]

    def tool(self, name: str) -> Path:
        """The path of one program.

        Raises:
            SandboxError: it is not part of what was prepared.
        """
        for directory in self.directories:
            candidate = directory / name
            if candidate.is_file() and os.access(candidate, os.X_OK):
                return candidate
        raise SandboxError(f"{name} is not in the sandbox's toolchain. Run `python -m sandbox build` to prepare it.")

    def environment(self) -> dict[str, str]:
        """Variables with which these programs find each other, to be laid over a process's own."""
        variables = {"PATH": ":".join([*map(str, self.directories), os.environ.get("PATH", os.defpath)])}
        for directory in self.directories:
            executor = directory / "pulumi-language-python-exec"
            if executor.is_file() and not (directory / "pulumi-language-python").exists():
                variables["CAAS_LANGUAGE_EXEC"] = str(executor)
        return variables


def ensure(parts: Sequence[str] = (ENGINE, CLUSTER), progress: Progress | None = None) -> Toolchain:
    """Prepare what these parts need, compiling only what the cache lacks.

    Raises:
        SandboxError: something can be neither found nor built here; the message says what helps.
    """
    from_source = not (ENGINE in parts and official.reachable())
    lanes = _lanes(parts, from_source)
    ready = all(_built(item) for lane in lanes for item in lane) and _debian_ready(parts)
    if ready and from_source:
        # What is there is used at once: somebody else's preparation of other parts may take minutes.
        return _assemble(parts, from_source)
    with _locked():
        if all(_built(item) for lane in lanes for item in lane) and _debian_ready(parts):
            return _assemble(parts, from_source)
        shown = progress or Progress("Preparing the toolchain")
        steps = {item.name: shown.add(item.title, item.seconds) for lane in lanes for item in lane if not _built(item)}
        extra = (
            None if _debian_ready(parts) else shown.add(versions.DebianPackages.title, versions.DebianPackages.seconds)
        )
        with shown.shown(), ThreadPoolExecutor(max_workers=max(len(lanes), 1)) as workers:
            if extra is not None:
                with shown.running(extra):
                    _unpack()
            for outcome in [workers.submit(_run_lane, lane, steps, shown) for lane in lanes]:
                outcome.result()
        return _assemble(parts, from_source)


def prepared(part: str) -> bool:
    """Whether everything of a part that is compiled is in the cache."""
    return all(_built(item) for lane in _lanes((part,), from_source=True) for item in lane)


def current(parts: Sequence[str] = (ENGINE, CLUSTER)) -> Toolchain:
    """What ``ensure`` prepared, without preparing anything.

    Raises:
        SandboxError: it has not been prepared, or the pins have changed since.
    """
    from_source = not (ENGINE in parts and official.reachable())
    missing = [item.title for lane in _lanes(parts, from_source) for item in lane if not _built(item)]
    if missing or not _debian_ready(parts):
        names = ", ".join(missing) or versions.DebianPackages.title
        raise SandboxError(f"The toolchain lacks {names}. Run `python -m sandbox build`.")
    return _assemble(parts, from_source)


def _lanes(parts: Sequence[str], from_source: bool) -> list[tuple[versions.GoBuild, ...]]:
    """Builds that share most of their packages run one after the other; the lanes run side by side,
    so that a processor does not idle while the other lane links."""
    lanes = []
    if ENGINE in parts and from_source:
        lanes.append(versions.engine())
    if CLUSTER in parts:
        lanes.append(versions.cluster())
    if CLUSTER in parts or RULES in parts:
        lanes.append(versions.prometheus())
    if MONITORING in parts:
        lanes.append(versions.monitoring())
    if CLUSTER in parts or GATEWAY in parts:
        lanes.append(versions.gateway())
    if CHECKS in parts:
        lanes.append(versions.checks())
    if SUPPLY in parts:
        lanes.append(versions.supply())
    return lanes


def _run_lane(lane: Sequence[versions.GoBuild], steps: dict[str, Step], progress: Progress) -> None:
    for item in lane:
        if item.name in steps:
            with progress.running(steps[item.name]) as step:
                build.compile_commands(item, step)


def _built(item: versions.GoBuild) -> bool:
    return build.result(item).is_dir()


def _unpack() -> Path:
    packages = versions.DebianPackages()
    root = debian.unpack(packages.packages, packages.name)
    wrappers = root / "wrappers"
    wrappers.mkdir(exist_ok=True)
    for name in packages.wrapped:
        found = next((root / place / name for place in ("usr/sbin", "usr/bin") if (root / place / name).exists()), None)
        if found is None:
            raise SandboxError(f"Debian's packages no longer carry {name}; see sandbox/toolchain/versions.py.")
        debian.wrap(found, root, wrappers / name)
    return root


def _debian_ready(parts: Sequence[str]) -> bool:
    packages = versions.DebianPackages()
    wrappers = paths.cache() / "debian" / packages.name / "wrappers"
    return CLUSTER not in parts or all((wrappers / name).exists() for name in packages.wrapped)


def _assemble(parts: Sequence[str], from_source: bool) -> Toolchain:
    directories: list[Path] = []
    if ENGINE in parts:
        directories.extend([paths.PLUGINS] if from_source else [official.install()])
    directories.extend(build.result(item) for lane in _lanes(parts, from_source) for item in lane)
    if CLUSTER in parts:
        root = paths.cache() / "debian" / versions.DebianPackages.name
        directories.extend(root / place for place in ("wrappers", "usr/sbin", "usr/bin", "bin", "usr/lib/cni"))
    return Toolchain(tuple(directories))


@contextmanager
def _locked() -> Iterator[None]:
    """Two preparations at once would compile everything twice; the second waits for the first."""
    paths.cache().mkdir(parents=True, exist_ok=True)
    with (paths.cache() / "toolchain.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def remove() -> None:
    """Delete everything that was downloaded or built."""
    shutil.rmtree(paths.cache(), ignore_errors=True)
