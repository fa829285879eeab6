"""What a plan rests on beside the engine: commit, configuration, policy pack, tools. Texts only, nothing secret.

Every part is a mapping from a name to a text, so that what has moved can be named, from what to what.
"""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from collections.abc import Callable, Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from delivery.preview.values import flat

NONE = "none"
LONGEST = 80
"""Characters of a value that stands in the plan as it is; of a longer one its hash does."""


def text(value: str) -> str:
    """A value as it stands in a plan."""
    return value if len(value) <= LONGEST else hashed(value.encode())


def hashed(content: bytes) -> str:
    """``sha256:…``."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def commit(directory: Path) -> dict[str, str]:
    """The commit of the program, and what in it was not committed: changed files, and new modules of Python.

    Other new files count for nothing: a pipeline leaves its reports, and the plan itself, in the working tree. What the
    stack's own files say is in the configuration.
    """
    head = _git(directory, "rev-parse", "HEAD")
    if head is None:
        return {"commit": NONE, "uncommitted": NONE}
    changed = _git(directory, "diff", "HEAD", "--binary", "--no-ext-diff", "--", ":/", ":(exclude)Pulumi.*.yaml") or b""
    new = _git(directory, "ls-files", "--others", "--exclude-standard", "-z", "--", ":(top)*.py") or b""
    content = hashlib.sha256(changed)
    for name in sorted(new.split(b"\0")):
        if name:
            content.update(name + b"\0" + (directory / os.fsdecode(name)).read_bytes())
    dirty = bool(changed.strip() or new.strip(b"\0"))
    return {"commit": head.decode().strip(), "uncommitted": f"sha256:{content.hexdigest()}" if dirty else NONE}


def configuration(directory: Path, stack: str) -> dict[str, str]:
    """Every value of the project's file and the stack's, secrets as the ciphertext that stands there."""
    found: dict[str, str] = {}
    for name in ("Pulumi.yaml", f"Pulumi.{stack}.yaml"):
        file = directory / name
        if file.is_file():
            content: Any = YAML(typ="safe").load(file)
            found |= {f"{name} {path}": text(value) for path, value in flat(content).items()}
    return found


def policies(pack: Path | None) -> dict[str, str]:
    """The policy pack, by the content of its files."""
    if pack is None or not pack.is_dir():
        return {"pack": NONE}
    files = [f for f in pack.rglob("*") if f.is_file() and "__pycache__" not in f.parts and f.suffix != ".pyc"]
    return {"pack": _content(pack, files)}


def tools(engine: str, distributions: Callable[[], Iterable[Any]] = metadata.distributions) -> dict[str, str]:
    """The engine, Python, and every package of Pulumi's that the program may use."""
    found = {"engine": engine, "python": platform.python_version()}
    for one in distributions():
        name = str(one.metadata["Name"]).lower().replace("_", "-")
        if name == "pulumi" or name.startswith("pulumi-"):
            found[name] = str(one.version)
    return found


def _content(root: Path, files: Iterable[Path]) -> str:
    content = hashlib.sha256()
    for file in sorted(files):
        content.update(f"{file.relative_to(root)}\0".encode() + file.read_bytes() + b"\0")
    return f"sha256:{content.hexdigest()}"


def _git(directory: Path, *arguments: str) -> bytes | None:
    """What git says; None where there is no git, or no repository here."""
    try:
        done = subprocess.run(["git", *arguments], cwd=directory, capture_output=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None
