"""Which of the stack's secret values a service asks for. How a platform keeps them is that platform's business."""

from __future__ import annotations

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
