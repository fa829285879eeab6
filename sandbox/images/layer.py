"""Layers of an image: archives that have the same bytes, and so the same digest, whenever they are made."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO


@dataclass(frozen=True)
class Entry:
    """One file, directory or link of a layer. Owned by root unless it says otherwise."""

    path: str
    """Absolute path in the image."""
    source: Path | None = None
    """File of this machine that gives the content."""
    content: bytes = b""
    """The content, where there is no source."""
    mode: int = 0o644
    directory: bool = False
    link: str | None = None
    """Target, which makes the entry a symbolic link."""
    user: int = 0
    group: int = 0


def file(path: str, content: bytes | str, mode: int = 0o644) -> Entry:
    """A file with this content."""
    return Entry(path, content=content.encode() if isinstance(content, str) else content, mode=mode)


def copy(source: Path, path: str, mode: int | None = None) -> Entry:
    """A file of this machine; ``mode`` defaults to executable where the source is, readable otherwise."""
    if mode is None:
        mode = 0o755 if os.access(source, os.X_OK) else 0o644
    return Entry(path, source=source, mode=mode)


def directory(path: str, mode: int = 0o755, *, user: int = 0, group: int = 0) -> Entry:
    """A directory. Parents of other entries need none of their own."""
    return Entry(path, directory=True, mode=mode, user=user, group=group)


def link(path: str, target: str) -> Entry:
    """A symbolic link."""
    return Entry(path, link=target, mode=0o777)


def tree(source: Path, path: str, *, skip: Callable[[str], bool] = lambda _relative: False) -> list[Entry]:
    """All of a directory of this machine. ``skip`` is asked about each path relative to ``source``; a directory
    that it refuses is not entered. Links stay links."""
    entries: list[Entry] = []
    for where, directories, files in os.walk(source):
        relative = os.path.relpath(where, source)
        inside = [name for name in directories if not skip(os.path.normpath(os.path.join(relative, name)))]
        directories[:] = sorted(inside)
        for name in sorted(files + [each for each in directories if (Path(where) / each).is_symlink()]):
            below = os.path.normpath(os.path.join(relative, name))
            if skip(below):
                continue
            origin = Path(where) / name
            target = f"{path.rstrip('/')}/{below}"
            entries.append(link(target, os.readlink(origin)) if origin.is_symlink() else copy(origin, target))
    return entries


@dataclass(frozen=True)
class Layer:
    """A packed layer on the disk."""

    archive: Path
    digest: str
    """Of the packed bytes: what the registry keeps it under."""
    diff_id: str
    """Of the archive before packing: what a runtime checks."""
    size: int
    """Bytes, packed."""


def pack(entries: Iterable[Entry], archive: Path) -> Layer:
    """Write a layer to ``archive``. The same entries give the same bytes: names are sorted, times are zero."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    partial = archive.with_suffix(f".{os.getpid()}.partial")
    plain = hashlib.sha256()
    with (
        partial.open("wb") as packed,
        # Level 1: the registry is on this machine, so packing hard costs more than it saves.
        gzip.GzipFile(filename="", fileobj=packed, mode="wb", compresslevel=1, mtime=0) as zipped,
        tarfile.open(fileobj=_Tee(zipped, plain), mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        for entry in _with_parents(entries):
            _add(tar, entry)
    with partial.open("rb") as written:
        digest = hashlib.file_digest(written, "sha256").hexdigest()
    partial.replace(archive)
    return Layer(archive, f"sha256:{digest}", f"sha256:{plain.hexdigest()}", archive.stat().st_size)


class _Tee(io.RawIOBase):
    """Hands on what is written, and hashes it on the way."""

    def __init__(self, target: IO[bytes] | gzip.GzipFile, digest: hashlib._Hash) -> None:
        self._target = target
        self._digest = digest

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        chunk = bytes(data)  # type: ignore[call-overload]  # whatever has a buffer
        self._digest.update(chunk)
        self._target.write(chunk)
        return len(chunk)


def _with_parents(entries: Iterable[Entry]) -> list[Entry]:
    """The entries by name, each after the directories that lead to it. A later entry replaces an earlier one."""
    known: dict[str, Entry] = {}
    given = {os.path.normpath(entry.path).strip("/"): entry for entry in entries}
    for path in sorted(given):
        for parent in reversed(Path(path).parents):
            name = parent.as_posix()
            if name != "." and name not in known:
                known[name] = given.get(name) or directory(name)
        known[path] = given[path]
    return [
        Entry(path, entry.source, entry.content, entry.mode, entry.directory, entry.link, entry.user, entry.group)
        for path, entry in sorted(known.items())
    ]


def _add(tar: tarfile.TarFile, entry: Entry) -> None:
    info = tarfile.TarInfo(entry.path)
    info.mode, info.uid, info.gid, info.mtime = entry.mode, entry.user, entry.group, 0
    if entry.directory:
        info.type = tarfile.DIRTYPE
        tar.addfile(info)
    elif entry.link is not None:
        info.type, info.linkname = tarfile.SYMTYPE, entry.link
        tar.addfile(info)
    elif entry.source is not None:
        info.size = entry.source.stat().st_size
        with entry.source.open("rb") as content:
            tar.addfile(info, content)
    else:
        info.size = len(entry.content)
        tar.addfile(info, io.BytesIO(entry.content))


def packed(entries: Iterable[Entry], directory: Path, name: str) -> Layer:
    """A layer of these entries from ``directory``, packed only where it is not there yet.

    Files of this machine count as the same while their path, size and time of change are.
    """
    listed = list(entries)
    state = hashlib.sha256()
    for entry in listed:
        stat = entry.source.stat() if entry.source else None
        state.update(repr((entry, stat and (stat.st_size, stat.st_mtime_ns))).encode())
    archive = directory / f"{name}-{state.hexdigest()[:16]}.tar.gz"
    facts = archive.with_suffix(".json")
    if archive.exists() and facts.exists():
        known = json.loads(facts.read_text())
        if archive.stat().st_size == known["size"]:
            return Layer(archive, known["digest"], known["diff_id"], known["size"])
    layer = pack(listed, archive)
    partial = facts.with_suffix(f".{os.getpid()}.partial")
    partial.write_text(json.dumps({"digest": layer.digest, "diff_id": layer.diff_id, "size": layer.size}))
    partial.replace(facts)
    return layer
