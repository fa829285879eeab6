"""Writes what a repository needs to be delivered: the description of a service, three stacks, and a pipeline.

What is written is validated before the first file is. A file that is there is never changed: docs/pipelines.md.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from components.spec import load_environment, read_files
from delivery import whole_file
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit

STACKS = ("dev", "staging", "prod")
NEEDED: Mapping[str, tuple[str, ...]] = {
    "kubernetes": (),
    "aws-ecs": ("region", "certificate"),
    "gke": ("project", "region"),
    "azure-aci": ("subscription", "location", "vault", "certificate"),
}
"""Platform -> keys of its own settings without which no service with TLS runs there."""
BLOCK: Mapping[str, str] = {"aws-ecs": "aws", "gke": "gcp", "azure-aci": "azure"}
"""Platform -> the key that holds those settings."""
SYSTEMS = ("gitlab", "github", "jenkins", "none")
OF_THE_ENGINE = ("encryptionsalt", "encryptedkey", "secretsprovider")
"""Keys that the engine adds to a stack's file."""
DOCKERFILE = "Dockerfile"
DEV = {"scaling": {"minimum": 1}, "ingress": {"tls": False}}
"""How dev differs: one instance is enough, and nobody has a certificate for it."""


@dataclass(frozen=True)
class Answers:
    """What is asked for. ``settings``: the platform's own by their dotted keys, see NEEDED."""

    service: str
    platform: str
    registry: str
    domain: str
    system: str = "none"
    context: str = "."
    port: int = 8080
    ready: str = "/healthz/ready"
    owner: str = ""
    cost_centre: str = ""
    test: str = "make test"
    program: str = "platform/caas"
    """Where the CI system finds the repository with the pipelines' reusable pieces."""
    version: str = "main"
    """Branch or tag of it."""
    settings: Mapping[str, str] = field(default_factory=dict)


def files(answers: Answers) -> dict[str, str]:
    """Path -> text of everything that is written. Pure."""
    described = {
        "build": {"context": answers.context},
        "port": answers.port,
        "health": {"readiness": {"path": answers.ready}},
        "scaling": {"minimum": 3, "maximum": 6},
        "ingress": {"path": "/"},
    }
    project = {
        "name": answers.service,
        "runtime": {"name": "python", "options": {"toolchain": "pip", "virtualenv": ".venv"}},
        "config": {"caas:services": {"value": {answers.service: described}}},
    }
    found = {"Pulumi.yaml": _yaml(project)}
    found |= {f"Pulumi.{stack}.yaml": _yaml({"config": _stack(answers, stack)}) for stack in STACKS}
    return found | _pipeline(answers)


def _stack(answers: Answers, stack: str) -> dict[str, Any]:
    own: dict[str, Any] = {}
    for key, value in answers.settings.items():
        *above, last = key.split(".")
        place = own
        for part in above:
            place = place.setdefault(part, {})
        place[last] = value
    values: dict[str, Any] = {
        "platform": answers.platform,
        "registry": {"address": answers.registry},
        "domain": answers.domain if stack == "prod" else f"{stack}.{answers.domain}",
        "owner": answers.owner or None,
        "costCentre": answers.cost_centre or None,
        BLOCK.get(answers.platform, answers.platform): own or None,
        "overrides": {answers.service: DEV} if stack == "dev" else None,
    }
    return {f"caas:{key}": value for key, value in values.items() if value is not None}


def _pipeline(answers: Answers) -> dict[str, str]:
    program, version, test = answers.program, answers.version, answers.test
    if answers.system == "gitlab":
        include = {
            "project": program,
            "ref": version,
            "file": "delivery/pipelines/gitlab.yml",
            "inputs": {"test": test},
        }
        return {".gitlab-ci.yml": _yaml({"include": [include]})}
    if answers.system == "github":
        rights = {"contents": "read", "id-token": "write", "pull-requests": "write", "issues": "write"}
        job = {
            "uses": f"{program}/.github/workflows/deliver.yml@{version}",
            "permissions": {**rights, "actions": "read"},
            "with": {"test": test},
        }
        return {".github/workflows/deliver.yml": _yaml({"on": ["pull_request", "push"], "jobs": {"deliver": job}})}
    if answers.system == "jenkins":
        quoted = test.replace("\\", "\\\\").replace("'", "\\'")
        return {"Jenkinsfile": f"@Library('caas@{version}') _\n\ncaasDeliver(test: '{quoted}')\n"}
    return {}


def _yaml(content: Mapping[str, Any]) -> str:
    writer, text = YAML(), io.StringIO()
    writer.width = 120
    writer.dump(dict(content), text)
    return text.getvalue()


def write(directory: Path, answers: Answers) -> dict[str, bool]:
    """Write what is not there; path -> whether it was written. What is there and says the same stays.

    :raises DeliveryError: A file is there and says something else, or cannot be written.
    :raises SpecError: An answer makes no valid description. Nothing was written in either case.
    """
    wanted = files(answers)
    others = [name for name, text in wanted.items() if _differs(directory / name, text)]
    if others:
        raise DeliveryError(
            f"In {directory} stands something else in {', '.join(others)}; nothing was written.",
            Exit.BAD_INPUT,
            remedy="Move what is there away, or name another --directory, and compare.",
        )
    _validate(directory, answers, wanted)
    made = {}
    try:
        for name, text in wanted.items():
            made[name] = not (directory / name).exists()
            if made[name]:
                (directory / name).parent.mkdir(parents=True, exist_ok=True)
                whole_file.write(directory / name, text)
    except OSError as error:
        raise DeliveryError(
            f"{directory / name} cannot be written: {error.strerror}.",
            Exit.BAD_INPUT,
            remedy="Run it again after that.",
        ) from error
    return made


def _differs(path: Path, text: str) -> bool:
    try:
        there = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    except (OSError, UnicodeDecodeError):
        return True
    if path.suffix not in (".yaml", ".yml"):
        return there != text
    reader = YAML(typ="safe")
    try:
        found = reader.load(there)
    except YAMLError:
        return True
    if isinstance(found, dict):
        found = {key: value for key, value in found.items() if key not in OF_THE_ENGINE}
    return bool(found != reader.load(text))


def _validate(directory: Path, answers: Answers, wanted: Mapping[str, str]) -> None:
    """As every command reads it, beside the image's Dockerfile."""
    with tempfile.TemporaryDirectory(prefix="caas-init-") as name:
        beside = Path(name)
        if (directory / answers.context).is_dir():
            (beside / answers.context).mkdir(parents=True, exist_ok=True)
            if (directory / answers.context / DOCKERFILE).is_file():
                (beside / answers.context / DOCKERFILE).touch()
        for file in wanted:
            if "/" not in file:
                (beside / file).write_text(wanted[file], encoding="utf-8")
        for stack in STACKS:
            config, project, source = read_files(beside, stack)
            load_environment(config, project=project, stack=stack, source=source)
