"""An adoption tried out: the same engine commands on a copy of the stack in a state that is thrown away.

Importing only reads the cloud, and a preview changes nothing, so what a copy shows is what the stack will show. The
copy has the stack's own file, and decrypts with the same passphrase or key.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi import automation as auto
from pulumi.automation.errors import CommandError

from delivery import refusals
from delivery.adoption.importing import Entry, document, entries
from delivery.adoption.matching import Planned
from delivery.engine import Engine
from delivery.errors import DeliveryError
from delivery.preview.model import Operation
from delivery.stack import ProgramStack

_REPLACING = frozenset({"replace", "create-replacement", "delete-replaced", "delete"})


@dataclass(frozen=True)
class Plan:
    """What a preview says."""

    planned: tuple[Planned, ...]
    """What would be created."""
    entries: Mapping[str, Entry]
    """URN -> how the engine would import it."""
    changes: Mapping[str, tuple[Operation, tuple[str, ...]]]
    """URN of what exists -> what would happen to it, and to which properties."""


@dataclass(frozen=True)
class Place:
    """Where the engine's commands go: a stack, or the copy of one."""

    engine: Engine
    directory: Path
    project: str
    stack: str
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    config_file: Path | None = None

    def run(self, *arguments: str, directory: Path | None = None) -> str:
        """One command; DeliveryError where the engine refuses."""
        given = ["--config-file", str(self.config_file)] if self.config_file and directory is None else []
        try:
            where = str(directory or self.directory)
            return self.engine.run([*arguments, "--stack", self.stack, *given], where, self.variables).stdout
        except CommandError as error:
            said = f"{self.engine.last.stderr}\n{self.engine.last.stdout}"
            raise refusals.explain(said, self.stack, "its backend") from error

    def plan(self) -> Plan:
        """What would be created and changed."""
        with tempfile.TemporaryDirectory(prefix="caas-adopt-") as made:
            file = Path(made) / "import.json"
            shown = self.run("preview", "--json", "--suppress-progress", "--import-file", str(file))
            importable = json.loads(file.read_text("utf-8"))
        steps = json.loads(shown).get("steps") or []
        created = [one["newState"] for one in steps if one["op"] == "create"]
        planned = [Planned(one["urn"], one["type"], one.get("inputs") or {}) for one in created if one.get("custom")]
        return Plan(tuple(planned), entries(importable, self.project, self.stack), dict(_changes(steps)))

    def bring(self, which: list[Entry], ids: Mapping[str, str]) -> None:
        """Import components, then everything else, into the state."""
        for several in parts(which):
            if not several:
                continue
            with tempfile.TemporaryDirectory(prefix="caas-adopt-") as made:
                file = Path(made) / "import.json"
                file.write_text(json.dumps(document(several, ids)), encoding="utf-8")
                self.run(*IMPORT, str(file))


IMPORT = ("import", "--yes", "--skip-preview", "--generate-code=false", "--protect=false", "--file")
"""The command that reads a document. What it says of protection would hold until the next apply only."""


def parts(which: list[Entry]) -> tuple[list[Entry], list[Entry]]:
    """Components, and the rest: what a document each is for."""
    return [one for one in which if one.component], [one for one in which if not one.component]


def _changes(steps: list[Mapping[str, Any]]) -> Iterator[tuple[str, tuple[Operation, tuple[str, ...]]]]:
    replaced = {one["urn"] for one in steps if one["op"] in _REPLACING}
    for one in steps:
        if one["op"] in _REPLACING or one["op"] == "update":
            properties = sorted({*(one.get("detailedDiff") or {}), *(one.get("replaceReasons") or ())})
            operation = Operation.REPLACE if one["urn"] in replaced else Operation.UPDATE
            yield one["urn"], (operation, tuple(properties or one.get("diffReasons") or ()))


_KEYS = ("encryptionsalt:", "encryptedkey:")
"""What a stack's file has once something can be encrypted for it."""


@contextmanager
def copy_of(program: ProgramStack) -> Iterator[Place]:
    """A copy of a stack, which need not exist yet, in a state of its own that goes when it is left."""
    name, engine = program.name, program.engine
    with tempfile.TemporaryDirectory(prefix="caas-adopt-") as made:
        scratch = Path(made)
        (scratch / "state").mkdir()
        original = program.directory / f"Pulumi.{name}.yaml"
        file = scratch / original.name
        (scratch / "Pulumi.yaml").write_text(json.dumps({"name": program.project, "runtime": "yaml"}), "utf-8")
        shutil.copyfile(original, file)
        place = Place(
            engine,
            program.directory,
            program.project,
            name,
            {"PULUMI_BACKEND_URL": f"file://{scratch / 'state'}"},
            file,
        )
        exported, encrypted = _exported(program), any(key in original.read_text("utf-8") for key in _KEYS)
        try:
            engine.run(["stack", "init", name, "--no-select"], str(scratch), place.variables)
        except CommandError as error:
            raise refusals.explain(f"{engine.last.stderr}\n{engine.last.stdout}", name, "a copy of it") from error
        if encrypted:
            # The copy decrypts as the stack does: what making it has written is not wanted.
            shutil.copyfile(original, file)
        if exported is not None:
            state = scratch / "export.json"
            state.write_text(exported, "utf-8")
            place.run("stack", "import", "--file", str(state), directory=scratch)
        yield place


def _exported(program: ProgramStack) -> str | None:
    """The stack's state, secrets encrypted; None where there is no such stack yet."""
    try:
        return program.run("stack", "export")
    except DeliveryError as error:
        if isinstance(error.__cause__, auto.StackNotFoundError):
            return None
        raise
