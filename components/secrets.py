"""Which of the stack's secret values a service asks for, and a digest by which a changed one is told. How a platform
keeps them is that platform's business.

The digest stands in names, which platforms and the state keep in plain text. So that nobody can find a short value by
trying, it is made by scrypt, salted with project, stack, service and variable: one guess costs what one digest costs
us. The values themselves leave the program as secret Outputs only.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping

import pulumi

from components.spec.service import Service


def configured(service: Service, secrets: Mapping[str, pulumi.Output[str]]) -> dict[str, pulumi.Output[str]]:
    """Variable -> value, for the variables whose values come from ``caas:secrets``; sorted by name.

    :raises ValueError: A key has no value. The message names the key, never a value.
    """
    values: dict[str, pulumi.Output[str]] = {}
    for variable, source in sorted(service.secrets.items()):
        if source.config is None:
            continue
        if source.config not in secrets:
            raise ValueError(f"service {service.name}: secret {variable} needs caas:secrets.{source.config}")
        values[variable] = pulumi.Output.secret(secrets[source.config])
    return values


DIGEST_LENGTH = 10
"""Hexadecimal digits of a digest in a name."""


def content_digest(salt: str, values: Mapping[str, str]) -> str:
    """The digest of all values together; see the module for what it protects against."""
    total = hashlib.sha256()
    for variable, value in sorted(values.items()):
        total.update(_stretched(f"{salt}/{variable}", value))
    return total.hexdigest()[:DIGEST_LENGTH]


@functools.cache
def _stretched(salt: str, value: str) -> bytes:
    """About 50 ms and 16 MiB per guess."""
    return hashlib.scrypt(value.encode(), salt=salt.encode(), n=2**14, r=8, p=1, dklen=32)
