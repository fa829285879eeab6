"""What a wrong configuration is: a correct one with a change laid on, and the one problem that it must give."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DIGEST = "sha256:" + "0123456789abcdef" * 4
IMAGE = f"registry.example.org/hello@{DIGEST}"
MARKER = "hunter2-marker"
"""Stands where a user put a secret by mistake; no message may repeat it."""

SECURE = "v1:dwxwfZF4n/GBGgpB:673KJroH+pXBwI6xRwe/JZw="
"""A value encrypted under the sandbox's public passphrase and salt."""


class Remove:
    """A change that takes a key away."""


REMOVE = Remove()

SERVICE: dict[str, Any] = {
    "build": {"context": "app"},
    "port": 8080,
    "cpu": 0.25,
    "memory": 256,
    "environment": {"LOG_LEVEL": "info"},
    "health": {"readiness": {"path": "/readyz"}},
    "scaling": {"minimum": 3, "maximum": 6},
    "ingress": {"host": "hello.example.org"},
}
SETTINGS: dict[str, Any] = {
    "registry": {"address": "registry.example.org/team"},
    "owner": "platform-team",
    "costCentre": "4711",
}


@dataclass(frozen=True)
class Case:
    """One wrong configuration. Changes are dotted path -> value, laid onto a correct one."""

    id: str
    key: str
    """As the problem names it, without the namespace's prefix; a leading ``!`` marks a key of the file's own."""
    limit: str
    """Part of the problem's limit."""
    remedy: str
    """Part of the problem's remedy."""
    service: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    """Further files beside Pulumi.yaml: name -> text."""
    more: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Further services: name -> changes."""
    name: str = "hello"
    stack: str = "dev"
    file: str = "Pulumi.yaml"
    line: str | None = None
    """Part of the line that the problem points at; None where it points at no line."""
    project_text: str | None = None
    """The project's file as it stands, where the fault is in its form."""
    stack_text: str | None = None
    top: dict[str, Any] = field(default_factory=dict)
    """Keys of the stack's file beside ``config``."""
    engine: bool = True
    """Whether the fault reaches the program: the engine itself refuses a file that is no YAML."""

    @property
    def full_key(self) -> str:
        """The key as a user writes it."""
        return self.key.removeprefix("!") if self.key[:1] in ("!", "") else f"caas:{self.key}"

    def services(self) -> dict[str, Any]:
        """The value of caas:services."""
        services = {self.name: changed(SERVICE, self.service)}
        for at, (name, changes) in enumerate(self.more.items()):
            services[name] = changed(SERVICE, {"ingress.host": f"other{at}.example.org", **changes})
        return services

    def stack_settings(self) -> dict[str, Any]:
        """The stack's keys without their prefix."""
        return changed(SETTINGS, self.settings)


def changed(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """A copy with the changes laid on; a ``/`` in a path stands for a dot inside a key."""
    result = copy.deepcopy(base)
    for path, value in changes.items():
        *above, last = [part.replace("/", ".") for part in path.split(".")]
        place = result
        for part in above:
            if not isinstance(place.get(part), dict):
                place[part] = {}
            place = place[part]
        if value is REMOVE:
            del place[last]
        else:
            place[last] = value
    return result


def write(case: Case, directory: Path) -> None:
    """The case as files: Pulumi.yaml, Pulumi.<stack>.yaml, and a build context."""
    (directory / "app").mkdir(exist_ok=True)
    (directory / "app" / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    for name, text in case.files.items():
        (directory / name).write_text(text, encoding="utf-8")
    project = {"name": "caas", "runtime": "python", "config": {"caas:services": {"value": case.services()}}}
    stack = {**case.top, "config": {f"caas:{key}": value for key, value in case.stack_settings().items()}}
    project_text = case.project_text if case.project_text is not None else json.dumps(project, indent=2)
    stack_text = case.stack_text if case.stack_text is not None else json.dumps(stack, indent=2)
    (directory / "Pulumi.yaml").write_text(project_text, encoding="utf-8")
    (directory / f"Pulumi.{case.stack}.yaml").write_text(stack_text, encoding="utf-8")


S = "services.hello"
O = "overrides.hello"  # noqa: E741 - stands in nearly every line of the tables, beside DEV
DEV = "Pulumi.dev.yaml"
STAGING = "Pulumi.staging.yaml"
PROD = "Pulumi.prod.yaml"


def service(id: str, key: str, limit: str, remedy: str, changes: dict[str, Any], **more: Any) -> Case:
    more.setdefault("line", key.rsplit(".", 1)[-1].split("[")[0] if key else "hello")
    return Case(id, f"{S}.{key}" if key else S, limit, remedy, service=changes, **more)


def stack(id: str, key: str, limit: str, remedy: str, changes: dict[str, Any], **more: Any) -> Case:
    more.setdefault("line", key.rsplit(".", 1)[-1])
    more.setdefault("file", f"Pulumi.{more.get('stack', 'dev')}.yaml")
    return Case(id, key, limit, remedy, settings=changes, **more)
