"""Starts the cluster's programs and knows them again.

A program is known by its process id and its start time together, as the kernel gives them: an id
that another program has since been given is never taken for ours, and never killed.
"""

from __future__ import annotations

import hashlib
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sandbox.errors import SandboxError
from sandbox.source.layout import Layout, write

LOG_LIMIT: Final = 16 * 1024 * 1024
"""Bytes after which a program's log is cut; its last part is kept beside it."""

_TAIL_LINES = 15
_POLL = 0.05

# The program's own shell writes the record, and then becomes the program: a starter that is killed at
# any point leaves either a record and its process, or neither.
_LAUNCHER = """
cd / && read -r stat < "/proc/$$/stat" && printf '%s\\n%s\\n' "$1" "$stat" > "$2" || exit 125
shift 2
while [ "$1" != -- ]; do
  echo 0 > "$1/cgroup.procs" || { echo "cannot join the control group $1"; exit 125; }
  shift
done
shift
exec "$@"
"""


@dataclass(frozen=True)
class Identity:
    """One process, for as long as it lives."""

    pid: int
    started: int
    """Clock ticks since the machine booted; field 22 of /proc/<pid>/stat."""

    @classmethod
    def of(cls, pid: int, proc: Path = Path("/proc")) -> Identity | None:
        """The process that has this id now; None when there is none, or only its zombie."""
        try:
            text = (proc / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            return None
        return cls.parse(text)

    @classmethod
    def parse(cls, stat: str) -> Identity | None:
        """The process that this line of /proc/<pid>/stat describes; None for a zombie's or half a line."""
        number, _, rest = stat.partition(" ")
        # The name, in parentheses, may itself hold blanks and parentheses.
        fields = rest.rpartition(")")[2].split()
        if len(fields) < 20 or fields[0] in ("Z", "X"):
            return None
        return cls(int(number), int(fields[19]))

    def alive(self) -> bool:
        """Whether this very process still runs."""
        return Identity.of(self.pid) == self

    def kill(self, sent: signal.Signals = signal.SIGKILL) -> None:
        """Signal this very process; nothing happens when it is gone."""
        try:
            handle = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return
        try:
            # The handle holds on to one process: checked after it is open, no other can slip in.
            if self.alive():
                signal.pidfd_send_signal(handle, sent)
        except ProcessLookupError:
            return
        finally:
            os.close(handle)


@dataclass(frozen=True)
class Daemon:
    """One program of the cluster: how it starts and when it is well."""

    name: str
    command: tuple[str, ...]
    healthy: Callable[[], bool]
    """Answers at once; False as well when nothing answers."""

    environment: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[Path, str] = field(default_factory=dict)
    """Configuration to write first; another text than before restarts the program."""

    before: Callable[[], None] | None = None
    """Clears away what a dead predecessor left, each time before the program is started."""

    isolated: bool = False
    """Runs in the sandbox's own mount namespace."""

    limit: float = 60.0
    """Seconds that it may take to be well."""


class Processes:
    """The programs of one sandbox, by name."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def record(self, name: str) -> Path:
        """The file that says which process a program is."""
        return self._layout.run / f"{name}.process"

    def find(self, name: str) -> Identity | None:
        """The living process of a program; None when it is dead or never started."""
        saved = self._saved(name)
        if saved is None:
            return None
        identity, _ = saved
        _reap(identity.pid)
        return identity if identity.alive() else None

    def started(self, name: str) -> float:
        """When a program was last started, in seconds of Unix time; 0 when it never was."""
        record = self.record(name)
        return record.stat().st_mtime if record.exists() else 0.0

    def all(self) -> dict[str, Identity]:
        """Every program that lives."""
        names = sorted(path.stem for path in self._layout.run.glob("*.process")) if self._layout.run.is_dir() else []
        return {name: found for name in names if (found := self.find(name)) is not None}

    def ensure(self, daemon: Daemon, groups: tuple[Path, ...], enter: tuple[str, ...] = ()) -> bool:
        """Have a program running as described; whether it had to be started.

        A program that runs with another command or configuration is replaced.
        """
        described = _describe(daemon)
        running = self.find(daemon.name)
        if running is not None:
            saved = self._saved(daemon.name)
            if saved is not None and saved[1] == described:
                return False
            self.stop(daemon.name)
        for path, text in daemon.files.items():
            write(path, text)
        if daemon.before is not None:
            daemon.before()
        self._start(daemon, groups, enter, described)
        return True

    def _start(self, daemon: Daemon, groups: tuple[Path, ...], enter: tuple[str, ...], described: str) -> None:
        log = self.log(daemon.name)
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        trim(log)
        with log.open("ab") as output:
            output.write(f"--- started {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())}\n".encode())
            output.flush()
            record = self.record(daemon.name)
            record.unlink(missing_ok=True)
            arguments = [described, str(record), *map(str, groups), "--", *daemon.command]
            command = [*enter, "/bin/sh", "-c", _LAUNCHER, daemon.name, *arguments]
            # Not subprocess: a program outlives this one, and its end is nobody's to wait for.
            pid = os.posix_spawnp(
                command[0],
                command,
                {**self._environment(), **daemon.environment},
                setsid=True,
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, output.fileno(), 1),
                    (os.POSIX_SPAWN_DUP2, output.fileno(), 2),
                ],
            )
        until(
            lambda: self._saved(daemon.name) is not None or Identity.of(pid) is None,
            10,
            lambda: f"{daemon.name} could not be started.\n{self._tail(daemon.name)}",
        )

    def _environment(self) -> dict[str, str]:
        """Nothing of the user's: their proxies, tokens and settings are none of a cluster's."""
        return {"PATH": f"{self._layout.bin}:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(self._layout.home)}

    def _saved(self, name: str) -> tuple[Identity, str] | None:
        """What the record says: the process, and a digest of how it was started."""
        try:
            lines = self.record(name).read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return None
        identity = Identity.parse(lines[1]) if len(lines) == 2 else None
        # Half a record is of a start that was cut off before there was a program.
        return (identity, lines[0]) if identity else None

    def wait(self, daemon: Daemon) -> None:
        """Wait until a program is well.

        Raises:
            SandboxError: it ended, or is not well in time; with the end of its log.
        """
        deadline = time.monotonic() + daemon.limit
        while not daemon.healthy():
            if self.find(daemon.name) is None:
                raise SandboxError(f"{daemon.name} ended as soon as it was started.\n{self._tail(daemon.name)}")
            if time.monotonic() > deadline:
                raise SandboxError(
                    f"{daemon.name} is not well {daemon.limit:.0f} s after its start.\n{self._tail(daemon.name)}"
                )
            time.sleep(_POLL)

    def stop(self, name: str, grace: float = 5.0) -> None:
        """End a program, by force when it does not go within ``grace`` seconds."""
        identity = self.find(name)
        if identity is not None:
            identity.kill(signal.SIGTERM)
            if not _gone(identity, grace):
                identity.kill()
                _gone(identity, grace)
        self.record(name).unlink(missing_ok=True)

    def log(self, name: str) -> Path:
        """Where a program's output goes."""
        return self._layout.logs / f"{name}.log"

    def _tail(self, name: str) -> str:
        log = self.log(name)
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_TAIL_LINES:] if log.exists() else []
        return "\n".join([f"The end of {log}:", *(f"  {line[:400]}" for line in lines)])


def trim(log: Path, limit: int = LOG_LIMIT) -> None:
    """Cut a log that has outgrown ``limit`` bytes, keeping its last half beside it.

    Programs append, so one that is running goes on at the new end.
    """
    if not log.exists() or log.stat().st_size <= limit:
        return
    with log.open("r+b") as file:
        file.seek(-limit // 2, os.SEEK_END)
        log.with_suffix(".log.1").write_bytes(file.read())
        file.truncate(0)


def until(condition: Callable[[], bool], limit: float, complaint: Callable[[], str]) -> None:
    """Wait for a condition.

    Raises:
        SandboxError: ``complaint()``, when it does not hold within ``limit`` seconds.
    """
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            raise SandboxError(complaint())
        time.sleep(_POLL)


def _gone(identity: Identity, limit: float) -> bool:
    deadline = time.monotonic() + limit
    while identity.alive():
        if time.monotonic() > deadline:
            return False
        _reap(identity.pid)
        time.sleep(_POLL)
    return True


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def _describe(daemon: Daemon) -> str:
    parts = [daemon.name, *daemon.command, *(f"{k}={v}" for k, v in sorted(daemon.environment.items()))]
    parts += [f"{path}\n{text}" for path, text in sorted(daemon.files.items())]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
