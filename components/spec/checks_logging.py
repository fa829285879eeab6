"""Rules of where logs are kept. Pure generators of findings."""

from __future__ import annotations

from collections.abc import Iterator

from components.spec.environment import Settings, Tier
from components.spec.errors import NAMESPACE, Finding, Shown
from components.spec.logging import Logging

OWN_CLUSTER = ("kubernetes", "gke")
"""Platforms where Elastic's operator can run Elasticsearch."""

UNREADY: tuple[str, ...] = ("aws-ecs", "azure-aci")
"""Platforms whose lines go to the platform's own logs only."""


def environment(settings: Settings, keys: frozenset[str], stack: str, level: Tier | None) -> Iterator[Finding]:
    """Every rule of this module."""
    given = settings.logging
    if given is None:
        return
    if settings.platform in UNREADY:
        limit = f"no logging on {settings.platform} yet: lines go to the platform's own logs, kept for logRetention"
        yield Finding(("logging",), Shown.HIDDEN, limit, "remove logging, and set logRetention")
        return
    if given.elasticsearch is None:
        yield from _declared(given, keys, stack)
    else:
        yield from _existing(given, given.elasticsearch, keys, stack, level)


def _declared(given: Logging, keys: frozenset[str], stack: str) -> Iterator[Finding]:
    if given.api_key is not None:
        limit = "apiKey only with elasticsearch: the Elasticsearch that is declared here takes password"
        yield Finding(("logging", "apiKey"), Shown.HIDDEN, limit, "write password instead, or name an elasticsearch")
    if given.password is None:
        limit = "required where Elasticsearch is declared here: the password that the agent gets"
        remedy = (
            f"pulumi config set --secret --path '{NAMESPACE}:secrets.logs' --stack {stack}, and write password: logs"
        )
        yield Finding(("logging", "password"), Shown.ABSENT, limit, remedy)
    else:
        yield from _missing("password", given.password, keys, stack)


def _missing(field: str, key: str, keys: frozenset[str], stack: str) -> Iterator[Finding]:
    """A key that is referred to and not set. Never repeated: the secret itself is easily written in its place."""
    if key not in keys:
        limit = f"a key in {NAMESPACE}:secrets that is set; set are: {', '.join(sorted(keys)) or 'none'}"
        remedy = f"pulumi config set --secret --path '{NAMESPACE}:secrets.logs' --stack {stack}, and write logs here"
        yield Finding(("logging", field), Shown.HIDDEN, limit, remedy)


def _existing(
    given: Logging, elasticsearch: str, keys: frozenset[str], stack: str, level: Tier | None
) -> Iterator[Finding]:
    for key in ("operator", "nodes", "storage", "snapshots", "password"):
        if key in given.model_fields_set:
            limit = f"{key} only where Elasticsearch is declared here; logging.elasticsearch names one that exists"
            yield Finding(("logging", key), Shown.HIDDEN, limit, f"remove {key}, or remove elasticsearch")
    if given.api_key is not None:
        yield from _missing("apiKey", given.api_key, keys, stack)
    if level in ("staging", "prod"):
        if given.api_key is None:
            limit = f"required in {level}: nobody adds lines without a key"
            yield Finding(("logging", "apiKey"), Shown.ABSENT, limit, "make a key that may add lines, and name it")
        if not elasticsearch.startswith("https://"):
            limit = f"https in {level}: lines and the key cross a network"
            yield Finding(("logging", "elasticsearch"), elasticsearch, limit, "write its https URL")
