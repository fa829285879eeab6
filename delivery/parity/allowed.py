"""What may differ between environments, and why: ``allowed.yaml``, and a project's own ``policies/parity.yaml``.

An entry names a resource type and a property. It never allows more than that: a type is spelt out, or ends in one ``*``
for the types of one API, and a path is no bare ``*`` unless the resource as a whole may be missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from components.spec.environment import Tier
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit

FILE = Path(__file__).with_name("allowed.yaml")
OWN = Path("policies") / "parity.yaml"
"""Where a project allows more, relative to its directory."""
SHORTEST_REASON = 20
"""Characters; less is no reason that somebody else could judge."""


class Allowed(BaseModel):
    """One entry of the list. In each pattern ``*`` stands for any characters, and nothing else is special."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    types: tuple[Annotated[str, StringConstraints(min_length=3)], ...] = Field(min_length=1)
    """Resource types; ``spec`` for what the description itself says, where platforms differ."""
    name: str = "*"
    """The resource's name, with the environment's own words replaced."""
    paths: tuple[Annotated[str, StringConstraints(min_length=1)], ...] = ()
    """Properties. None: the resource as a whole may be declared by one environment and not by the other."""
    absent: bool = False
    """Whether one of the two may lack the property. Otherwise both have it, with whatever values."""
    tier: Tier | None = None
    """Where given, only where one of the two environments has this tier."""
    reason: Annotated[str, StringConstraints(min_length=SHORTEST_REASON)]

    def covers(self, type_: str, name: str, path: str, tiers: Iterable[str], *, absent: bool = False) -> bool:
        """Whether it allows a difference. An empty path is the resource as a whole.

        :param absent: One of the two does not have the property at all.
        """
        return (
            (self.absent or not absent or not path)
            and (self.tier is None or self.tier in tiers)
            and any(pattern.fullmatch(type_) for pattern in self._types)
            and like(self.name).fullmatch(name) is not None
            and (any(pattern.fullmatch(path) for pattern in self._paths) if path else not self.paths)
        )

    @cached_property
    def _types(self) -> tuple[re.Pattern[str], ...]:
        return tuple(like(each) for each in self.types)

    @cached_property
    def _paths(self) -> tuple[re.Pattern[str], ...]:
        return tuple(like(each) for each in self.paths)


def like(pattern: str) -> re.Pattern[str]:
    """A pattern in which ``*`` alone is special: brackets stand in paths and mean themselves."""
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.DOTALL)


def load(directory: Path) -> tuple[Allowed, ...]:
    """The entries that everybody has, and the project's own. DeliveryError where one cannot be used."""
    own = directory / OWN
    return (*_read(FILE), *(_read(own) if own.is_file() else ()))


def _read(path: Path) -> tuple[Allowed, ...]:
    try:
        data: Any = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except (YAMLError, OSError, UnicodeDecodeError) as error:
        raise _wrong(path, " ".join(str(error).split())) from error
    listed = data.get("allowed") if isinstance(data, dict) and data.keys() == {"allowed"} else None
    if not isinstance(listed, list):
        raise _wrong(path, "the file is a mapping with the one key `allowed`, a list")
    return tuple(_entry(path, number, entry) for number, entry in enumerate(listed))


def _entry(path: Path, number: int, entry: Any) -> Allowed:
    try:
        found = Allowed.model_validate(entry)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise _wrong(path, f"allowed[{number}].{place}: {first['msg']}") from error
    for type_ in found.types:
        if "*" in type_.removesuffix("*") or type_.startswith("*"):
            raise _wrong(
                path, f"allowed[{number}].types: {type_!r} must name a type, or the types of one API by a last *"
            )
    if any(not each.replace("*", "") for each in found.paths):
        raise _wrong(path, f"allowed[{number}].paths: a bare * covers every property; name them")
    return found


def _wrong(path: Path, what: str) -> DeliveryError:
    return DeliveryError(
        f"{path.parent.name}/{path.name} cannot be used: {what}.",
        Exit.BAD_INPUT,
        remedy="An entry has types, paths, reason, and where it is needed name, tier and absent.",
    )
