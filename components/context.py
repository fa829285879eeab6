"""The content hash of a build context: what an image is made of, as one short name.

Pure: reads files, declares nothing. Two contexts with the same hash give the same build; anything that
cannot change the image (times, owners, ignored files, the machine's path) is left out.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from components.spec.service import Build

TAG_LENGTH = 20
"""Hexadecimal digits of the tag: 80 bits, so that two builds never meet in one repository."""


def content_hash(build: Build, directory: Path) -> str:
    """The hash of everything that decides the image.

    :param build: Paths, target, arguments and platforms. Values of build secrets do not count: they are
        never part of an image.
    :param directory: What ``build.context`` is relative to: the directory of Pulumi.yaml.
    :raises FileNotFoundError: The context or the Dockerfile does not exist.
    """
    root = directory / build.context
    dockerfile = root / build.dockerfile
    if not root.is_dir():
        raise FileNotFoundError(f"build context {build.context!r} is not a directory")
    if not dockerfile.is_file():
        raise FileNotFoundError(f"Dockerfile {build.dockerfile!r} does not exist in build context {build.context!r}")
    total = hashlib.sha256()
    settings = {
        "args": build.args,
        "dockerfile": build.dockerfile,
        "platforms": build.platforms,
        "secrets": sorted(build.secrets),
        "target": build.target,
    }
    _add(total, json.dumps(settings, sort_keys=True).encode())
    _add(total, dockerfile.read_bytes())
    for path in sorted(_files(root, build.dockerfile)):
        _add(total, path.encode())
        _add_entry(total, root / path)
    return total.hexdigest()[:TAG_LENGTH]


def _files(root: Path, dockerfile: str) -> Iterable[str]:
    """Every entry of the context that .dockerignore lets through, relative to the root."""
    ignore = root / f"{dockerfile}.dockerignore"
    if not ignore.is_file():
        ignore = root / ".dockerignore"
    if not ignore.is_file():
        return [path.relative_to(root).as_posix() for path in root.rglob("*")]
    # Imported here: Docker's client is slow to import, and a context without .dockerignore needs none of it.
    from docker.utils.build import exclude_paths

    lines = (line.strip() for line in ignore.read_text(encoding="utf-8").splitlines())
    patterns = [line for line in lines if line and not line.startswith("#")]
    return {Path(path).as_posix() for path in exclude_paths(str(root), patterns, dockerfile)}


def _add_entry(total: hashlib._Hash, path: Path) -> None:
    """Kind, permission to execute, and content: what Docker's own cache looks at."""
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        _add(total, b"link")
        _add(total, os.readlink(path).encode())
    elif stat.S_ISREG(mode):
        _add(total, b"executable" if mode & stat.S_IXUSR else b"file")
        with path.open("rb") as file:
            _add(total, hashlib.file_digest(file, "sha256").digest())
    else:
        _add(total, b"directory")


def _add(total: hashlib._Hash, part: bytes) -> None:
    """Add a part with its length, so that no two lists of parts run together to the same bytes."""
    total.update(len(part).to_bytes(8, "big"))
    total.update(part)
