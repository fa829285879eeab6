"""The Pulumi engine as ``caas`` runs it: in a session of its own, so that it can be stopped cleanly and leaves nothing.

The Automation API decides what is run; this decides how. What its refusals mean is in ``refusals.py``.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from typing import IO, Any

from pulumi.automation import CommandResult, PulumiCommand
from pulumi.automation.errors import InvalidVersionError, create_command_error

from delivery import engine_version, processes, signals
from delivery.errors import DeliveryError, Interrupted
from delivery.exit_codes import Exit

Line = Callable[[str], Any]

_LOOK = 0.1
"""Seconds between two looks at a command that was asked to end."""

CLEAN_STOP = 30.0
"""Seconds that a stopped engine has to finish what it is doing and to write its state."""
HARD_STOP = 10.0
"""Seconds that it then has to leave at once, before it is killed."""


class Engine(PulumiCommand):
    """Runs the CLI. Ctrl-C in the terminal does not reach it: ``stop`` tells it, once, when its caller wants to."""

    def __init__(self) -> None:
        """DeliveryError where there is no engine, or one too old."""
        executable = shutil.which("pulumi")
        if executable is None:
            raise DeliveryError(
                "The Pulumi engine (`pulumi`) is not on the PATH.",
                Exit.BAD_INPUT,
                remedy="`make shell` opens a shell that has it.",
            )
        try:
            self.command, self.version = executable, engine_version.version(executable)
        except InvalidVersionError as error:
            raise DeliveryError(
                f"The Pulumi engine {executable} cannot be used: {str(error).rstrip('.')}.",
                Exit.BAD_INPUT,
                remedy="`make shell` opens a shell with one that can.",
            ) from error
        self.variables: dict[str, str] = {}
        """What the program is told beside its configuration, with every command."""
        self.before_update: Callable[[Mapping[str, Any]], None] | None = None
        """Called once with the stack's state when the next update is about to begin; an error prevents that one."""
        self._running: _Running | None = None
        self.cut_off = False
        """Had the last command to be told to leave at once, so that what was under way may be half done?"""
        self.last = CommandResult(stdout="", stderr="", code=0)
        """How the last command ended: the Automation API's errors carry no more than a text."""

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: Line | None = None,
        on_error: Line | None = None,
    ) -> CommandResult:
        """Run one command to its end; raises the Automation API's CommandError where that is not success, and
        Interrupted where Ctrl-C reached this thread meanwhile and the command has ended after it."""
        given = {**os.environ, **additional_env, **self.variables}
        environment = {**given, "PULUMI_AUTOMATION_API": "true", "PULUMI_SKIP_UPDATE_CHECK": "1"}
        process = subprocess.Popen(
            [self.command, "--non-interactive", *args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env=environment,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        running = self._running = _Running(process)
        out: list[str] = []
        err: list[str] = []
        readers = [
            threading.Thread(target=_read, args=(process.stdout, out, on_output), daemon=True),
            threading.Thread(target=_read, args=(process.stderr, err, on_error), daemon=True),
        ]
        for reader in readers:
            reader.start()
        with signals.counted(self._stop_on) as interrupted:
            process.wait()
        # A killed engine leaves its plug-ins behind, which hold the pipes open and may go on changing things.
        processes.end_session(process.pid)
        for reader in readers:
            reader.join()
        self._running = None
        self.cut_off = running.cut_off
        self.last = CommandResult(stdout="\n".join(out), stderr="\n".join(err), code=process.returncode)
        if interrupted:
            raise Interrupted(said(self.cut_off))
        if process.returncode != 0:
            raise create_command_error(self.last)
        return self.last

    def about_to_update(self, state: Mapping[str, Any]) -> None:
        """Whoever begins an update says so, and what the state is then."""
        hook, self.before_update = self.before_update, None
        if hook is not None:
            hook(state)

    def stop(self, *, hurry: bool = False) -> None:
        """Ask the running command to finish cleanly; after CLEAN_STOP to leave at once; after HARD_STOP kill it.

        Answers at once; a second call is no second signal, which the engine would take for impatience, unless that is
        what it is: with ``hurry`` the command is told to leave at once.
        """
        running = self._running
        if running is None:
            return
        if hurry:
            running.hurry.set()
        if not running.stopping.is_set():
            running.stopping.set()
            threading.Thread(target=running.end, daemon=True).start()

    def _stop_on(self, count: int) -> None:
        self.stop(hurry=count > 1)


class _Running:
    """A command under way, and how far its end has been asked for."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.stopping = threading.Event()
        self.hurry = threading.Event()
        self.cut_off = False

    def end(self) -> None:
        """See ``Engine.stop``."""
        self._process.send_signal(signal.SIGINT)
        until = time.monotonic() + CLEAN_STOP
        while self._process.poll() is None and time.monotonic() < until:
            if self.hurry.wait(_LOOK):
                break
        for number in (signal.SIGINT, signal.SIGKILL):
            if self._process.poll() is not None:
                return
            self.cut_off = True
            self._process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(HARD_STOP)


def said(cut_off: bool) -> str:
    """What a person is told of the state after a stop."""
    if cut_off:
        return (
            "Stopped at once: what was under way may be half done. The state says so, and the next `caas up` finds out "
            "and goes on from there."
        )
    return "Stopped. The engine finished what was under way; the state is usable, and `caas up` goes on from here."


def _read(stream: IO[str], lines: list[str], callback: Line | None) -> None:
    with stream:
        for line in stream:
            lines.append(line.rstrip())
            if callback:
                callback(lines[-1])
