"""Processes that the host starts: their environment, their output, and their end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import IO, TypeVar

T = TypeVar("T")

CHILD = Path(__file__).with_name("child.py")

TERMINATION_GRACE = 1.0
"""Seconds between asking a program to end and killing it."""


class Programs:
    """Every running program of this host, so that none of them outlives it."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    @property
    def stopped(self) -> bool:
        """True once the host has told its programs to end."""
        return self._stopped

    def python(
        self,
        interpreter: str,
        arguments: Sequence[str],
        *,
        directory: str,
        environment: Mapping[str, str],
        captured: bool = False,
    ) -> subprocess.Popen[bytes]:
        """Start ``interpreter`` on a script or, with ``-m``, a module.

        Its output goes where the host's goes, which the engine shows, unless it is to be captured. It gets a process
        group of its own: a Ctrl-C at the keyboard is the engine's to act on, and the program must not answer it with
        a traceback.
        """
        output = subprocess.PIPE if captured else None
        process = subprocess.Popen(
            [interpreter, "-u", str(CHILD), str(os.getpid()), *arguments],
            cwd=directory or None,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            process_group=0,
        )
        with self._lock:
            self._running.add(process)
        if self._stopped:
            end(process)
        return process

    def wait(self, process: subprocess.Popen[bytes]) -> int:
        """Wait for the program's end and forget it. Negative: the signal that ended it."""
        code = process.wait()
        with self._lock:
            self._running.discard(process)
        return code

    def stop(self) -> None:
        """End every program, now and for good."""
        self._stopped = True
        with self._lock:
            running = list(self._running)
        for process in running:
            end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask the program and what it started to end; kill what has not within the grace."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(TERMINATION_GRACE)
        os.killpg(process.pid, signal.SIGKILL)


def stream(process: subprocess.Popen[bytes], stdout: Callable[[bytes], T], stderr: Callable[[bytes], T]) -> Iterator[T]:
    """Yield what the program prints, as it prints it, until both of its outputs are closed."""
    chunks: SimpleQueue[T | None] = SimpleQueue()

    def pump(source: IO[bytes], wrap: Callable[[bytes], T]) -> None:
        while chunk := os.read(source.fileno(), 65536):
            chunks.put(wrap(chunk))
        chunks.put(None)

    sources = [(source, wrap) for source, wrap in ((process.stdout, stdout), (process.stderr, stderr)) if source]
    for source, wrap in sources:
        threading.Thread(target=pump, args=(source, wrap), daemon=True).start()
    open_sources = len(sources)
    while open_sources:
        chunk = chunks.get()
        if chunk is None:
            open_sources -= 1
        else:
            yield chunk
