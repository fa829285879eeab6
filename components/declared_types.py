"""Which resource types a program declares, seen while it declares them: what a pipeline's rights are made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

import pulumi

T = TypeVar("T")

WITHOUT_RIGHTS = ("caas:", "pulumi:", "docker-build:", "docker:")
"""Beginnings of types that no platform's API is asked for: components, providers, and builds, whose push the
registry's own type stands for."""


class DeclaredTypes:
    """The types declared since it was made, in this program."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        pulumi.runtime.register_stack_transformation(self._note)

    def _note(self, args: pulumi.ResourceTransformationArgs) -> None:
        self._seen.add(args.type_)

    def sorted(self) -> list[str]:
        """Those that a platform's API is asked for, in order."""
        return sorted(type_ for type_ in self._seen if not type_.startswith(WITHOUT_RIGHTS))


class NoRights(LookupError):
    """A type is declared of which nobody has written down what it takes."""

    def __init__(self, type_: str, table: str) -> None:
        super().__init__(
            f"{type_} is declared, and {table} does not say what rights it takes: add an entry there, or remove "
            "caas:pipeline"
        )


def rights_of(types: Iterable[str], rights: Mapping[str, T], table: str) -> list[T]:
    """What each of the types takes, by a platform's table. ``table``: where that stands, for people.

    :raises NoRights: One has no entry.
    """
    found = []
    for type_ in types:
        if type_ not in rights:
            raise NoRights(type_, table)
        found.append(rights[type_])
    return found
