"""Runs a repository's workflow as GitHub would, with `act`: its events, conditions, needs and matrices, each step in a
shell of this machine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from sandbox import toolchain
from tests.projects import ROOT

WORKFLOW = ".github/workflows/deliver.yml"
RUNNER = "ubuntu-24.04"
PASSED_ON = ("PATH", "HOME", "KUBECONFIG", "BUILDX_BUILDER", "BUILDX_CONFIG", "CAAS_LANGUAGE_EXEC")
"""Of this machine: what a runner of one's own has beside what GitHub sets."""


def files() -> dict[str, str]:
    """The workflow; an application's own would call it, which `act` can only fetch."""
    return {WORKFLOW: (ROOT / WORKFLOW).read_text(encoding="utf-8").replace("'make lint test-fast'", "'make test'")}


def tool(name: str) -> Path:
    """`act` or `actionlint`."""
    return toolchain.ensure((toolchain.CHECKS,)).tool(name)


def stand_ins(directory: Path) -> list[str]:
    """Options that put an empty action in the place of the one that uploads artefacts; `act` itself knows checkout."""
    action = directory / "upload-artifact"
    action.mkdir(parents=True, exist_ok=True)
    step = "runs:\n  using: composite\n  steps:\n    - run: ls\n      shell: bash\n"
    (action / "action.yml").write_text(f"name: upload\ndescription: keeps nothing\n{step}", encoding="utf-8")
    text = (ROOT / WORKFLOW).read_text(encoding="utf-8")
    used = {word.split()[0] for word in text.split("uses: ")[1:] if word.startswith("actions/upload-artifact@")}
    return [part for one in sorted(used) for part in ("--local-repository", f"{one}={action}")]


def command(directory: Path, event: str, content: Mapping[str, object], variables: Mapping[str, str]) -> list[str]:
    """The command line of a run. ``variables``: the whole environment of each step."""
    directory.mkdir(parents=True, exist_ok=True)
    payload, environment = directory / "event.json", directory / "environment"
    payload.write_text(json.dumps(content), encoding="utf-8")
    environment.write_text("".join(f"{name}={value}\n" for name, value in variables.items()), encoding="utf-8")
    return [
        *(str(tool("act")), event, "--workflows", WORKFLOW, "--eventpath", str(payload)),
        *("--platform", f"{RUNNER}=-self-hosted", "--no-cache-server", "--env-file", str(environment)),
        *("--secret", "GITHUB_TOKEN=secret-token"),
        *stand_ins(directory),
    ]
