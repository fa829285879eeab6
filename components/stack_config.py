"""The only reader of Pulumi's configuration: what the engine hands over becomes an `Environment`.

A fault ends the program with one message and no traceback, before any resource. Validation itself is
`components.spec`'s; nothing else may call `pulumi.Config` or `pulumi.get_stack` (a lint rule holds it).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env, is_config_secret

from components import release, terraform
from components.spec.environment import Environment, Settings
from components.spec.errors import NAMESPACE, Finding, Shown, SpecError
from components.spec.fields import children
from components.spec.files import Source
from components.spec.load import load_environment


@dataclass(frozen=True)
class StackConfig:
    """The validated environment, and the secrets that it refers to by key."""

    environment: Environment
    secrets: Mapping[str, pulumi.Output[str]]
    """Key in caas:secrets -> value, secret from here on."""


def load() -> StackConfig:
    """Read and validate the configuration of the stack that the engine is working on.

    Raises `pulumi.RunError` with every problem, which the engine prints as it is.
    """
    config = pulumi.Config(NAMESPACE)
    stack = pulumi.get_stack()
    secrets = _secrets(config)
    again = release.pinned()
    try:
        source = Source.of(Path(pulumi.get_root_directory() or "."), stack)
        source = replace(source, found=(*source.found, *_misplaced_secrets(config, source)))
        plain = _plain(config)
        if again is not None:
            source, plain = source.of_release(again.name), dict(again.configuration)
        environment = load_environment(
            {**plain, "secrets": secrets},
            project=pulumi.get_project(),
            stack=stack,
            source=source,
            reader=terraform.read,
        )
    except SpecError as error:
        # The cause is left out on purpose: its traceback would say nothing that the message does not.
        raise pulumi.RunError(str(error)) from None
    return StackConfig(environment, {key: pulumi.Output.secret(str(value)) for key, value in secrets.items()})


def _keys() -> list[str]:
    """The keys of the namespace that are set. The SDK reads by key only, and an unknown key must be seen."""
    prefix = f"{NAMESPACE}:"
    everything = {**get_config_env(), **CONFIG.get()}
    return [key.removeprefix(prefix) for key in everything if key.startswith(prefix)]


def _plain(config: pulumi.Config) -> dict[str, Any]:
    """Everything but the secrets, as plain data: the engine hands collections over as JSON text."""
    texts = {key: config.get(key) for key in _keys() if key != "secrets"}
    return {key: _value(key, text) for key, text in texts.items()}


def _value(key: str, text: str | None) -> Any:
    shape = children(Settings).get(key)
    scalar = shape is not None and shape.annotation is str
    if text is None or scalar or (shape is not None and text[:1] not in "{["):
        return text
    try:
        return json.loads(text)
    except ValueError:  # plain text where a collection belongs: the loader says so, with the place
        return text


def _secrets(config: pulumi.Config) -> dict[str, Any]:
    text = config.get("secrets")
    try:
        values = json.loads(text) if text else {}
    except ValueError:  # one encrypted text instead of a mapping; the file's own check says so
        return {}
    return values if isinstance(values, dict) else {}


def _misplaced_secrets(config: pulumi.Config, source: Source) -> Iterator[Finding]:
    """What only the engine knows: which keys were encrypted, and that the secrets were."""
    reported = {finding.path[0] for finding in source.found}
    for key in _keys():
        encrypted = is_config_secret(f"{NAMESPACE}:{key}")
        if key == "secrets" and key not in reported:
            yield from _not_secret(config, encrypted)
        elif key != "secrets" and encrypted and key not in reported:
            limit = f"encrypted values stand below {NAMESPACE}:secrets only"
            remedy = f"store it as {NAMESPACE}:secrets.KEY, and refer to KEY from the service's secrets"
            yield Finding((key,), Shown.HIDDEN, limit, remedy)


def _not_secret(config: pulumi.Config, encrypted: bool) -> Iterator[Finding]:
    if not encrypted:
        remedy = f"renew them, then `pulumi config set --secret --path '{NAMESPACE}:secrets.KEY'` for each"
        yield Finding(("secrets",), Shown.HIDDEN, "encrypted text; these are plain and readable", remedy)
        return
    values = _secrets(config)
    if not values and config.get("secrets") not in ("{}", None):
        limit = "one encrypted value per key, so that the keys can be read without the passphrase"
        remedy = f"set each with `pulumi config set --secret --path '{NAMESPACE}:secrets.KEY'`"
        yield Finding(("secrets",), Shown.HIDDEN, limit, remedy)
    for key, value in values.items():
        if not isinstance(value, str):
            remedy = f"pulumi config set --secret --path '{NAMESPACE}:secrets.{key}'"
            yield Finding(("secrets", key), Shown.HIDDEN, "one text per key", remedy)
