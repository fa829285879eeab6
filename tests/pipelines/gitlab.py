"""Runs a repository's .gitlab-ci.yml as GitLab would, with `gitlab-ci-local`: its stages, rules, artefacts and manual
jobs, each script in a shell of this machine."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from sandbox import paths
from tests.projects import ROOT, Completed

HERE = Path(__file__).resolve().parent
INCLUDED = "pipeline/deliver.yml"


def files(**inputs: str) -> dict[str, str]:
    """What an application's repository has: the include, here of a copy, and what differs."""
    given = "".join(f"      {name}: {value}\n" for name, value in inputs.items())
    own = f"include:\n  - local: {INCLUDED}\n" + (f"    inputs:\n{given}" if given else "")
    return {
        ".gitlab-ci.yml": own,
        INCLUDED: (ROOT / "delivery" / "pipelines" / "gitlab.yml").read_text(encoding="utf-8"),
    }


def runner() -> Path:
    """`gitlab-ci-local` of the pinned version, installed once for the machine."""
    lock = (HERE / "package-lock.json").read_bytes()
    home = paths.cache() / "tools" / f"gitlab-ci-local-{hashlib.sha256(lock).hexdigest()[:12]}"
    found = home / "node_modules" / ".bin" / "gitlab-ci-local"
    if not found.exists():
        _packages()
        home.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, home)
        command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run(command, cwd=home, check=True, capture_output=True)
    return found


def _packages() -> None:
    missing = [package for command, package in (("npm", "npm"), ("rsync", "rsync")) if shutil.which(command) is None]
    if missing:
        install = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *missing]
        subprocess.run(["apt-get", "update", "--quiet"], check=True, capture_output=True)
        subprocess.run(install, check=True, capture_output=True)


def command(
    *jobs: str, manual: Sequence[str] = (), variables: Mapping[str, str] | None = None, checked: bool = False
) -> list[str]:
    """The command line of a pipeline, or of some of its jobs. ``variables``: what GitLab itself would set. ``checked``:
    by GitLab's published schema first, which takes seconds."""
    line = [str(runner()), "--force-shell-executor", "--no-color"]
    line += [] if checked else ["--no-json-schema-validation"]
    for name, value in (variables or {}).items():
        line += ["--variable", f"{name}={value}"]
    for job in manual:
        line += ["--manual", job]
    return [*line, *jobs]


def run(line: Sequence[str], directory: Path, environment: Mapping[str, str], limit: float = 600) -> Completed:
    """Run it to its end."""
    done = subprocess.run(
        list(line), cwd=directory, env=dict(environment), capture_output=True, text=True, timeout=limit, check=False
    )
    return Completed(done.returncode, done.stdout, done.stderr)
