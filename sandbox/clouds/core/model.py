"""How a cloud describes a resource type: its outputs, what replaces it, and the rules that its API enforces."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.clouds.core.errors import CloudError
from sandbox.clouds.core.world import GLOBAL, World
from sandbox.rpc.arguments import Failure

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Scope:
    """Whose cloud it is and where: what the provider's own configuration says."""

    account: str
    region: str
    default_tags: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    """Google's word for tags: what the provider writes on everything that has labels."""


@dataclass(frozen=True)
class Call:
    """One create, update or delete of one resource."""

    world: World
    scope: Scope
    """With the resource's own region where it names one."""
    inputs: Values
    """What is asked for, defaults laid under it."""
    old: Values | None = None
    """The state before, of an update or delete."""
    id: str | None = None
    platform: dict[str, Any] = field(default_factory=dict)
    """What only the cloud knows of it; changes are kept."""

    def the(self, kind: str, key: str, value: Any, *, region: str | None = None) -> dict[str, Any] | None:
        """The state of another resource in the same region."""
        found = self.world.find(kind, region or self.scope.region, key, value)
        return found["state"] if found else None

    def others(self, kind: str, *, region: str | None = None) -> Iterator[Values]:
        """States of all of a type but this one."""
        for id_, record in self.world.all(kind, region or self.scope.region).items():
            if id_ != self.id:
                yield record["state"]


@dataclass(frozen=True)
class Name:
    """How a type is named where the program gives no name, and what a name may be."""

    key: str = "name"
    limit: int = 255
    pattern: str = r"[\s\S]+"
    text: str = "is not a valid name"
    """What is said of a name that does not match."""
    auto: bool = True
    """Whether a name is made up where none is given; two of one name cannot be there together then."""


@dataclass(frozen=True)
class Reference:
    """A property that names another resource, which has to exist."""

    kind: str
    key: str
    """The other's property that the value is compared with, or ``id``."""
    code: str
    text: str
    """``{value}`` is what was named."""
    holds: bool = True
    """Whether the other cannot be deleted as long as this exists."""
    everywhere: bool = False
    """Whether the other is global."""
    foreign: str = r"(?!)"
    """Values that belong to somebody else and are taken as they are, as a policy that the cloud itself manages."""


@dataclass(frozen=True)
class Unique:
    """Keys that no two have the same values of."""

    keys: tuple[str, ...]
    code: str
    text: str


@dataclass(frozen=True)
class Quota:
    """How many an account has by default, in each region; with ``per``, for each value of that key."""

    limit: int
    code: str
    text: str
    per: str | None = None


def nothing(_inputs: Values) -> Iterator[Failure]:
    """No rule of its own."""
    return iter(())


def always(_call: Call) -> None:
    """Admits everything."""


@dataclass(frozen=True)
class Kind:
    """One resource type."""

    token: str
    service: str
    noun: str
    make: Callable[[Call], dict[str, Any]]
    """``id`` and all of ``computed`` for a new one; those of ``volatile`` are taken again on an update."""
    computed: tuple[str, ...] = ()
    """Outputs that the cloud makes: unknown while a preview creates."""
    volatile: frozenset[str] = frozenset()
    """Of the computed ones, those that an update changes."""
    shaped: frozenset[str] = frozenset()
    """Of the computed ones, inputs that come back in another shape, as a list of identities that becomes a map."""
    replaces: frozenset[str] = frozenset()
    name: Name | None = None
    defaults: Values = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Path with dots and the words that are accepted there; lists on the way are gone through."""
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    documents: frozenset[str] = frozenset()
    """Properties that are JSON in a string, compared by what they say."""
    references: Mapping[str, Reference] = field(default_factory=dict)
    unique: Unique | None = None
    quota: Quota | None = None
    held: tuple[str, str] = ("DependencyViolation", "The resource '{id}' has dependencies and cannot be deleted.")
    """Code and words when it is deleted while others need it."""
    check: Callable[[Values], Iterator[Failure]] = nothing
    """What the plug-in itself finds wrong, before the cloud is asked. Unknown values may be anywhere."""
    admit: Callable[[Call], None] = always
    """What the cloud finds wrong when it is asked to create or to update."""
    release: Callable[[Call], None] = always
    """What the cloud finds wrong when it is asked to delete, or does then."""
    rollback: Callable[[Call], CloudError | None] | None = None
    """Takes the change back in the world, as the platform does, and gives the error if the plug-in sees one."""
    everywhere: bool = False
    """Belongs to no region."""
    keyed: str = "id"
    """Under what of its state the world keeps it, where several can have one id."""
    unread: frozenset[str] = frozenset()
    """Arguments that only the plug-in knows, as how long it waits: an import finds its defaults in their place."""
    imported: str = ""
    """What an import names where that is not its id: ``{cluster}/{name}``; of an ARN its end counts."""

    def region(self, scope: Scope) -> str:
        """Where in the world its records lie."""
        return GLOBAL if self.everywhere else scope.region


def at(values: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every value at a path with dots, with the place it was found; lists on the way are gone through."""
    key, _, rest = path.partition(".")
    if isinstance(values, list):
        for index, each in enumerate(values):
            for place, found in at(each, path):
                yield f"[{index}]{'' if place.startswith('[') else '.'}{place}", found
    elif isinstance(values, Mapping) and values.get(key) is not None:
        value = values[key]
        if rest:
            for place, found in at(value, rest):
                yield f"{key}{'' if place.startswith('[') else '.'}{place}", found
        elif isinstance(value, list):
            yield from ((f"{key}[{index}]", each) for index, each in enumerate(value))
        else:
            yield key, value


def named(kind: Kind, inputs: Values) -> str | None:
    """The given name, or None where it is unknown or there is none."""
    value = inputs.get(kind.name.key) if kind.name else None
    return value if isinstance(value, str) else None


def matches(pattern: str, value: str) -> bool:
    """Whether the whole value fits."""
    return re.fullmatch(pattern, value) is not None
