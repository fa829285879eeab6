"""AWS's policy documents as rules read them: where they stand, and their statements.

A document is JSON text; while an ARN in it is unknown all of it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from policies.reading import parsed, several
from policies.rule import UNKNOWN, Resource, Undecided, dotted, items, read

GRANTS: Mapping[str, tuple[str, ...]] = {
    "aws:iam/policy:Policy": ("policy",),
    "aws:iam/rolePolicy:RolePolicy": ("policy",),
    "aws:iam/userPolicy:UserPolicy": ("policy",),
    "aws:iam/groupPolicy:GroupPolicy": ("policy",),
    "aws:iam/role:Role": ("inlinePolicies", "policy"),
}
"""Resource -> where the documents stand that give rights to whoever holds them."""

ROLE = "aws:iam/role:Role"


@dataclass(frozen=True)
class Statement:
    """One statement of a document that allows something."""

    at: str
    """Where it stands, such as ``policy.Statement[1]``."""
    body: Any

    def texts(self, key: str) -> list[str]:
        """``Action``, ``Resource``, …: one or many, as a list."""
        return [each for each in several(read(self.body, key)) if isinstance(each, str)]

    def has(self, key: str) -> bool:
        """Whether the statement has that key at all."""
        return read(self.body, key) is not None

    def conditions(self) -> Iterator[tuple[str, str, list[str]]]:
        """Each condition: operator, key (in lower case), values."""
        found = read(self.body, "Condition")
        for operator, tests in found.items() if isinstance(found, Mapping) else ():
            for key, values in tests.items() if isinstance(tests, Mapping) else ():
                yield str(operator), str(key).lower(), [str(each) for each in several(values)]


def statements(document: Any, at: str) -> Iterator[Statement | Undecided]:
    """What a document allows. What is denied takes away and is nothing to worry about."""
    whole = {"Statement": _listed(read(parsed(document), "Statement"))}
    if document is UNKNOWN or parsed(document) is UNKNOWN:
        yield Undecided(at)
        return
    for path, body in items(whole, "Statement"):
        where = f"{at}.{dotted(*path)}"
        if any(value is UNKNOWN for value in _values(body)):
            yield Undecided(where)
        elif read(body, "Effect") == "Allow":
            yield Statement(where, body)


def granted(resource: Resource) -> Iterator[Statement | Undecided]:
    """What a policy of IAM allows to whoever holds it, wherever it stands in the resource."""
    key, *inside = GRANTS.get(resource.type, ("policy",))
    if not inside:
        if read(resource.properties, key) is not None:
            yield from statements(read(resource.properties, key), key)
        return
    for path, each in items(resource.properties, key):
        document = read(each, *inside)
        if document is not None:
            yield from statements(document, dotted(*path, *inside))


def _listed(value: Any) -> Any:
    return value if value is UNKNOWN else several(value)


def _values(value: Any) -> Iterator[Any]:
    """Everything that stands in a statement, at any depth."""
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _values(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _values(each)
    else:
        yield value


def covers(pattern: str, action: str) -> bool:
    """Whether a pattern of actions (``iam:*``, ``iam:Put*``) covers an action, as IAM reads both."""
    return fnmatchcase(action.lower(), pattern.lower().replace("[", "[[]"))


def anybody(principal: Any) -> bool:
    """Whether a principal is everybody."""
    return "*" in [principal, *several(read(principal, "AWS"))]


_ACCOUNT = re.compile(r"arn:[a-z-]+:iam::(\d{12}):root|(\d{12})")


def account(principal: str) -> str | None:
    """The account that a principal stands for as a whole; None where it is a role or user in it."""
    found = _ACCOUNT.fullmatch(principal)
    return found and (found.group(1) or found.group(2))
