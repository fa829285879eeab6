"""What a killed apply leaves in the state, put right before the next one: docs/adr/0010-recovering-a-killed-apply.md.

The engine notes each operation before it starts it. One that was never finished may or may not have happened. A
pending create is asked for at the platform by the name that it was to get, and adopted where it is there; every
other resource is read again. So nothing is made twice and nothing is forgotten.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from delivery.output import Output
from delivery.stack import ProgramStack

_KUBERNETES = "kubernetes:"


def pending(state: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The operations that the last apply began and did not finish."""
    return list(state.get("pending_operations") or [])


def identifier(resource: Mapping[str, Any]) -> str | None:
    """The id that a Kubernetes object gets, from the inputs it was to be made with; None where that is not known."""
    if not str(resource["type"]).startswith(_KUBERNETES):
        return None
    metadata = resource.get("inputs", {}).get("metadata", {})
    name, namespace = metadata.get("name"), metadata.get("namespace")
    if not isinstance(name, str):
        return None
    return f"{namespace}/{name}" if namespace else name


def adopted(state: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The resources that were to be created and can be asked for, each with the id that it has if it was.

    One that was to replace another of the same URN is not among them: a state cannot hold both as they are.
    """
    known = {resource["urn"] for resource in state.get("resources") or []}
    begun = [operation["resource"] for operation in pending(state) if operation["type"] == "creating"]
    found = [{**resource, "id": identifier(resource)} for resource in begun if resource["urn"] not in known]
    return [resource for resource in found if resource["id"] is not None]


def recover(stack: ProgramStack, state: Mapping[str, Any], output: Output) -> bool:
    """Put the state right where the last apply was cut off; answers whether it had been."""
    operations = pending(state)
    if not operations:
        return False
    backup = _back_up(stack)
    output.warn(f"The last apply was cut off with {len(operations)} operations under way; the state is read again.")
    output.say(f"The state as it was found is kept in {backup}.")
    if resources := adopted(state):
        _note(stack, backup, resources)
    # Reading forgets what turns out not to be there.
    stack.run("refresh", "--yes", "--skip-preview", "--suppress-progress", "--clear-pending-creates")
    return True


def _note(stack: ProgramStack, backup: Path, resources: list[dict[str, Any]]) -> None:
    """Write resources into the state as if they had been made. The engine's own way (`refresh
    --import-pending-creates`) marks the operations and then forgets them, up to version 3.259 at the least."""
    document = json.loads(backup.read_text(encoding="utf-8"))
    document["deployment"]["resources"] = [*(document["deployment"].get("resources") or []), *resources]
    document["deployment"].pop("pending_operations", None)
    noted = backup.with_suffix(".noted.json")
    noted.touch(mode=0o600)
    try:
        noted.write_text(json.dumps(document), encoding="utf-8")
        stack.run("stack", "import", "--file", str(noted))
    finally:
        noted.unlink()


def _back_up(stack: ProgramStack) -> Path:
    """Export the state, secrets encrypted, readable by its owner only."""
    home = Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser() / "caas"
    directory = (stack.backend_directory or home) / "caas-backups" / stack.project / stack.name
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = directory / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}.json"
    file.touch(mode=0o600)
    stack.run("stack", "export", "--file", str(file))
    return file
