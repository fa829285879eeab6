"""The shape of a resource's inputs, read from the SDK that is installed, and what is wrong with given ones.

Read from the SDK's source rather than by importing it: a plug-in must start fast, and an SDK may be large.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine sends in place of a value that a preview cannot know."""

SCALARS = {"str": "string", "bool": "boolean", "int": "integer", "float": "number"}


@dataclass(frozen=True)
class Shape:
    """One value's type. ``any`` is what the source leaves open, a union for one."""

    kind: str
    """string, boolean, integer, number, list, map, object or any."""
    element: Shape | None = None
    """Of a list or a map."""
    properties: Mapping[str, Shape] = field(default_factory=dict)
    """Of an object, by the names that go over the wire."""
    required: frozenset[str] = frozenset()
    choices: tuple[str, ...] = ()
    """Of a string: the words that are accepted; empty where all are."""


@dataclass(frozen=True)
class Failure:
    """One thing that is wrong: where, and what."""

    path: str
    reason: str


def shape_of(module: Path, name: str) -> Shape:
    """The shape of the argument class ``name`` in ``module``; nested classes are looked for in ``_inputs.py``."""
    return _object(_classes(module), name, module.with_name("_inputs.py"))


def failures(shape: Shape, value: Any, path: str = "") -> Iterator[Failure]:
    """Everything in ``value`` that does not fit; unknown values fit everywhere."""
    if value == UNKNOWN or value is None or shape.kind == "any":
        return
    if not _fits(shape.kind, value):
        yield Failure(path, f"expected {shape.kind}, got {_kind(value)}")
    elif shape.choices and value not in shape.choices:
        listed = ", ".join(f'"{word}"' for word in shape.choices)
        yield Failure(path, f"expected {path} to be one of [{listed}], got {value}")
    elif shape.kind == "object":
        for name in sorted(shape.required - {key for key, given in value.items() if given is not None}):
            yield Failure(_below(path, name), f"Missing required argument. The argument {name!r} is required.")
        for name, given in value.items():
            if name.startswith("__"):
                continue  # the engine's own
            if name not in shape.properties:
                reason = f"Unsupported argument. An argument named {name!r} is not expected here."
                yield Failure(_below(path, name), reason)
            else:
                yield from failures(shape.properties[name], given, _below(path, name))
    elif shape.element is not None:
        named = value if shape.kind == "map" else {f"[{index}]": given for index, given in enumerate(value)}
        for key, given in named.items():
            yield from failures(shape.element, given, _below(path, key))


@cache
def _classes(module: Path) -> Mapping[str, ast.ClassDef]:
    return {node.name: node for node in ast.parse(module.read_text()).body if isinstance(node, ast.ClassDef)}


_NESTED: dict[tuple[Path, str], Shape] = {}
"""The shapes of nested classes that are known already, or being read: some contain themselves."""


def _object(classes: Mapping[str, ast.ClassDef], name: str, inputs: Path, *, nested: bool = False) -> Shape:
    body = classes[name].body
    wire = dict(_renamed(body))
    constructor = next(node for node in body if isinstance(node, ast.FunctionDef) and node.name == "__init__")
    properties: dict[str, Shape] = {}
    arguments = list(zip(constructor.args.kwonlyargs, constructor.args.kw_defaults, strict=True))
    required = frozenset(wire.get(each.arg, each.arg) for each, default in arguments if default is None)
    shape = Shape("object", properties=properties, required=required)
    if nested:
        _NESTED[inputs, name] = shape
    for argument, _ in arguments:
        if argument.annotation is not None:
            properties[wire.get(argument.arg, argument.arg)] = _annotated(argument.annotation, inputs)
    return shape


def _renamed(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    """Python's name and the wire's, where they differ: ``@pulumi.getter(name="…")``."""
    for node in (each for each in body if isinstance(each, ast.FunctionDef)):
        for decorator in (each for each in node.decorator_list if isinstance(each, ast.Call)):
            for keyword in decorator.keywords:
                if keyword.arg == "name" and isinstance(keyword.value, ast.Constant):
                    yield node.name, str(keyword.value.value)


def _annotated(node: ast.expr, inputs: Path) -> Shape:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        known = _NESTED.get((inputs, node.value))
        if known is not None:
            return known
        if node.value not in _classes(inputs):
            return Shape("string", choices=_words(inputs.with_name("_enums.py"), node.value))
        return _object(_classes(inputs), node.value, inputs, nested=True)
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    if name in SCALARS:
        return Shape(SCALARS[name])
    if isinstance(node, ast.Subscript):
        outer = ast.unparse(node.value).rpartition(".")[2]
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if outer in ("Input", "Optional"):
            return _annotated(inner[0], inputs)
        if outer == "Sequence":
            return Shape("list", element=_annotated(inner[0], inputs))
        if outer == "Mapping":
            return Shape("map", element=_annotated(inner[1], inputs))
        if outer == "Union":
            return _either(inner, inputs)
    return Shape("any")


def _either(options: list[ast.expr], inputs: Path) -> Shape:
    """A text or one of the words of an enumeration is one of these words; every other union is left open, and what
    Azure calls known words: there are others."""
    names = [one.value for one in options if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    texts = [one for one in options if ast.unparse(one).rpartition(".")[2] == "str"]
    if len(names) == len(texts) == 1 and len(options) == 2 and _closed(names[0], inputs):
        return Shape("string", choices=_words(inputs.with_name("_enums.py"), names[0]))
    return Shape("any")


def _closed(name: str, inputs: Path) -> bool:
    return name not in _classes(inputs) and not name.startswith("Known")


def _words(module: Path, name: str) -> tuple[str, ...]:
    """The words of an enumeration; none where it stands in another module."""
    body = _classes(module)[name].body if module.is_file() and name in _classes(module) else []
    return tuple(
        str(one.value.value) for one in body if isinstance(one, ast.Assign) and isinstance(one.value, ast.Constant)
    )


def _fits(kind: str, value: Any) -> bool:
    if kind in ("integer", "number"):
        # Over the wire every number is a float.
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and (kind == "number" or float(value).is_integer())
    types = {"string": str, "boolean": bool, "list": list, "map": dict, "object": dict}
    return isinstance(value, types[kind])


def _kind(value: Any) -> str:
    names = {bool: "boolean", str: "string", list: "list", dict: "object", float: "number", int: "number"}
    return names.get(type(value), type(value).__name__)


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path and not name.startswith("[") else f"{path}{name}"
