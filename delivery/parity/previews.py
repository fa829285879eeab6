"""What a stack would declare where nothing exists yet: the engine's own preview, over a state of its own.

Neither the stack's state nor its secrets are needed: the preview is of an empty stack in a backend that goes when it is
read, and each secret is replaced by a placeholder. So anybody who can read the repository can compare its environments.
"""

from __future__ import annotations

import json
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pulumi.automation.errors import CommandError
from ruamel.yaml import YAML

from components import compared
from components.spec import Environment
from components.spec.errors import NAMESPACE
from delivery import refusals
from delivery.engine import Engine
from delivery.parity.graph import Graph, graph

PLACEHOLDER = "placeholder"
_KEEPERS = ("encryptionsalt", "encryptedkey", "secretsprovider")
"""Keys of a stack's file that say how its secrets are encrypted."""
_SECRETS = f"{NAMESPACE}:secrets"


def declared(directory: Path, environment: Environment, engine: Engine) -> Graph:
    """The graph of one environment. DeliveryError where the engine refuses."""
    with tempfile.TemporaryDirectory(prefix="caas-parity-") as made:
        scratch = Path(made)
        variables = {
            "PULUMI_BACKEND_URL": f"file://{scratch}",
            "PULUMI_CONFIG_PASSPHRASE": secrets.token_hex(16),
            "PULUMI_CONFIG_PASSPHRASE_FILE": "",
            compared.VARIABLE: "1",
        }
        try:
            file = _stack_file(directory, environment, scratch, engine, variables)
            shown = engine.run(
                ["preview", "--json", "--suppress-progress", "--stack", environment.stack, "--config-file", str(file)],
                str(directory),
                variables,
            )
        except CommandError as error:
            said = f"{engine.last.stderr}\n{engine.last.stdout}"
            raise refusals.explain(said, environment.stack, "a backend of its own, for comparing") from error
    return graph(environment, _resources(json.loads(shown.stdout)))


def _stack_file(
    directory: Path, environment: Environment, scratch: Path, engine: Engine, variables: Mapping[str, str]
) -> Path:
    """The stack's file without its secrets, for a stack that is made beside it."""
    yaml = YAML(typ="safe")
    project = {"name": environment.project, "runtime": "yaml"}
    (scratch / "Pulumi.yaml").write_text(json.dumps(project), encoding="utf-8")
    data: dict[str, Any] = yaml.load((directory / f"Pulumi.{environment.stack}.yaml").read_text("utf-8")) or {}
    data = {key: value for key, value in data.items() if key not in _KEEPERS}
    config = dict(data.get("config") or {})
    keys = sorted(config.pop(_SECRETS, None) or {})
    file = scratch / f"Pulumi.{environment.stack}.yaml"
    with file.open("w", encoding="utf-8") as stream:
        yaml.dump({**data, "config": config}, stream)
    engine.run(["stack", "init", environment.stack, "--no-select"], str(scratch), variables)
    if keys:
        given = [argument for key in keys for argument in ("--secret", f"{_SECRETS}.{key}={PLACEHOLDER}")]
        engine.run(["config", "set-all", "--path", "--stack", environment.stack, *given], str(scratch), variables)
    return file


def _resources(shown: Mapping[str, Any]) -> list[dict[str, Any]]:
    states = [step["newState"] for step in shown.get("steps") or [] if step.get("newState")]
    return [
        {"type": one["type"], "name": one["urn"].rpartition("::")[2], "inputs": one.get("inputs") or {}}
        for one in states
    ]
