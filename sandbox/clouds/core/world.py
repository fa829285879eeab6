"""A cloud's world: every resource that exists, in one JSON file that a hand may edit.

Each change is appended to a journal beside the file, because rewriting a large world for every resource would make
the time for n resources grow with n². The journal is folded into the file when a plug-in starts and when it ends. A
process that is killed loses nothing: what it changed is in the journal, and a torn last line was never answered for.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

GLOBAL = "global"
"""The region of what belongs to no region."""


class World:
    """The resources of one cloud. Every reading and every change happens within `open`."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._journal = file.with_suffix(".journal")
        self._lock = file.with_suffix(".lock")
        self._thread = threading.RLock()
        self._seen: tuple[int, int] | None = None
        self._offset = 0
        self._resources: dict[str, dict[str, dict[str, Any]]] = {}
        self._counters: dict[str, int] = {}

    @contextmanager
    def open(self) -> Iterator[World]:
        """Hold the world alone, in this process and among all, as it is now."""
        with self._thread:
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._lock.open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                self._refresh()
                yield self

    def fold(self) -> None:
        """Write everything into the file and empty the journal."""
        with self.open():
            partial = self.file.with_suffix(f".{os.getpid()}")
            with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
                json.dump({"counters": self._counters, "resources": self._resources}, out, indent=1, sort_keys=True)
            partial.replace(self.file)
            # A kill between the two leaves lines that say again what the file says already.
            self._journal.unlink(missing_ok=True)
            self._seen, self._offset = self._identity(), 0

    def all(self, kind: str, region: str) -> Mapping[str, Any]:
        """Records of a type in a region, by id."""
        return self._resources.get(region, {}).get(kind, {})

    def get(self, kind: str, region: str, id_: str) -> dict[str, Any] | None:
        """A record: ``state`` holds what the plug-in reports, ``platform`` what only the cloud knows."""
        found: dict[str, Any] | None = self.all(kind, region).get(id_)
        return found

    def find(self, kind: str, region: str, key: str, value: Any) -> dict[str, Any] | None:
        """The first record of a type whose state has this value; by id where the key is ``id``."""
        if key == "id":
            return self.get(kind, region, value)
        return next((each for each in self.all(kind, region).values() if each["state"].get(key) == value), None)

    def everything(self) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
        """Region, type, id and record of all that exists."""
        for region, kinds in self._resources.items():
            for kind, records in kinds.items():
                for id_, record in records.items():
                    yield region, kind, id_, record

    def put(self, kind: str, region: str, id_: str, record: Mapping[str, Any]) -> None:
        """Make a resource, or lay it over the one that is there."""
        self._change({"region": region, "kind": kind, "id": id_, "record": dict(record)})

    def remove(self, kind: str, region: str, id_: str) -> None:
        """Take a resource away."""
        self._change({"region": region, "kind": kind, "id": id_, "record": None})

    def count(self, counter: str) -> int:
        """The next number of a counter that never goes back, from 1."""
        value = self._counters.get(counter, 0) + 1
        self._change({"counter": counter, "value": value})
        return value

    def _change(self, line: dict[str, Any]) -> None:
        text = (json.dumps(line) + "\n").encode()
        journal = os.open(self._journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(journal, text)
        finally:
            os.close(journal)
        self._offset += len(text)
        self._apply(json.loads(text))

    def _apply(self, line: Mapping[str, Any]) -> None:
        if "counter" in line:
            self._counters[line["counter"]] = line["value"]
            return
        records = self._resources.setdefault(line["region"], {}).setdefault(line["kind"], {})
        if line["record"] is None:
            records.pop(line["id"], None)
        else:
            records[line["id"]] = line["record"]

    def _refresh(self) -> None:
        if self._identity() != self._seen or self._offset > self._length():
            held = json.loads(self.file.read_text()) if self.file.exists() else {}
            self._resources, self._counters = held.get("resources", {}), held.get("counters", {})
            self._seen, self._offset = self._identity(), 0
        if self._length() > self._offset:
            with self._journal.open("r+b") as journal:
                journal.seek(self._offset)
                for text in journal:
                    if not text.endswith(b"\n"):
                        journal.truncate(self._offset)  # its writer was killed
                        break
                    self._apply(json.loads(text))
                    self._offset += len(text)

    def _identity(self) -> tuple[int, int] | None:
        try:
            found = self.file.stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns

    def _length(self) -> int:
        return self._journal.stat().st_size if self._journal.exists() else 0
