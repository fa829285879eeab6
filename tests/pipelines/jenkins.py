"""Executes the shared library's declarative pipeline with `jenkins.groovy`, which gives its directives a meaning and
really runs its shell steps. There is no Jenkins behind it: agents, locks and credentials are words here."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.pipelines import machine
from tests.projects import ROOT, Completed, completed

HERE = Path(__file__).resolve().parent
LIBRARY = ROOT / "delivery" / "pipelines" / "jenkins"
CREDENTIALS = ("caas-preview", "caas-review", "caas-dev", "caas-staging", "caas-prod", "caas-forge")


@dataclass
class Build:
    """One build: what Jenkins would set, and what a person says."""

    environment: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    timer: bool = False
    approver: str | None = None
    arguments: dict[str, str] = field(default_factory=dict)
    credentials: dict[str, str] = field(default_factory=lambda: dict.fromkeys(CREDENTIALS, "secret-token"))

    def run(self, directory: Path, variables: Mapping[str, str], limit: float = 900) -> Completed:
        """To its end, in a checkout, with these variables beside Jenkins' own."""
        settings = directory / ".jenkins-settings.json"
        settings.write_text(json.dumps(self.__dict__), encoding="utf-8")
        line = ["groovy", str(HERE / "jenkins.groovy"), str(LIBRARY), str(settings)]
        return completed(line, directory, {**variables, "JAVA_HOME": _java()}, limit)


def _java() -> str:
    """Where the machine's Java is; Debian's `groovy` looks for another one than the machine may have."""
    machine.ensure(groovy="groovy", java="default-jre-headless")
    found = shutil.which("java")
    assert found is not None
    return str(Path(os.path.realpath(found)).parent.parent)


def stages(done: Completed) -> list[str]:
    """The stages that ran."""
    return [line.removeprefix("stage ") for line in done.out.splitlines() if line.startswith("stage ")]


def commands(done: Completed) -> list[str]:
    """The shell commands that ran."""
    return [line.removeprefix("+ ") for line in done.out.splitlines() if line.startswith("+ ")]
