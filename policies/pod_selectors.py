"""Which pods a selector of Kubernetes finds. No rules here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.pods import labels, namespace
from policies.rule import UNKNOWN, Resource, Unknown, items, read


def unknown(value: Any) -> bool:
    """Whether a value, or anything in it, is not known yet."""
    if isinstance(value, Mapping):
        return any(unknown(each) for each in value.values())
    if isinstance(value, list | tuple):
        return any(unknown(each) for each in value)
    return value is UNKNOWN


def selects(selector: Any, found: Any) -> bool | Unknown:
    """Whether a label selector finds pods with these labels; UNKNOWN where that cannot be told yet.

    An empty selector finds every pod, None finds none.
    """
    if selector is None:
        return False
    if unknown(selector) or found is UNKNOWN:
        return UNKNOWN
    mine = found if isinstance(found, Mapping) else {}
    asked = [_equal(mine.get(str(path[-1])), value) for path, value in items(selector, "matchLabels")]
    asked += [_holds(expression, mine) for _, expression in items(selector, "matchExpressions")]
    if False in asked:
        return False
    return UNKNOWN if UNKNOWN in asked else True


def _equal(found: Any, wanted: Any) -> bool | Unknown:
    return UNKNOWN if found is UNKNOWN else bool(found == wanted)


def _holds(expression: Any, labels: Mapping[str, Any]) -> bool | Unknown:
    key, operator, values = (read(expression, name) for name in ("key", "operator", "values"))
    if not isinstance(key, str):
        return False
    if operator == "Exists":
        return bool(key in labels)
    if operator == "DoesNotExist":
        return bool(key not in labels)
    found = labels.get(key)
    if isinstance(found, Unknown):
        return UNKNOWN
    among: bool = isinstance(values, list | tuple) and found in values
    return among is (operator == "In")


def of_pods(workload: Resource, others: tuple[Resource, ...], *path: str) -> Iterator[tuple[Resource, bool | Unknown]]:
    """Each of the others in the workload's namespace, and whether its selector at ``path`` finds its pods."""
    mine, here = labels(workload), namespace(workload)
    for other in others:
        there = namespace(other)
        if here is UNKNOWN or there is UNKNOWN:
            # Of two unknown namespaces nothing says that they are one; the selector alone can still say no.
            found = selects(read(other.properties, *path), mine)
            yield other, UNKNOWN if found is not False else False
        elif here == there:
            yield other, selects(read(other.properties, *path), mine)
