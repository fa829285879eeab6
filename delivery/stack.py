"""One stack of the program, as the Automation API sees it: open or make it, read its outputs, state and secrets."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pulumi import automation as auto
from pulumi.automation._stack import StackInitMode  # not public, and asked for by the public constructor
from pulumi.automation.errors import CommandError
from ruamel.yaml import YAML

from components.spec import NAMESPACE
from delivery import locks, refusals
from delivery.engine import Engine
from delivery.errors import DeliveryError
from delivery.masking import Masker


class _Workspace(auto.LocalWorkspace):
    """A workspace that chooses no stack for whoever works in the directory: every command names its own."""

    def select_stack(self, stack_name: str) -> None:
        """Nothing to ask the engine."""


class _Stack(auto.Stack):
    """A stack whose updates ask the engine for nothing but the update: the Automation API would start it three times
    more, for the outputs, the outputs with secrets, and the history, of which nothing is used here."""

    def outputs(self) -> auto.OutputMap:
        """Not read: ``ProgramStack.outputs`` does where they are wanted."""
        return {}

    def info(self, show_secrets: bool = True) -> auto.UpdateSummary:  # noqa: ARG002 -- as the class above declares it
        """That there was an update; what it did was heard from its events."""
        return auto.UpdateSummary("", datetime.now(UTC), "", {}, {}, "")


class ProgramStack:
    """A stack in its backend. Methods raise DeliveryError where the engine refuses."""

    def __init__(self, directory: Path, name: str, project: str, engine: Engine) -> None:
        self.directory = directory
        self.name = name
        self.project = project
        self.engine = engine
        self._url = _backend_url(directory)
        self.pack_config: Path | None = None
        """What the rules of the policy pack are told with every preview, as a file."""

    @property
    def url(self) -> str | None:
        """The backend's URL for an engine that works in another directory; None for that of the last login."""
        directory = self.backend_directory
        if directory is None or directory.is_absolute():
            return self._url
        return f"file://{(self.directory / directory).resolve()}"

    @property
    def backend(self) -> str:
        """Where the state is kept, for people: without any credential that the URL may hold."""
        if self._url is None:
            return "the backend that `pulumi login` chose"
        parts = urlsplit(self._url)
        host = parts.netloc.rpartition("@")[2]
        return f"{parts.scheme}://{host}{parts.path}"

    @property
    def backend_directory(self) -> Path | None:
        """The directory of a file backend; None for any other."""
        return locks.file_backend(self._url) if self._url else None

    def must_exist(self) -> None:
        """DeliveryError where there is no such stack."""
        self.run("stack", "select")

    def opened(self, masker: Masker) -> auto.Stack:
        """The stack, which must exist; what its configuration keeps secret is masked from here on."""
        # The first question about the stack also tells whether there is one: each is a start of the engine.
        masker.add(self.secret_values())
        return self._handle(create=False)

    def opened_or_made(self, masker: Masker) -> tuple[auto.Stack, bool]:
        """As ``opened``, and whether the stack had to be made."""
        try:
            return self.opened(masker), False
        except DeliveryError as error:
            if not isinstance(error.__cause__, auto.StackNotFoundError):
                raise
        try:
            made = self._handle(create=True)
        except DeliveryError as error:
            if not isinstance(error.__cause__, auto.StackAlreadyExistsError):
                raise
            # Somebody was quicker.
            return self.opened(masker), False
        masker.add(self.secret_values())
        return made, True

    def _handle(self, *, create: bool) -> auto.Stack:
        try:
            workspace = _Workspace(work_dir=str(self.directory), pulumi_command=self.engine)
            return _Stack(self.name, workspace, StackInitMode.CREATE if create else StackInitMode.SELECT)
        except CommandError as error:
            raise self.explain() from error

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs. Secret ones stay masked: verifying needs none of them."""
        return dict(self._json("stack", "output", "--json"))

    def state(self) -> dict[str, Any]:
        """The deployment as it is stored, secrets encrypted."""
        return dict(self._json("stack", "export").get("deployment") or {})

    def secret_values(self) -> list[str]:
        """Every secret of the stack's configuration, for the masker alone."""
        config = self._json("config", "--show-secrets", "--json")
        return [text for entry in config.values() if entry.get("secret") for text in _texts(entry)]

    def secret(self, key: str) -> str | None:
        """The value of a key in caas:secrets; None where there is none."""
        entry = self._json("config", "--show-secrets", "--json").get(f"{NAMESPACE}:secrets") or {}
        values = entry.get("objectValue") or json.loads(entry.get("value") or "{}")
        return values.get(key) if isinstance(values, dict) else None

    def tags(self) -> dict[str, str]:
        """The stack's tags."""
        return {str(key): str(value) for key, value in self._json("stack", "tag", "ls", "--json").items()}

    def tag(self, name: str, value: str) -> None:
        """Set a tag."""
        self.run("stack", "tag", "set", name, value)

    def names(self) -> list[str]:
        """Every stack of the project in the backend."""
        try:
            found = json.loads(self.engine.run(["stack", "ls", "--json"], str(self.directory), {}).stdout)
        except CommandError as error:
            raise self.explain() from error
        return [str(entry["name"]) for entry in found]

    def run(self, *arguments: str) -> str:
        """One engine command for this stack, without a display; answers what it wrote."""
        try:
            return self.engine.run([*arguments, "--stack", self.name], str(self.directory), {}).stdout
        except CommandError as error:
            raise self.explain() from error

    def explain(self) -> DeliveryError:
        """What the engine's last refusal means."""
        result = self.engine.last
        return refusals.explain(f"{result.stderr}\n{result.stdout}", self.name, self.backend)

    def _json(self, *arguments: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run(*arguments))
        return found


def _backend_url(directory: Path) -> str | None:
    """As the engine chooses it: the variable, else the project's file, else None for the last login."""
    if url := os.environ.get("PULUMI_BACKEND_URL"):
        return url
    backend = YAML(typ="safe").load(directory / "Pulumi.yaml").get("backend") or {}
    url = backend.get("url")
    return str(url) if url else None


def _texts(entry: dict[str, Any]) -> Iterator[str]:
    """The single values of an entry: an object with secrets inside is printed as one JSON text."""
    value = entry.get("objectValue", entry.get("value"))
    if isinstance(value, str) and value[:1] in "{[":
        with contextlib.suppress(ValueError):  # A text that only begins like JSON is a text.
            value = json.loads(value)
    yield from _leaves(value)


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif value is not None:
        yield str(value)
