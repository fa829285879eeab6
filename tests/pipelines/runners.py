"""What CI systems and their machines do with jobs: let them wait for each other, and die with them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from threading import Condition


class Turns:
    """A resource group: its jobs run one after the other, by the number of their pipelines."""

    def __init__(self) -> None:
        self._next = 0
        self._changed = Condition()

    @contextlib.contextmanager
    def of(self, number: int) -> Iterator[None]:
        """Wait for the turn of this pipeline."""
        with self._changed:
            self._changed.wait_for(lambda: self._next == number)
        yield
        with self._changed:
            self._next += 1
            self._changed.notify_all()


def descendants(process: int) -> list[int]:
    """Everything that a process started, and what that started."""
    found = []
    for file in Path(f"/proc/{process}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, file.read_text().split()):
                found += [child, *descendants(child)]
    return found


def applying(process: int) -> bool:
    """Did it, or what it started, start an engine that applies?"""
    for one in descendants(process):
        with contextlib.suppress(OSError):
            arguments = Path(f"/proc/{one}/cmdline").read_bytes().split(b"\0")
            if b"up" in arguments and arguments[0].endswith(b"pulumi"):
                return True
    return False
