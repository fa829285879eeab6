"""The models as a map: which field a path leads to, what stands beside it, and what a typing error meant.

Pure reflection over the models, used by the error messages and by the reference page. No rules live here.
"""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from components.spec.base import Unit
from components.spec.errors import Path

SYNONYMS = {
    "annotations": "serviceAccountAnnotations",
    "autoscaling": "scaling",
    "buildargs": "args",
    "count": "replicas",
    "cpus": "cpu",
    "desiredcount": "replicas",
    "desired_count": "replicas",
    "entrypoint": "command",
    "env": "environment",
    "envvars": "environment",
    "failurethreshold": "failures",
    "healthcheck": "health",
    "healthchecks": "health",
    "hostname": "host",
    "instances": "replicas",
    "max": "maximum",
    "maxcapacity": "maximum",
    "maxreplicas": "maximum",
    "mem": "memory",
    "min": "minimum",
    "mincapacity": "minimum",
    "minreplicas": "minimum",
    "minreadyseconds": "minReady",
    "mountpath": "path",
    "probes": "health",
    "progressdeadlineseconds": "progressDeadline",
    "terminationgraceperiodseconds": "stopTimeout",
    "timeoutseconds": "timeout",
    "periodseconds": "interval",
    "tag": "image",
    "team": "owner",
}
"""What the neighbouring tools call it: lower case -> the name here. Only offered where that key exists."""


@dataclass(frozen=True)
class Shape:
    """What a place in the configuration takes."""

    annotation: Any
    bounds: tuple[float | None, float | None] = (None, None)
    unit: str | None = None
    description: str | None = None
    default: Any = None
    required: bool = False

    @property
    def model(self) -> type[BaseModel] | None:
        """The model, where the place holds one."""
        known = isinstance(self.annotation, type) and issubclass(self.annotation, BaseModel)
        return self.annotation if known else None


@lru_cache(maxsize=4096)
def at(root: type[BaseModel], path: Path) -> Shape | None:
    """The shape at a path below a model; None where the path leads to nothing."""
    shape: Shape | None = Shape(root)
    for segment in path:
        if shape is None:
            return None
        shape = _step(shape, segment)
    return shape


def children(model: type[BaseModel]) -> dict[str, Shape]:
    """The keys of a model, as YAML spells them, in the order of their declaration."""
    return {
        info.alias or name: _describe(info.annotation, list(info.metadata), info)
        for name, info in model.model_fields.items()
    }


def element(shape: Shape) -> Shape | None:
    """The shape of a collection's entries."""
    arguments = [a for a in get_args(shape.annotation) if a is not Ellipsis]
    if get_origin(shape.annotation) in (dict, tuple, frozenset) and arguments:
        return _describe(arguments[-1], [], None)
    return None


def suggest(word: str, known: Iterable[str]) -> str | None:
    """The known key that a misspelt one most likely meant: another convention's name, or the nearest spelling."""
    names = list(known)
    plain = {_plain(name): name for name in names}
    synonym = SYNONYMS.get(word.lower())
    if synonym in names:
        return synonym
    if _plain(word) in plain:
        return plain[_plain(word)]
    near = difflib.get_close_matches(_plain(word), list(plain), n=1, cutoff=0.7)
    return plain[near[0]] if near else None


def deeper(model: type[BaseModel], word: str) -> str | None:
    """Where the key belongs, if it is a key of one of the model's own parts: ``minimum`` -> ``scaling.minimum``."""
    meant = {_plain(word), _plain(SYNONYMS.get(word.lower(), word))}
    for name, shape in children(model).items():
        for inner in children(shape.model) if shape.model is not None else ():
            if _plain(inner) in meant:
                return f"{name}.{inner}"
    return None


def _plain(word: str) -> str:
    return word.replace("_", "").replace("-", "").lower()


def _step(shape: Shape, segment: str | int) -> Shape | None:
    if shape.model is not None:
        return children(shape.model).get(str(segment))
    return element(shape)


def _describe(annotation: Any, metadata: list[Any], info: FieldInfo | None) -> Shape:
    annotation, metadata = _strip(annotation, metadata)
    low: float | None = None
    high: float | None = None
    unit: str | None = None
    for item in metadata:
        low = getattr(item, "ge", low)
        high = getattr(item, "le", high)
        unit = item.name if isinstance(item, Unit) else unit
    if info is None:
        return Shape(annotation, (low, high), unit)
    default = info.get_default(call_default_factory=True, validated_data={})
    return Shape(annotation, (low, high), unit, info.description, default, info.is_required())


def _strip(annotation: Any, metadata: list[Any]) -> tuple[Any, list[Any]]:
    """Without Optional and Annotated, whose metadata is collected."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *extra = get_args(annotation)
            for item in extra:
                metadata = [*metadata, *item.metadata] if isinstance(item, FieldInfo) else [*metadata, item]
        elif get_origin(annotation) in (Union, types.UnionType):
            (annotation,) = [a for a in get_args(annotation) if a is not type(None)]
        else:
            return annotation, metadata
