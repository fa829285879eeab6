"""Something small that is kept beside a stack's state: the outputs of a stack of its own, of the same name.

The engine reads and writes it in whatever backend holds the state, with the credential that it has. Nothing that
somebody else writes at the same moment, on whatever machine, is lost.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pulumi
from pulumi import automation as auto
from pulumi.automation.errors import CommandError

from delivery import locks
from delivery.engine import Engine
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.stack import ProgramStack

LOCK_TIMEOUT = 60.0
"""Seconds to wait for somebody else who writes, which takes a few."""
_INTERVAL = 0.5

Outputs = Mapping[str, Any]
Change = Callable[[Outputs], Outputs]


class Kept:
    """What is kept beside one stack. Methods raise DeliveryError where the backend refuses."""

    def __init__(self, stack: ProgramStack, project: str) -> None:
        """``project``: whose stack it is kept in."""
        self.project = project
        self._stack = stack

    def read(self) -> Outputs | None:
        """What is there; None where there never was anything."""
        with self._workspace() as directory:
            return self._read(directory)

    def change(self, change: Change) -> None:
        """Read, change and write, as the only one anywhere who does."""
        with self._workspace() as directory, self._alone():
            found = self._read(directory)
            if found is None:
                found = self._made(directory)
            if self._stack.backend_directory is not None:
                self._write(directory, change(found))
            else:
                self._patiently(directory, lambda: self._written_by_engine(directory, change))

    def remove(self) -> None:
        """Forget it. Nothing where there is nothing."""
        with self._workspace() as directory, self._alone():
            try:
                # Force: to the engine, what is kept is a stack that still has something.
                self._patiently(directory, lambda: self._engine(directory, "stack", "rm", "--yes", "--force"))
            except DeliveryError as error:
                if not error.message.startswith("There is no stack"):
                    raise

    def _read(self, directory: Path) -> Outputs | None:
        try:
            text = self._engine(directory, "stack", "export")
        except DeliveryError as error:
            if error.message.startswith("There is no stack"):
                return None
            raise
        resources = (json.loads(text).get("deployment") or {}).get("resources") or []
        return next((one.get("outputs") or {} for one in resources), {})

    def _made(self, directory: Path) -> Outputs:
        try:
            self._engine(directory, "stack", "init", "--no-select")
        except DeliveryError:
            if (found := self._read(directory)) is not None:
                return found  # Somebody else was quicker.
            raise
        return {}

    def _write(self, directory: Path, outputs: Outputs) -> None:
        """Replace it as a whole; only for whoever holds the others back."""
        urn = f"urn:pulumi:{self._stack.name}::{self.project}::pulumi:pulumi:Stack::{self.project}-{self._stack.name}"
        resource = {"urn": urn, "custom": False, "type": "pulumi:pulumi:Stack", "outputs": outputs}
        manifest = {"time": datetime.now(UTC).isoformat(), "magic": "", "version": ""}
        file = directory / "kept.json"
        document = {"version": 3, "deployment": {"manifest": manifest, "resources": [resource]}}
        file.write_text(json.dumps(document), encoding="utf-8")
        self._patiently(directory, lambda: self._engine(directory, "stack", "import", "--file", str(file)))

    def _written_by_engine(self, directory: Path, change: Change) -> None:
        """Write by an update without resources: the engine holds the stack for as long as that takes, and what it is
        to write is read and changed meanwhile, so that nobody anywhere writes between the two."""
        # Two commands of one engine cannot run at once.
        stack = self._stack
        reader = Kept(ProgramStack(stack.directory, stack.name, stack.project, Engine()), self.project)

        failed: list[DeliveryError] = []

        def program() -> None:
            try:
                outputs = change(reader._read(directory) or {})
            except DeliveryError as error:
                failed.append(error)
                raise
            for name, value in outputs.items():
                pulumi.export(name, value)

        try:
            workspace = auto.LocalWorkspace(
                work_dir=str(directory), pulumi_command=stack.engine, program=program, env_vars=self._variables()
            )
            auto.Stack.select(stack.name, workspace).up(suppress_progress=True, color="never")
        except CommandError as error:
            raise failed[0] if failed else stack.explain() from error

    def _patiently(self, directory: Path, command: Callable[[], Any]) -> None:
        """Run a command of the engine, and again for as long as somebody else holds the stack."""
        until = time.monotonic() + LOCK_TIMEOUT
        while True:
            try:
                command()
                return
            except DeliveryError as error:
                if error.code is not Exit.LOCKED or time.monotonic() >= until:
                    raise
                self._free(directory)
                time.sleep(_INTERVAL)

    def _free(self, directory: Path) -> None:
        """Break the stack's own lock where its owner is dead: an engine that was killed while it wrote."""
        last = self._stack.engine.last
        holders = locks.in_message(f"{last.stderr}\n{last.stdout}")
        if holders and all(lock.owner_is_dead() for lock in holders):
            self._engine(directory, "cancel", "--yes")

    def _engine(self, directory: Path, *arguments: str) -> str:
        command = [*arguments, "--stack", self._stack.name]
        try:
            return self._stack.engine.run(command, str(directory), self._variables()).stdout
        except CommandError as error:
            raise self._stack.explain() from error

    def _variables(self) -> dict[str, str]:
        # There is nothing to encrypt, and the engine asks for a passphrase all the same.
        place = {"PULUMI_BACKEND_URL": self._stack.url} if self._stack.url is not None else {}
        return {"PULUMI_CONFIG_PASSPHRASE": "", **place}

    @contextlib.contextmanager
    def _workspace(self) -> Iterator[Path]:
        """A project directory for the engine: its files here are no files of the program."""
        with tempfile.TemporaryDirectory(prefix="caas-kept-") as directory:
            content = {"name": self.project, "runtime": "python"}
            (Path(directory) / "Pulumi.yaml").write_text(json.dumps(content), encoding="utf-8")
            yield Path(directory)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold back others: where the state is a directory, everybody who reaches that, from another machine too; else
        those on this machine, since the engine holds back the others."""
        shared = self._stack.backend_directory
        if shared is not None:
            place = self._stack.directory / shared / "caas-ledgers"
        else:
            place = Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser() / "caas" / "ledgers"
        (place / self.project).mkdir(parents=True, exist_ok=True, mode=0o700)
        with (place / self.project / f"{self._stack.name}.lock").open("w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
