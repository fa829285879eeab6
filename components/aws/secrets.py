"""Secrets of a service: the values of ``caas:secrets`` in Secrets Manager, and those that exist already.

A task definition names the version of a secret: a new value is a new version and so a new deployment, and while it
goes on, and after one that failed, the old instances keep the values that they were started with.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.spec.service import Service

RECOVERY = {"dev": 0, "staging": 7, "prod": 30}
"""Days in which a deleted secret can be taken back; until then its name is not free."""


def rendered(values: Mapping[str, pulumi.Output[str]]) -> pulumi.Output[str]:
    """All values as one JSON document, secret as a whole."""
    document: pulumi.Output[str] = pulumi.Output.all(**values).apply(lambda known: json.dumps(known, sort_keys=True))
    return pulumi.Output.secret(document)


@dataclass(frozen=True)
class Kept:
    """The service's own secret, once it has its values.

    :param arn: Of the secret.
    :param version: Of its values.
    """

    arn: pulumi.Output[str]
    version: pulumi.Output[str]

    def variable(self, name: str) -> pulumi.Output[str]:
        """What a container definition names to get one value: ``arn:key::version``."""
        return pulumi.Output.concat(self.arn, ":", name, "::", self.version)


def sources(service: Service, kept: Kept | None) -> dict[str, pulumi.Input[str]]:
    """Variable -> where its value is read from when an instance starts."""
    found: dict[str, pulumi.Input[str]] = {}
    for variable, source in sorted(service.secrets.items()):
        if source.reference is not None:
            found[variable] = source.reference
        elif kept is not None:
            found[variable] = kept.variable(variable)
    return found


def references(service: Service) -> tuple[list[str], list[str]]:
    """(secrets, parameters) that exist already, as ARNs that permissions name: without JSON key and version."""
    given = {source.reference for source in service.secrets.values() if source.reference is not None}
    secrets = {":".join(one.split(":")[:7]) for one in given if ":secretsmanager:" in one}
    return sorted(secrets), sorted(one for one in given if ":ssm:" in one)
