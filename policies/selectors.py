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
    if unknown(selector) or unknown(found):
        return UNKNOWN
    mine = found if isinstance(found, Mapping) else {}
    wanted = read(selector, "matchLabels")
    if isinstance(wanted, Mapping) and any(mine.get(key) != value for key, value in wanted.items()):
        return False
    return all(_holds(expression, mine) for _, expression in items(selector, "matchExpressions"))


def _holds(expression: Any, labels: Mapping[str, Any]) -> bool:
    key, operator, values = (read(expression, name) for name in ("key", "operator", "values"))
    among = isinstance(values, list | tuple) and labels.get(key) in values
    if operator == "Exists":
        return key in labels
    if operator == "DoesNotExist":
        return key not in labels
    return among if operator == "In" else not among


def of_pods(workload: Resource, others: tuple[Resource, ...], *path: str) -> Iterator[tuple[Resource, bool | Unknown]]:
    """Each of the others in the workload's namespace, and whether its selector at ``path`` finds its pods."""
    mine = labels(workload)
    for other in others:
        here, there = namespace(workload), namespace(other)
        if here is UNKNOWN or there is UNKNOWN:
            # Of two unknown namespaces nothing says that they are one; the selector alone can still say no.
            found = selects(read(other.properties, *path), mine)
            yield other, UNKNOWN if found is not False else False
        elif here == there:
            yield other, selects(read(other.properties, *path), mine)
