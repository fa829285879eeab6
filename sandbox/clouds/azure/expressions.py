"""The expressions of workflow definitions: as much of the language as scalers use. What is not known is an error.

Arguments are worked out before a function is called, those of ``if`` as well: so does the service itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+)|(?P<word>[A-Za-z]\w*)|(?P<sign>\?\[|[\[\](),]))")


class ExpressionError(Exception):
    """An expression that cannot be worked out."""


def _first(value: Any) -> Any:
    if not value:
        raise ExpressionError("first: there is nothing in it")
    return value[0]


def _whole(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise ExpressionError(f"int: {value!r} is no whole number") from None


def _divided(one: int, other: int) -> int:
    if other == 0:
        raise ExpressionError("div: by zero")
    return one // other if one * other >= 0 else -(-one // other)


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "add": lambda one, other: one + other,
    "coalesce": lambda *values: next((value for value in values if value is not None), None),
    "div": _divided,
    "endsWith": lambda text, end: str(text).lower().endswith(end.lower()),
    "equals": lambda one, other: one == other,
    "first": _first,
    "if": lambda asked, one, other: one if asked else other,
    "int": _whole,
    "max": lambda *values: max(values),
    "min": lambda *values: min(values),
    "mul": lambda one, other: one * other,
    "split": lambda text, sign: text.split(sign),
    "string": lambda value: "" if value is None else str(value),
    "sub": lambda one, other: one - other,
}


def value_of(value: Any, sources: Mapping[str, Callable[..., Any]]) -> Any:
    """A definition's value: a text that begins with ``@`` is an expression, everything else is itself.

    :param sources: Functions that give what a run has: ``triggerBody``, ``body``, ``outputs``.
    """
    if isinstance(value, str) and value.startswith("@"):
        return _Reader(value[1:], sources).whole()
    if isinstance(value, Mapping):
        return {key: value_of(one, sources) for key, one in value.items()}
    if isinstance(value, list):
        return [value_of(one, sources) for one in value]
    return value


class _Reader:
    """Reads an expression from left to right and works it out on the way."""

    def __init__(self, text: str, sources: Mapping[str, Callable[..., Any]]) -> None:
        self._text, self._at = text, 0
        self._functions = {**FUNCTIONS, **sources}

    def whole(self) -> Any:
        found = self._value()
        if self._text[self._at :].strip():
            raise ExpressionError(f"{self._text!r}: unexpected {self._text[self._at :]!r}")
        return found

    def _next(self) -> tuple[str, str]:
        found = _TOKEN.match(self._text, self._at)
        if found is None:
            raise ExpressionError(f"{self._text!r}: unexpected {self._text[self._at :]!r}")
        self._at = found.end()
        kind = str(found.lastgroup)
        return kind, found[kind]

    def _peek(self) -> str:
        found = _TOKEN.match(self._text, self._at)
        return found[str(found.lastgroup)] if found else ""

    def _expect(self, sign: str) -> None:
        _, got = self._next()
        if got != sign:
            raise ExpressionError(f"{self._text!r}: expected {sign!r}, got {got!r}")

    def _value(self) -> Any:
        kind, text = self._next()
        if kind == "text":
            found: Any = text[1:-1].replace("''", "'")
        elif kind == "number":
            found = int(text)
        elif kind == "word" and text in ("null", "true", "false"):
            found = {"null": None, "true": True, "false": False}[text]
        elif kind == "word":
            found = self._call(text)
        else:
            raise ExpressionError(f"{self._text!r}: unexpected {text!r}")
        while self._peek() in ("[", "?["):
            found = self._part(found)
        return found

    def _call(self, name: str) -> Any:
        if name not in self._functions:
            raise ExpressionError(f"the template function {name!r} is not known here")
        self._expect("(")
        arguments = []
        while self._peek() != ")":
            arguments.append(self._value())
            if self._peek() == ",":
                self._expect(",")
        self._expect(")")
        return self._functions[name](*arguments)

    def _part(self, whole: Any) -> Any:
        _, sign = self._next()
        key = self._value()
        self._expect("]")
        if whole is None and sign == "?[":
            return None
        try:
            return whole[key]
        except (KeyError, IndexError, TypeError):
            if sign == "?[":
                return None
            raise ExpressionError(f"{self._text!r}: there is no {key!r}") from None
