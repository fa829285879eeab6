"""What a review environment is called, where it answers, and what its stack file says. Pure.

Its configuration is that of dev, with what must be its own: the stack's name (and with it the namespace and the names
of cloud resources), and the services' hosts. Everything else stays, so that a branch is tried on what dev runs on.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from components.naming import name
from components.spec import NAMESPACE, Environment
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit

PREFIX = "review-"
"""Every review stack's name begins so, and no other stack's should."""
LONGEST = 32
"""Characters of the stack's name: what is derived from it then fits the shortest limits."""
LONGEST_LABEL = 55
"""Characters of a host's first label: 63, less those of ``preview-``, where a strategy tries a new version."""

BRANCH = "caas:review"
"""Tag of the stack: the branch that it is for. Without it a stack is no review stack, whatever its name."""
EXPIRES = "caas:expires"
"""Tag of the stack: when it may be removed, in ISO 8601."""

SHORTEST_LIFE = timedelta(minutes=10)
LONGEST_LIFE = timedelta(days=30)
_TTL = re.compile(r"^([1-9][0-9]{0,3})([mhd])$")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True)
class Review:
    """A review environment as its stack's tags tell of it."""

    stack: str
    branch: str
    expires: datetime | None
    """None where the tag is missing or is no time: it is then never removed by itself."""

    def expired(self, now: datetime) -> bool:
        """May it be removed?"""
        return self.expires is not None and self.expires <= now

    def left(self, now: datetime) -> str:
        """In words, how long it has to live."""
        if self.expires is None:
            return "no expiry known"
        seconds = (self.expires - now).total_seconds()
        if seconds <= 0:
            return "expired"
        minutes = int(seconds // 60)
        days, hours = divmod(minutes // 60, 24)
        if days:
            return f"{days} d {hours} h"
        return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"

    def document(self, now: datetime) -> dict[str, Any]:
        """For --json."""
        expires = self.expires.isoformat() if self.expires else None
        return {"stack": self.stack, "branch": self.branch, "expires": expires, "expired": self.expired(now)}


def stack_name(branch: str) -> str:
    """The stack of a branch. Two branches whose names become the same label differ in a hash."""
    if not re.search(r"[A-Za-z0-9]", branch):
        raise DeliveryError(
            f"{branch!r} names no branch.", Exit.BAD_INPUT, remedy="Give --branch a name with letters or digits."
        )
    return name(PREFIX.rstrip("-"), branch, limit=LONGEST)


def lifetime(text: str) -> timedelta:
    """``90m``, ``4h`` or ``2d``."""
    found = _TTL.fullmatch(text)
    life = timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else timedelta()
    if not SHORTEST_LIFE <= life <= LONGEST_LIFE:
        raise DeliveryError(
            f"--ttl {text} is no time to live: 10m to 30d, in minutes (m), hours (h) or days (d).",
            Exit.BAD_INPUT,
            remedy="Write it like 4h.",
        )
    return life


def read(stack: str, tags: Mapping[str, str]) -> Review | None:
    """The review environment that a stack is; None where it is none."""
    branch = tags.get(BRANCH)
    if not stack.startswith(PREFIX) or branch is None:
        return None
    try:
        expires = datetime.fromisoformat(tags.get(EXPIRES, ""))
    except ValueError:
        return Review(stack, branch, None)
    return Review(stack, branch, expires if expires.tzinfo else expires.replace(tzinfo=UTC))


def configuration(
    base: Mapping[str, Any], environment: Environment, stack: str, namespace: str | None = None
) -> dict[str, Any]:
    """The content of the review stack's file.

    :param base: That of the stack file that it is made from, its encryption included: secrets stay as they are.
    :param environment: The same, validated.
    :param namespace: One that exists, for it alone. Default: it makes one of its own.
    """
    content: dict[str, Any] = copy.deepcopy(dict(base))
    config: dict[str, Any] = content.setdefault("config", {})
    config[f"{NAMESPACE}:tier"] = environment.tier
    # A namespace that dev names is dev's.
    config.get(f"{NAMESPACE}:kubernetes", {}).pop("namespace", None)
    # Who may do what is declared by the stack that it is made from, whose pipeline makes reviews.
    config.pop(f"{NAMESPACE}:pipeline", None)
    if namespace is not None:
        config.setdefault(f"{NAMESPACE}:kubernetes", {}).update(namespace=namespace, namespaceExists=True)
    overrides: dict[str, Any] = config.setdefault(f"{NAMESPACE}:overrides", {})
    for service in environment.services:
        if service.ingress is not None and service.ingress.host is not None:
            ingress = overrides.setdefault(service.name, {}).setdefault("ingress", {})
            ingress["host"] = host(service.ingress.host, stack)
    return content


def host(given: str, stack: str) -> str:
    """A service's host in a review environment: beside the one it has, so that the same wildcard in DNS and the same
    certificate serve both."""
    first, dot, rest = given.partition(".")
    return f"{name(first, stack, limit=LONGEST_LABEL)}{dot}{rest}"
