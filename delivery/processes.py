"""What ``/proc`` says about processes: which live, since when, and which belong to one session."""

from __future__ import annotations

import os
import signal
import time
from datetime import datetime, timedelta
from pathlib import Path

PROC = Path("/proc")
_CLOCK_SLACK = timedelta(seconds=2)


def _stat(pid: int) -> list[str] | None:
    """The fields of ``/proc/<pid>/stat`` after the command's name, or None where there is no such process."""
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text.rpartition(")")[2].split()


def _started(fields: list[str]) -> float:
    """Seconds since the epoch."""
    uptime = float((PROC / "uptime").read_text().split()[0])
    return time.time() - uptime + int(fields[19]) / os.sysconf("SC_CLK_TCK")


def alive(pid: int, at: datetime) -> bool:
    """Does the process that had this id at that time still run? A later process that got the same id is another one.

    A zombie does not run any more: it only waits for its parent to notice.
    """
    fields = _stat(pid)
    if fields is None or fields[0] in "ZX":
        return False
    return datetime.fromtimestamp(_started(fields), at.tzinfo) <= at + _CLOCK_SLACK


def session_members(session: int) -> list[int]:
    """The living processes of a session. While there is one, the kernel gives the session's id to nobody else."""
    members = []
    for entry in PROC.iterdir():
        if not entry.name.isdigit():
            continue
        fields = _stat(int(entry.name))
        if fields is not None and int(fields[3]) == session and fields[0] not in "ZX":
            members.append(int(entry.name))
    return members


def end_session(session: int, *, grace: float = 3.0) -> list[int]:
    """End what is left of a session whose leader is gone; answers which processes that were.

    SIGTERM first; what has not gone after ``grace`` seconds is killed.
    """
    ended = session_members(session)
    _signal(ended, signal.SIGTERM)
    until = time.monotonic() + grace
    while (left := session_members(session)) and time.monotonic() < until:
        time.sleep(0.05)
    _signal(left, signal.SIGKILL)
    return ended


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue  # It went by itself, which is what was wanted.
