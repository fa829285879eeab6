"""Azure's roles: nobody owns a subscription, and no role of one's own allows everything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

from policies.reading import elements, shown
from policies.rule import UNKNOWN, Answer, Resource, Rule, Setting, Severity, Undecided, Violation, items, read

ASSIGNMENT = frozenset({"azure-native:authorization:RoleAssignment"})
DEFINITION = frozenset({"azure-native:authorization:RoleDefinition"})

MIGHTY = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168": "Role Based Access Control Administrator",
}
"""Roles that change everything in their scope, or say who may ("Azure built-in roles")."""

EVERYTHING = ("*", "*/write", "Microsoft.Authorization/*")

_WHOLE = re.compile(r"/?|/subscriptions/[^/]+/?|/providers/microsoft\.management/managementgroups/.*", re.IGNORECASE)
"""Scopes that hold everything: a subscription, a management group, the tenant."""


def _is_whole(scope: Any) -> bool:
    return _WHOLE.fullmatch(str(scope)) is not None


def _assignment(resource: Resource, _: Setting) -> Iterator[Answer]:
    role, scope = read(resource.properties, "roleDefinitionId"), read(resource.properties, "scope")
    known = MIGHTY.get(str(role).rpartition("/")[2].lower())
    if role is UNKNOWN and (scope is UNKNOWN or _is_whole(scope)):
        yield Undecided("roleDefinitionId")
    elif known is not None and scope is UNKNOWN:
        yield Undecided("scope")
    elif known is not None and _is_whole(scope):
        text = f"{known} of {shown(scope, 'everything')} rules all in it; give a role of what is done, on a group"
        yield Violation(text, "scope")


def _definition(resource: Resource, _: Setting) -> Iterator[Answer]:
    for path, _permission in items(resource.properties, "permissions"):
        for at, action in chain(*(elements(resource.properties, *path, key) for key in ("actions", "dataActions"))):
            if action is UNKNOWN:
                yield Undecided(at)
            elif action in EVERYTHING:
                yield Violation(f"{action} allows what nobody has listed; name the actions", at)


RULES = (
    Rule(
        id="azure-no-subscription-owner",
        title="Nobody rules a whole subscription.",
        severity=Severity.HIGH,
        reason="Whoever takes over the holder has every environment in the subscription.",
        remedy="Give a role of what is done, on the resource group or the one resource.",
        types=ASSIGNMENT,
        check=_assignment,
        references=("CIS Azure 1.23",),
    ),
    Rule(
        id="azure-no-star-role",
        title="A role of one's own names what it allows.",
        severity=Severity.CRITICAL,
        reason="Its holder can do everything in the scope, with services that do not exist yet as well.",
        remedy="Name the actions.",
        types=DEFINITION,
        check=_definition,
        references=("CKV_AZURE_39",),
    ),
)
