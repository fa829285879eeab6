"""Runs a repository's .gitlab-ci.yml as GitLab would, with `gitlab-ci-local`: its stages, rules, artefacts and manual
jobs, each script in a shell of this machine."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from sandbox import paths
from tests.pipelines import machine
from tests.projects import ROOT

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
        machine.ensure(npm="npm", rsync="rsync")
        home.parent.mkdir(parents=True, exist_ok=True)
        # Beside it and moved there: another worker, or a run that was cut off, must not leave half of it.
        with tempfile.TemporaryDirectory(dir=home.parent, prefix="gitlab-ci-local-") as name:
            fresh = Path(name) / "whole"
            fresh.mkdir()
            for file in ("package.json", "package-lock.json"):
                shutil.copy(HERE / file, fresh)
            command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
            subprocess.run(command, cwd=fresh, check=True, capture_output=True)
            with contextlib.suppress(OSError):  # Somebody else was quicker.
                fresh.rename(home)
    return found


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


def repository(directory: Path, content: Mapping[str, str]) -> Path:
    """A repository of one commit with these files, which GitLab has."""
    for name, text in content.items():
        path = directory / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        if text.startswith("#!"):
            path.chmod(0o755)
    for arguments in (
        ["init", "--quiet", "--initial-branch", "main"],
        ["remote", "add", "origin", "https://forge.invalid/shop/hello.git"],
        ["add", "--all"],
        ["-c", "user.name=ann", "-c", "user.email=ann@example.com", "commit", "--quiet", "--message", "One"],
    ):
        subprocess.run(["git", *arguments], cwd=directory, check=True)
    return directory
