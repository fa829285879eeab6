"""What a killed apply leaves in the state, put right before the next one: docs/adr/0010-recovering-a-killed-apply.md.

The engine notes each operation before it starts it. One that was never finished may or may not have happened. A
pending create is asked for at the platform by the name that it was to get, and adopted where it is there; every
other resource is read again. So nothing is made twice and nothing is forgotten.
"""

from __future__ import annotations

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


def recover(stack: ProgramStack, state: Mapping[str, Any], output: Output) -> bool:
    """Put the state right where the last apply was cut off; answers whether it had been."""
    operations = pending(state)
    if not operations:
        return False
    backup = _back_up(stack)
    output.warn(f"The last apply was cut off with {len(operations)} operations under way; the state is read again.")
    output.say(f"The state as it was found is kept in {backup}.")
    adopt: list[str] = []
    for operation in operations:
        resource = operation["resource"]
        known = identifier(resource) if operation["type"] == "creating" else None
        if known:
            adopt += ["--import-pending-creates", f"{resource['urn']} {known}"]
    stack.run("refresh", "--yes", "--skip-preview", "--suppress-progress", *adopt, "--clear-pending-creates")
    return True


def _back_up(stack: ProgramStack) -> Path:
    """Export the state, secrets encrypted, readable by its owner only."""
    home = Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser() / "caas"
    directory = (stack.backend_directory or home) / "caas-backups" / stack.project / stack.name
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = directory / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}.json"
    file.touch(mode=0o600)
    stack.run("stack", "export", "--file", str(file))
    return file
