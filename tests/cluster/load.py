"""A bounded load through the ingress of the sandbox, and how many of its requests failed."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.cluster.hello import INGRESS

_STATUS = re.compile(r"^\s*\[(\d{3})\]\s+(\d+) responses", re.MULTILINE)
_ERROR = re.compile(r"^\s*\[(\d+)\]\s+(?!\d+ responses)\S", re.MULTILINE)


@dataclass(frozen=True)
class Requests:
    """What became of the requests of one load."""

    sent: int
    failed: int


def count(report: str) -> Requests:
    """Read hey's report. A request without an answer stands in another list than one with a bad answer."""
    answers, _, errors = report.partition("Error distribution:")
    statuses = [(int(code), int(n)) for code, n in _STATUS.findall(answers)]
    unanswered = sum(int(n) for n in _ERROR.findall(errors))
    bad = sum(n for code, n in statuses if not 200 <= code <= 299)
    return Requests(sum(n for _, n in statuses) + unanswered, bad + unanswered)


class Load:
    """``hey`` against one host of the ingress for as long as the block lasts; 127.0.0.1 only, with a bounded rate."""

    def __init__(
        self,
        hey: str,
        host: str,
        *,
        rate: int = 50,
        workers: int = 4,
        keep_alive: bool = True,
        path: str = "/",
        minutes: int = 10,
    ) -> None:
        """
        :param rate: Requests per second of each worker.
        :param minutes: After which it ends by itself, however long the block lasts.
        """
        self._command = [hey, "-z", f"{minutes}m", "-c", str(workers), "-q", str(rate), "-host", host, "-t", "10"]
        self._command += [] if keep_alive else ["-disable-keepalive"]
        self._command.append(f"{INGRESS}{path}")
        self.result = Requests(0, 0)
        self.report = ""
        """In hey's words, for whoever looks for what failed."""

    def __enter__(self) -> Load:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGINT)  # It ends with the report of what it has.
        self.report, _error = self._process.communicate(timeout=60)
        self.result = count(self.report)


def until(condition: Callable[[], bool], limit: float, what: str, *, every: float = 0.5) -> None:
    """Wait for a condition, or fail with what was waited for. ``every``: seconds between two looks."""
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, f"not within {limit:.0f} s: {what}"
        time.sleep(every)
