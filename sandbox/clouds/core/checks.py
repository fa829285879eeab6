"""What a plug-in finds wrong with inputs before any cloud is asked, and the names that it gives."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

from sandbox.clouds.core.model import Kind, Values, at, matches, named
from sandbox.clouds.core.schema import Schema
from sandbox.rpc.arguments import UNKNOWN, Failure, failures

DEFAULTS = "__defaults"
"""Where inputs say which of them the plug-in gave."""


def normalised(kind: Kind, inputs: Values, olds: Values, name: str, seed: bytes) -> dict[str, Any]:
    """Inputs with documents as text, and a name where the program gives none: the old one, or a new one."""
    result = {
        key: json.dumps(value) if key in kind.documents and isinstance(value, dict) else value
        for key, value in inputs.items()
        if value is not None
    }
    if kind.name is not None and kind.name.auto and result.get(kind.name.key) is None:
        key = kind.name.key
        prefix = result.get(f"{key}Prefix")
        if DEFAULTS in olds and key in olds[DEFAULTS] and prefix is None:
            result[key] = olds[key]
        else:
            suffix = random.Random(seed).randbytes(4).hex()[:7]  # noqa: S311 - the engine's seed, so that plans hold
            head = prefix if isinstance(prefix, str) else f"{name}-"
            result[key] = f"{head[: kind.name.limit - len(suffix)]}{suffix}"
        result[DEFAULTS] = [key]
    else:
        result[DEFAULTS] = []
    return result


def wrong(kind: Kind, schema: Schema, inputs: Values) -> list[Failure]:
    """Everything that is wrong with inputs: types and documents first, since the rules rely on them."""
    found = [*failures(schema.inputs, inputs)] or [*_documents(kind, inputs)]
    return found or [*_name(kind, inputs), *_values(kind, inputs), *kind.check(inputs)]


def _documents(kind: Kind, inputs: Values) -> Iterator[Failure]:
    for key in sorted(kind.documents):
        value = inputs.get(key)
        if value is None or value == UNKNOWN:
            continue
        try:
            json.loads(value)
        except (TypeError, ValueError) as error:
            yield Failure(key, f'"{key}" contains an invalid JSON: {error}')


def _name(kind: Kind, inputs: Values) -> Iterator[Failure]:
    name = named(kind, inputs)
    if kind.name is None or name is None or name == UNKNOWN:
        return
    if len(name) > kind.name.limit:
        yield Failure(kind.name.key, f'"{kind.name.key}" cannot be longer than {kind.name.limit} characters: {name!r}')
    if not matches(kind.name.pattern, name):
        yield Failure(kind.name.key, f"{name!r} {kind.name.text}")


def _values(kind: Kind, inputs: Values) -> Iterator[Failure]:
    for path, words in kind.choices.items():
        for place, value in at(inputs, path):
            if value not in (*words, UNKNOWN):
                listed = ", ".join(f'"{word}"' for word in words)
                yield Failure(place, f"expected {path} to be one of [{listed}], got {value}")
    for path, (low, high) in kind.ranges.items():
        for place, value in at(inputs, path):
            if value == UNKNOWN:
                continue
            number = float(value)
            if not low <= number <= high:
                yield Failure(place, f"expected {path} to be in the range ({low:g} - {high:g}), got {number:g}")
