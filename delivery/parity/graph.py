"""What a stack would declare, in words that do not name the stack. Pure.

Two environments never declare the same text: names, accounts, regions and zones are in every property. Each
environment's own words are replaced by what they stand for, so that what still differs is a difference.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from components.spec import Environment
from components.spec.checks_aws import account as account_of
from delivery.preview.values import SIGNATURE, known

UNKNOWN = "<known after the apply>"
SECRET = "<secret>"  # noqa: S105 - stands for one
_HASH = re.compile(r"-(?=[0-9a-f]*\d)(?:[0-9a-f]{10}|[0-9a-f]{8})(?![0-9a-z])")
"""The end of a name that was cut or changed to fit (components/naming.py), or that follows a content."""
_NAMED = ("name", "id", "key", "env", "containerPort", "port", "rulePriority", "priority")
"""Keys by which an element of a list is known; it then has the same path wherever in the list it stands."""


@dataclass(frozen=True)
class Node:
    """One resource."""

    type: str
    name: str
    properties: Mapping[str, str] = field(repr=False)
    """Path -> value as text."""


@dataclass(frozen=True)
class Graph:
    """Everything that a stack would declare."""

    stack: str
    tier: str
    platform: str
    nodes: Mapping[tuple[str, str], tuple[Node, ...]] = field(repr=False)
    """Type and name -> the resources of that name: several where each zone has one."""


def graph(environment: Environment, resources: Iterable[Mapping[str, Any]]) -> Graph:
    """The graph of an environment.

    :param resources: ``type``, ``name`` and ``inputs`` of each, as the engine shows them.
    """
    words = Words.of(environment)
    nodes: dict[tuple[str, str], list[Node]] = {}
    for one in resources:
        if str(one["type"]).startswith("pulumi:"):
            continue  # The stack itself and its providers: where an environment is, not what it runs.
        node = Node(str(one["type"]), words(str(one["name"])), dict(_leaves(one["inputs"], "", words)))
        nodes.setdefault((node.type, node.name), []).append(node)
    made = {key: tuple(found) for key, found in nodes.items()}
    return Graph(environment.stack, environment.tier, environment.platform, made)


@dataclass(frozen=True)
class Words:
    """The words of one environment, and what each stands for."""

    plain: tuple[tuple[str, str], ...]
    """Pattern and meaning, longest first: a domain may hold the stack's name, and a zone holds its region's."""

    @classmethod
    def of(cls, environment: Environment) -> Words:
        """What the environment's own description says."""
        found = {
            environment.registry.address: "<registry>",
            environment.stack: "<stack>",
            **({environment.domain: "<domain>"} if environment.domain else {}),
        }
        if environment.aws is not None and (account := account_of(environment.aws, environment.registry)):
            found[account] = "<account>"
        for cloud in (environment.aws, environment.gcp, environment.azure):
            for key, value in cloud.model_dump().items() if cloud is not None else ():
                if key in _PLACES and value:
                    each = value if isinstance(value, list | tuple) else (value,)
                    found |= {str(one): _PLACES[key] for one in each}
        patterns = {re.escape(word): meaning for word, meaning in found.items()}
        # A stack's file need not list its zones: they follow from the region.
        patterns |= {f"{word}-?[a-f]": "<zone>" for word, meaning in patterns.items() if meaning == "<region>"}
        return cls(tuple(sorted(patterns.items(), key=lambda pair: -len(pair[0]))))

    def __call__(self, text: str) -> str:
        for word, meaning in self.plain:
            text = re.sub(rf"(?<![A-Za-z0-9]){word}(?![A-Za-z0-9])", meaning, text)
        return _HASH.sub("-<hash>", text)


_PLACES = {
    "project": "<project>",
    "subscription": "<subscription>",
    "region": "<region>",
    "location": "<region>",
    "zones": "<zone>",
}
"""Key of a cloud's settings -> what its value stands for."""


def _leaves(value: Any, path: str, words: Words) -> Iterator[tuple[str, str]]:
    value = _opened(value)
    if isinstance(value, Mapping):
        if SIGNATURE in value:
            yield path, SECRET
            return
        for key in sorted(value):
            if not str(key).startswith("__"):
                yield from _leaves(value[key], f"{path}.{words(str(key))}" if path else words(str(key)), words)
    elif isinstance(value, list | tuple):
        for place, item in _placed(value, words):
            yield from _leaves(item, f"{path}[{place}]", words)
    elif value is not None:
        yield path, _text(value, words)


def _placed(items: list[Any] | tuple[Any, ...], words: Words) -> Iterator[tuple[str, Any]]:
    """Each element with what it is known by: its name where every element has one of its own, else its number."""
    for key in _NAMED:
        names = [item.get(key) if isinstance(item, Mapping) else None for item in items]
        texts = [words(str(name)) for name in names]
        if None not in names and len(set(texts)) == len(texts):
            yield from zip(texts, items, strict=True)
            return
    yield from ((str(number), item) for number, item in enumerate(_once_for_all_zones(items, words)))


def _once_for_all_zones(items: list[Any] | tuple[Any, ...], words: Words) -> Iterator[Any]:
    """What each zone has an element for stands once: how many zones there are is no difference of this list."""
    seen: set[str] = set()
    for item in items:
        text = words(item) if isinstance(item, str) else ""
        if "<zone>" in text and text in seen:
            continue
        seen.add(text)
        yield item


def _opened(value: Any) -> Any:
    """A text that holds a JSON object or list is compared by what is in it."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            found = json.loads(value)
        except ValueError:
            return value
        return found if isinstance(found, dict | list) else value
    return value


def _text(value: Any, words: Words) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if value == "[secret]":
        return SECRET
    if not known(value):
        return UNKNOWN
    return words(str(value))
