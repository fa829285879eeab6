"""The Pulumi engine as ``caas`` runs it: in a session of its own, so that it can be stopped cleanly and leaves nothing.

The Automation API decides what is run; this decides how. What its refusals mean is in ``refusals.py``.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pulumi.automation import CommandResult, PulumiCommand
from pulumi.automation.errors import create_command_error

from delivery import processes
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit

Line = Callable[[str], Any]

CLEAN_STOP = 30.0
"""Seconds that a stopped engine has to finish what it is doing and to write its state."""
HARD_STOP = 10.0
"""Seconds that it then has to leave at once, before it is killed."""


class Engine(PulumiCommand):
    """Runs the CLI. Ctrl-C in the terminal does not reach it: ``stop`` tells it, once, when its caller wants to."""

    def __init__(self) -> None:
        """DeliveryError where there is no engine, or one too old."""
        if shutil.which("pulumi") is None:
            raise DeliveryError(
                "The Pulumi engine (`pulumi`) is not on the PATH.",
                Exit.BAD_INPUT,
                remedy="`make shell` opens a shell that has it.",
            )
        super().__init__()
        self.variables: dict[str, str] = {}
        """What the program is told beside its configuration, with every command."""
        self.before_update: Callable[[], None] | None = None
        """Called once when the next update is about to begin; an error of it prevents that one."""
        self._process: subprocess.Popen[str] | None = None
        self._stopping = threading.Event()
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
        """Run one command to its end; raises the Automation API's CommandError where that is not success."""
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
        self._process = process
        out: list[str] = []
        err: list[str] = []
        readers = [
            threading.Thread(target=_read, args=(process.stdout, out, on_output), daemon=True),
            threading.Thread(target=_read, args=(process.stderr, err, on_error), daemon=True),
        ]
        for reader in readers:
            reader.start()
        code = process.wait()
        # A killed engine leaves its plug-ins behind, which hold the pipes open and may go on changing things.
        processes.end_session(process.pid)
        for reader in readers:
            reader.join()
        self._process = None
        self.last = CommandResult(stdout="\n".join(out), stderr="\n".join(err), code=code)
        if code != 0:
            raise create_command_error(self.last)
        return self.last

    def about_to_update(self) -> None:
        """Whoever begins an update says so."""
        hook, self.before_update = self.before_update, None
        if hook is not None:
            hook()

    def stop(self) -> None:
        """Ask the running command to finish cleanly; after CLEAN_STOP to leave at once; after HARD_STOP kill it.

        Answers at once; a second call is no second signal, which the engine would take for impatience.
        """
        process = self._process
        if process is None or self._stopping.is_set():
            return
        self._stopping.set()
        threading.Thread(target=self._stop, args=(process,), daemon=True).start()

    @property
    def stopped(self) -> bool:
        """Was ``stop`` called?"""
        return self._stopping.is_set()

    def _stop(self, process: subprocess.Popen[str]) -> None:
        for number, limit in ((signal.SIGINT, CLEAN_STOP), (signal.SIGINT, HARD_STOP), (signal.SIGKILL, HARD_STOP)):
            process.send_signal(number)
            try:
                process.wait(limit)
            except subprocess.TimeoutExpired:
                continue
            return


def _read(stream: Iterable[str], lines: list[str], callback: Line | None) -> None:
    for line in stream:
        lines.append(line.rstrip())
        if callback:
            callback(lines[-1])
