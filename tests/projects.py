"""Copies of the program in a directory of their own, so that a test disturbs neither the repository nor stack dev."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parent.parent
PASSPHRASE = "a-passphrase-of-tests"


@dataclass
class Completed:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Everything that it wrote."""
        return self.out + self.err


def completed(command: Sequence[str], directory: Path, variables: Mapping[str, str], limit: float) -> Completed:
    """Run a command to its end, with these variables and no others."""
    done = subprocess.run(
        command, cwd=directory, env=variables, capture_output=True, text=True, timeout=limit, check=False
    )
    return Completed(done.returncode, done.stdout, done.stderr)


@dataclass
class Project:
    """The program with its own name, services, stack and state."""

    directory: Path
    stack: str
    environment: dict[str, str] = field(default_factory=dict)

    def write(self, services: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
        """Write Pulumi.yaml and the stack's file anew; what the engine keeps in the latter (its salt) stays."""
        yaml = YAML()
        runtime = {"name": "python", "options": {"toolchain": "pip", "virtualenv": sys.prefix}}
        content = {"name": "caas-test", "runtime": runtime, "config": {"caas:services": {"value": dict(services)}}}
        yaml.dump(content, self.directory / "Pulumi.yaml")
        file = self.directory / f"Pulumi.{self.stack}.yaml"
        kept = (yaml.load(file) or {}) if file.exists() else {}
        secrets = {k: v for k, v in kept.get("config", {}).items() if k == "caas:secrets"}
        kept["config"] = {**{f"caas:{key}": value for key, value in settings.items()}, **secrets}
        yaml.dump(kept, file)

    def caas(self, command: str, *arguments: str, limit: float = 300) -> Completed:
        """Run ``caas`` to its end."""
        return self.run([*self.caas_command(command), *arguments], limit)

    def caas_command(self, command: str) -> list[str]:
        """The command line of ``caas`` for this stack."""
        return [sys.executable, "-m", "delivery", command, "--stack", self.stack, "--directory", str(self.directory)]

    def pulumi(self, *arguments: str, limit: float = 300) -> Completed:
        """Run the engine by hand, as a person would."""
        return self.run(["pulumi", "--non-interactive", "--color", "never", *arguments, "--stack", self.stack], limit)

    def state(self) -> dict[str, Any]:
        """The stored deployment."""
        exported = self.pulumi("stack", "export")
        assert exported.code == 0, exported.text
        found: dict[str, Any] = json.loads(exported.out)["deployment"]
        return found

    @property
    def variables(self) -> dict[str, str]:
        """The environment of every command."""
        return {**os.environ, **self.environment, "PYTHONPATH": str(ROOT)}

    def run(self, command: list[str], limit: float = 300) -> Completed:
        """Run a command to its end, in the project's directory and environment."""
        return completed(command, self.directory, self.variables, limit)


def make(directory: Path, stack: str, **environment: str) -> Project:
    """An empty project in a directory, with its state beside it."""
    directory.mkdir(parents=True, exist_ok=True)
    state = directory / "state"
    state.mkdir()
    for name in ("__main__.py", "components"):
        (directory / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "examples" / "hello", directory / "hello")
    variables = {"PULUMI_BACKEND_URL": f"file://{state}", "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE, **environment}
    return Project(directory, stack, variables)
