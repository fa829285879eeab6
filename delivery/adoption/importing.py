"""What ``pulumi import`` is handed: documents that name each resource, where it stands, and the id to import it by.

They are made from the engine's own (`pulumi preview --import-file`), which has the types, the parents and the
providers of everything that the stack would create. Components come first, in a document of their own: the engine makes
a provider before the component that it stands in, and refuses the state that comes of it. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from delivery.preview.values import known

_PROVIDER = "pulumi:providers:"


@dataclass(frozen=True)
class Entry:
    """One resource that the stack would create."""

    urn: str
    fields: Mapping[str, Any]
    """As the engine's document has it, without names of others."""
    parent: str | None
    """URN of the component that it stands in."""
    provider: str | None
    """URN of its provider, where that is one of the stack's own."""

    @property
    def component(self) -> bool:
        """Is it one of the program's own components, which no cloud knows?"""
        return bool(self.fields.get("component"))

    @property
    def is_provider(self) -> bool:
        """Is it a provider?"""
        return str(self.fields["type"]).startswith(_PROVIDER)

    @property
    def ready(self) -> bool:
        """May it be imported? A provider of a cluster that is to be made first is not known yet."""
        return all(known(value) for value in (self.fields.get("inputs") or {}).values())


def entries(document: Mapping[str, Any], project: str, stack: str) -> dict[str, Entry]:
    """URN -> what the engine's document says of it."""
    urns = {str(name): str(urn) for name, urn in (document.get("nameTable") or {}).items()}
    given = list(document.get("resources") or ())
    waiting = given
    # A parent may stand behind its child.
    while waiting:
        rest = [one for one in waiting if one.get("parent") and one["parent"] not in urns]
        for one in waiting:
            if one not in rest:
                above = urns[one["parent"]].split("::")[2] + "$" if one.get("parent") else ""
                name = one.get("logicalName") or one["name"]
                urns[one["name"]] = f"urn:pulumi:{stack}::{project}::{above}{one['type']}::{name}"
        if len(rest) == len(waiting):
            raise ValueError(f"the engine's document names no {rest[0]['parent']}")
        waiting = rest
    others = ("name", "logicalName", "parent", "provider", "id")
    return {
        urns[one["name"]]: Entry(
            urns[one["name"]],
            {key: value for key, value in one.items() if key not in others},
            urns.get(one.get("parent", "")),
            urns.get(one.get("provider", "")),
        )
        for one in given
    }


def wanted(ids: Iterable[str], known_entries: Mapping[str, Entry]) -> list[Entry]:
    """The entries of these URNs, with the providers and components that they need, the latter from the outside in."""
    found: dict[str, Entry] = {}

    def add(urn: str | None) -> None:
        one = known_entries.get(urn or "")
        if one is None or one.urn in found:
            return
        add(one.parent)
        add(one.provider)
        found[one.urn] = one

    for urn in ids:
        add(urn)
    return list(found.values())


def document(which: Iterable[Entry], ids: Mapping[str, str]) -> dict[str, Any]:
    """A document for ``pulumi import --file``.

    :param ids: URN -> id, of everything in it but components and providers.
    """
    several = list(which)
    inside = {one.urn for one in several}
    names = _names(several)
    table = {
        name: urn
        for one in several
        for urn in (one.parent, one.provider)
        if urn is not None and urn not in inside
        for name in [names[urn]]
    }
    resources = [_resource(one, names, ids) for one in several]
    return {"nameTable": table, "resources": resources}


def _names(several: Iterable[Entry]) -> dict[str, str]:
    """A name for each URN in a document: that of its end, with its type where two have the same."""
    urns = list(dict.fromkeys(_urns(several)))
    ends = [_end(urn) for urn in urns]
    return {
        urn: end if ends.count(end) == 1 else f"{end} {urn.split('::')[2]}" for urn, end in zip(urns, ends, strict=True)
    }


def _urns(several: Iterable[Entry]) -> Iterator[str]:
    for one in several:
        yield from (urn for urn in (one.urn, one.parent, one.provider) if urn is not None)


def _end(urn: str) -> str:
    return urn.split("::", 3)[3]


def _resource(one: Entry, names: Mapping[str, str], ids: Mapping[str, str]) -> dict[str, Any]:
    found = {**one.fields, "name": names[one.urn]}
    if names[one.urn] != _end(one.urn):
        found["logicalName"] = _end(one.urn)
    if one.parent is not None:
        found["parent"] = names[one.parent]
    if one.provider is not None:
        found["provider"] = names[one.provider]
    if not one.component and not one.is_provider:
        found["id"] = ids[one.urn]
    return found
