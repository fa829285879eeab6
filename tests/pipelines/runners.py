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


def children(process: int) -> list[int]:
    """What a process started."""
    found: set[int] = set()
    for file in Path(f"/proc/{process}/task").glob("*/children"):
        with contextlib.suppress(OSError):  # It has ended meanwhile.
            found |= {int(child) for child in file.read_text().split()}
    return sorted(found)


def descendants(process: int) -> list[int]:
    """Everything that a process started, and what that started."""
    return [one for child in children(process) for one in (child, *descendants(child))]


def is_engine(process: int) -> bool:
    """Is it an engine that applies?"""
    with contextlib.suppress(OSError):  # It has ended meanwhile.
        arguments = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
        return b"up" in arguments and arguments[0].endswith(b"pulumi")
    return False


def applying(process: int) -> bool:
    """Did it, or what it started, start an engine that applies?"""
    return any(map(is_engine, descendants(process)))
