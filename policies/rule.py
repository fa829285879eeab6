"""What a rule is: a pure function over one resource, or over the whole stack, and what a reader needs to judge it.

Rules know nothing of Pulumi's policy SDK: plain data goes in, answers come out. How they are wired to the engine stands
in ``__main__.py``. A value that a preview does not know yet is ``UNKNOWN``; a rule that needs it says so
(``Undecided``) and goes on, so that one unknown never hides a violation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final


class Unknown:
    """The type of ``UNKNOWN``. It has no truth value: a rule that forgets about it fails at once."""

    def __bool__(self) -> bool:
        raise TypeError("a value that is not known yet was taken for one that is")

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()
"""Stands for a value that only an apply will know."""


class Severity(Enum):
    """How bad it is where the rule is broken; the scale of CVSS."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True)
class Violation:
    """One way in which a rule is broken: where, what stands there, and what should."""

    message: str
    path: str = ""
    """The property, such as ``spec.template.spec.containers[0].image``."""


@dataclass(frozen=True)
class Undecided:
    """A rule could not decide, because this property is not known yet."""

    path: str


Answer = Violation | Undecided


@dataclass(frozen=True)
class Resource:
    """One resource, as the engine hands it over."""

    type: str
    """Type token, such as ``aws:ecs/service:Service``."""
    name: str
    properties: Mapping[str, Any]
    """Inputs by their engine names (camelCase). Secrets are plain here; a rule never repeats a value of one."""
    urn: str = ""
    parent: str | None = None
    """URN of the component that it belongs to."""
    depends: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Property -> URNs of the resources that its value was made from. A preview knows them where it does not know the
    value yet. Given to rules over the whole stack."""


@dataclass(frozen=True)
class Setting:
    """What a rule is told about the environment that it judges."""

    tier: str = "prod"
    """dev, staging or prod; the strictest where nothing is known."""
    registries: tuple[str, ...] = ()
    """Prefixes of images that may run. Empty: not restricted."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """The rule's own configuration, checked against its schema."""


@dataclass(frozen=True)
class Rule:
    """A rule over single resources."""

    id: str
    """Short and stable: waivers and reports name it."""
    title: str
    severity: Severity
    reason: str
    """What goes wrong where it is broken."""
    remedy: str
    types: frozenset[str]
    """The resource types that it looks at."""
    check: Callable[[Resource, Setting], Iterable[Answer]]
    references: tuple[str, ...] = ()
    """The same check elsewhere, such as ``CKV_AWS_336``, ``ECS.5``, ``kube-score: pod-probes-identical``."""
    schema: Mapping[str, Any] = field(default_factory=dict)
    """JSON Schema of its options: property name -> schema."""


@dataclass(frozen=True)
class StackRule:
    """A rule over all resources of a stack together."""

    id: str
    title: str
    severity: Severity
    reason: str
    remedy: str
    check: Callable[[tuple[Resource, ...], Setting], Iterable[tuple[Resource | None, Answer]]]
    """Answers with the resource that each is about; None where it is about the stack."""
    references: tuple[str, ...] = ()
    schema: Mapping[str, Any] = field(default_factory=dict)


def read(value: Any, *path: str | int) -> Any:
    """What stands at a path; None where nothing does, UNKNOWN where that is not known yet."""
    for step in path:
        if value is UNKNOWN or value is None:
            return value
        if isinstance(step, int):
            value = value[step] if isinstance(value, list | tuple) and step < len(value) else None
        else:
            value = value.get(step) if isinstance(value, Mapping) else None
    return value


def dotted(*path: str | int) -> str:
    """A path as people write it: ``spec.containers[0].image``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def judged(
    value: Any, path: tuple[str | int, ...], wrong: Callable[[Any], bool], message: Callable[[Any], str] | str
) -> Iterator[Answer]:
    """Judge what stands at a path of ``value``: undecided where it is unknown, a violation where it is wrong."""
    found = read(value, *path)
    if found is UNKNOWN:
        yield Undecided(dotted(*path))
    elif wrong(found):
        yield Violation(message if isinstance(message, str) else message(found), dotted(*path))


def items(value: Any, *path: str | int) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Each element of a list (or value of a mapping) with its path.

    Where the list itself is unknown it is one element, UNKNOWN: reading on in it stays unknown.
    """
    found = read(value, *path)
    if found is UNKNOWN:
        yield path, UNKNOWN
    elif isinstance(found, Mapping):
        yield from (((*path, key), each) for key, each in found.items())
    elif isinstance(found, list | tuple):
        yield from (((*path, number), each) for number, each in enumerate(found))
