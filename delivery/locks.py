"""Who holds a stack, and whether that process still lives.

Pulumi's own backends of files and buckets hold a stack by a JSON file that names process, host and user. A killed
engine leaves it behind. It is released only where its owner is known to be dead: a process of this host that is gone.
Any other lock is waited for and shown; nobody's living apply is ever broken.
"""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from delivery import processes

_IN_MESSAGE = re.compile(r"^\s*(\S+): created by (.*)@(\S+) \(pid (\d+)\) at (\S+)\s*$", re.MULTILINE)
_FRACTION = re.compile(r"\.\d+")


@dataclass(frozen=True)
class Lock:
    """One lock, as its file or the engine's message tells it."""

    where: str
    """The file's path, or its URL in a bucket."""
    user: str
    host: str
    pid: int
    since: datetime

    @property
    def holder(self) -> str:
        """The owner in words."""
        return f"{self.user}@{self.host} (process {self.pid}, since {self.since:%H:%M:%S})"

    def of_this_host(self) -> bool:
        """Is the owner a process of this host, so that it can be known whether it lives?"""
        return self.host == socket.gethostname()

    def owner_is_dead(self) -> bool:
        """True only where that is certain: the owner was a process of this host, and is gone."""
        return self.of_this_host() and not processes.alive(self.pid, self.since)


def parse(text: str, where: str) -> Lock:
    """Read a lock file. ValueError where it is none."""
    try:
        fields = json.loads(text)
        return Lock(where, fields["username"], fields["hostname"], int(fields["pid"]), _time(fields["timestamp"]))
    except (KeyError, TypeError) as error:
        raise ValueError(f"{where} is not a lock file: {error!r}") from error


def in_message(text: str) -> list[Lock]:
    """The locks that the engine's refusal names."""
    return [Lock(w, user, host, int(pid), _time(at)) for w, user, host, pid, at in _IN_MESSAGE.findall(text)]


def _time(text: str) -> datetime:
    # Go writes nanoseconds and Z; neither is for Python 3.11 to read.
    return datetime.fromisoformat(_FRACTION.sub("", text).replace("Z", "+00:00"))


def file_backend(url: str) -> Path | None:
    """The directory of a file backend; None for any other backend."""
    parts = urlsplit(url)
    if parts.scheme != "file":
        return None
    return Path(unquote(f"{parts.netloc}{parts.path}")).expanduser()


def held(backend: Path, project: str, stack: str) -> list[Lock]:
    """The locks on a stack in a file backend."""
    directory = backend / ".pulumi" / "locks" / "organization" / project / stack
    locks = []
    for file in sorted(directory.glob("*.json")):
        try:
            locks.append(parse(file.read_text(), str(file)))
        except FileNotFoundError:
            continue  # Released between the listing and the reading.
    return locks


def release_dead(locks: list[Lock], say: Callable[[str], None]) -> list[Lock]:
    """Remove the files of those locks whose owner is dead, and end what that owner left running.

    Answers the locks that remain. Exactly the judged file is removed, never "all locks of the stack": another
    ``caas`` may have released the same one and have taken its own in the meantime.
    """
    remaining = []
    for lock in locks:
        if not lock.owner_is_dead():
            remaining.append(lock)
            continue
        # Plug-ins and program of an engine that caas started share its session; they must not go on changing things.
        left = processes.end_session(lock.pid)
        Path(lock.where).unlink(missing_ok=True)
        ended = f", and {len(left)} processes that it left running were ended" if left else ""
        say(f"Released a lock whose owner is dead: {lock.holder}{ended}.")
    return remaining
