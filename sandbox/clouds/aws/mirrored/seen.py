"""What moto keeps in an attribute and here is worked out from the world at each look."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from moto.utilities.tagging_service import TaggingService

STARTED = datetime(2026, 1, 1, tzinfo=UTC)
"""The world keeps no times; everything began then."""

Record = Mapping[str, Any]
Made = TypeVar("Made")


class Seen:
    """An attribute of a backend of moto's that shows the world. What moto itself would put there is not kept."""

    def __init__(self, read: Callable[[Any], Any]) -> None:
        self._read = read

    def __get__(self, owner: Any, kind: type) -> Any:
        return self if owner is None else self._read(owner)

    def __set__(self, owner: Any, value: Any) -> None:
        """moto's constructors begin with nothing; there is nothing to begin with here."""


def build(kind: Callable[..., Made], *values: Any, **named: Any) -> Made:
    """One of moto's records: its classes leave abstract what templates need, and take more than their types say."""
    return kind(*values, **named)


def tagged(records: Iterable[Record], **names: str) -> TaggingService:
    """The tags of resources, by their ARNs.

    :param names: What moto's service calls the parts of a tag, where they are not ``Tags``, ``Key`` and ``Value``.
    """
    service = TaggingService(**names)
    for record in records:
        service.tag_resource(record["state"]["arn"], tags(record["state"]))
    return service


def tags(state: Record) -> list[dict[str, str]]:
    """A resource's tags as AWS lists them, the provider's own included."""
    found = state.get("tagsAll") or state.get("tags") or {}
    return [{"Key": key, "Value": str(value)} for key, value in sorted(found.items())]
