"""Identifiers as Azure writes them, and what most of its types share."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sandbox.clouds.azure import tokens
from sandbox.clouds.core.model import Call, Kind, Name, Reference, Unique

GROUP_KEY = "resourceGroupName"

IN_GROUP = Reference(
    tokens.GROUP,
    GROUP_KEY,
    "ResourceGroupNotFound",
    "Resource group '{value}' could not be found.",
    everywhere=True,
)

TAKEN = ("Conflict", "cannot create already existing resource '{id}'")
"""What the plug-in says, which looks before it makes anything: Azure itself would change what is there."""

HELD = ("InUse", "Resource {id} cannot be deleted because it is in use by other resources.")


def refer(token: str, code: str = "InvalidResourceReference", foreign: str = r"(?!)") -> Reference:
    """A property that holds the id of another resource."""
    text = "Resource {value} referenced by this resource was not found."
    return Reference(token, "id", code, text, everywhere=True, foreign=foreign)


def name(key: str, limit: int = 80, pattern: str = r"[A-Za-z0-9]([\w.-]*\w)?", auto: bool = True) -> Name:
    """How a type is named."""
    return Name(key, limit, pattern, "is not a valid resource name", auto=auto)


def grouped(token: str, service: str, noun: str, make: Any, key: str, **more: Any) -> Kind:
    """A type whose resources stand in a resource group, go by the name under ``key``, and are made anew where that, the
    group or the place is another.

    :param more: What else :class:`Kind` takes. ``references``, ``replaces`` and ``computed`` (beside ``name`` and
        ``type``) add to what all of them have; ``unique`` and ``name`` take its place.
    """
    more["references"] = {GROUP_KEY: IN_GROUP, **more.get("references", {})}
    more["replaces"] = frozenset({key, GROUP_KEY, "location", *more.pop("replaces", ())})
    more["computed"] = ("name", "type", *more.pop("computed", ()))
    more.setdefault("unique", Unique((GROUP_KEY, key), *TAKEN))
    more.setdefault("name", name(key))
    return Kind(token, service, noun, make, held=HELD, everywhere=True, **more)


def arm(call: Call, kind: str, *names: Any) -> str:
    """``/subscriptions/…/resourceGroups/…/providers/<namespace>/<type>/<name>[/<type>/<name>]``."""
    head = f"/subscriptions/{call.scope.account}/resourceGroups/{call.inputs[GROUP_KEY]}/providers"
    namespace, _, path = kind.partition("/")
    parts = [part for pair in zip(path.split("/"), names, strict=True) for part in pair]
    return "/".join([head, namespace, *map(str, parts)])


def made(call: Call, kind: str, *names: Any, **outputs: Any) -> dict[str, Any]:
    """Id, name, type and state of a new resource, and what else it has."""
    return {
        "id": arm(call, kind, *names),
        "name": str(names[-1]),
        "type": kind,
        "provisioningState": "Succeeded",
        **outputs,
    }


def identities(call: Call) -> dict[str, Any]:
    """A resource's identity as it comes back: given as a list, it is a map from then on."""
    given = call.inputs.get("identity")
    if not isinstance(given, Mapping):
        return {}
    before = (call.old or {}).get("identity") or {}
    back: dict[str, Any] = {"type": given["type"]}
    if "SystemAssigned" in given["type"]:
        back["principalId"] = before.get("principalId") or str(uuid.uuid4())
        back["tenantId"] = TENANT
    named = given.get("userAssignedIdentities") or ()
    if named:
        back["userAssignedIdentities"] = {one: {"clientId": "", "principalId": principal(call, one)} for one in named}
    return {"identity": back}


TENANT = "99999999-9999-9999-9999-999999999999"


def principal(call: Call, identity: str) -> str:
    """Who a managed identity is."""
    found = call.the(tokens.IDENTITY, "id", identity, region="global")
    return str((found or {}).get("principalId") or "")


def now() -> str:
    """A time stamp."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def last(id_: str) -> str:
    """The name at the end of an id."""
    return id_.rpartition("/")[2]


UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
