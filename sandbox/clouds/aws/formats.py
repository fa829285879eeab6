"""Identifiers as AWS writes them."""

from __future__ import annotations

import secrets

from sandbox.clouds.core.model import Call, Scope

ACCOUNT = "123456789012"
"""The simulated account. AWS gives this number to nobody; its documentation uses it."""

ZONES = ("a", "b", "c")
"""Availability zones of each region, by their last letter."""


def arn(scope: Scope, service: str, resource: str, *, region: str | None = None, account: str | None = None) -> str:
    """A resource's name; ``region`` and ``account`` are empty for services that write none."""
    where = scope.region if region is None else region
    return f"arn:aws:{service}:{where}:{scope.account if account is None else account}:{resource}"


def hex_id(prefix: str) -> str:
    """An EC2-style id: the prefix and 17 digits."""
    return f"{prefix}-0{secrets.token_hex(8)}"


def tail() -> str:
    """The 16 digits at the end of a load balancer's names."""
    return secrets.token_hex(8)


def unique_id(prefix: str) -> str:
    """An IAM unique id."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    return prefix + "".join(secrets.choice(letters) for _ in range(17))


def address(public: bool) -> str:
    """An IPv4 address: of a range for documentation where it is public."""
    number = secrets.randbelow(250) + 2
    return f"203.0.113.{number}" if public else f"10.{secrets.randbelow(250)}.{secrets.randbelow(250)}.{number}"


def ec2(call: Call, prefix: str, resource: str) -> dict[str, str]:
    """Id and ARN of what EC2 makes."""
    id_ = hex_id(prefix)
    return {"id": id_, "arn": arn(call.scope, "ec2", f"{resource}/{id_}")}
