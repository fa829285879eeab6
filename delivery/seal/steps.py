"""The steps and images of a preview in the form that is sealed: what an apply would do, and nothing that only looks
different from one run to the next. Pure.

The engine's own plan would refuse where a value is known only by the apply, where a digest comes out of a build, where
an autoscaler has set a count, and where a registry's login was renewed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from delivery.preview.model import Change, Operation, Preview, Resource
from delivery.preview.values import flat
from delivery.seal.source import text
from delivery.seal.state import VOLATILE, without

IMAGE = "docker-build:index:Image"
BUILT = "sha256:(built by the apply)"
RANDOM = "-(random)"
_REFERENCE = re.compile(r"([\w.\-/:\[\]]+)@(sha256:[0-9a-f]{64})")


def steps(found: Preview, ignored: Mapping[str, tuple[str, ...]]) -> list[dict[str, Any]]:
    """Each resource that would change, by URN: the operation, and what it would be told.

    :param ignored: URN -> properties that the program leaves to somebody else.
    """
    built, names = building(found), invented(found)
    result = []
    for change in sorted(found.changes, key=lambda one: one.urn):
        skipped = (*ignored.get(change.urn, ()), *VOLATILE.get(change.type, ()))
        if _only(change, skipped):
            continue
        inputs = flat(without(change.after or {}, skipped))
        result.append(
            {
                "urn": change.urn,
                "operation": change.operation.value,
                "inputs": {path: text(_settled(value, built, names)) for path, value in inputs.items()},
            }
        )
    return result


def images(found: Preview) -> dict[str, str]:
    """Repository -> the digests that would run from it, or the tag under which the apply would build it."""
    built = building(found)
    digests: dict[str, set[str]] = {}
    for one in found.after:
        for value in flat(one.inputs).values():
            for repository, digest in _REFERENCE.findall(value):
                if repository not in built:
                    digests.setdefault(repository, set()).add(digest)
    result = {repository: ", ".join(sorted(each)) for repository, each in digests.items()}
    return result | {repository: f"built by the apply as {tag}" for repository, tag in built.items()}


def building(found: Preview) -> dict[str, str]:
    """Repository -> tag of each image that the apply would build; the tag is a hash of what it is built from."""
    changed = {c.urn: c for c in found.changes if c.operation is not Operation.DELETE}
    pending = (o for o in found.after if o.type == IMAGE and o.urn in changed)
    return dict(_tags(one for one in pending if not _only(changed[one.urn], VOLATILE[IMAGE])))


def _tags(resources: Iterable[Resource]) -> Iterable[tuple[str, str]]:
    for one in resources:
        for tag in one.inputs.get("tags") or ():
            # A port has a colon too, but no tag has a slash.
            repository, _, name = str(tag).rpartition(":")
            if repository and "/" not in name:
                yield repository, name


def _only(change: Change, skipped: Iterable[str]) -> bool:
    """Is this an update of nothing but what does not count?"""
    heads = tuple(skipped)
    return (
        change.operation is Operation.UPDATE
        and bool(change.properties)
        and all(any(_within(one.path, head) for head in heads) for one in change.properties)
    )


def _within(path: str, head: str) -> bool:
    return path == head or path.startswith((f"{head}.", f"{head}["))


def invented(found: Preview) -> dict[str, str]:
    """Each name that the engine made up in this preview, with a random end, -> the same name without that end.

    The next preview, and the apply, make up another one; other resources may refer to it.
    """
    names = {}
    for change in found.changes:
        if change.operation in (Operation.CREATE, Operation.REPLACE):
            pattern = re.compile(rf"{re.escape(change.name)}-?[0-9a-f]{{7,8}}")
            values = (value for value in (change.after or {}).values() if isinstance(value, str))
            names |= {value: f"{change.name}{RANDOM}" for value in values if pattern.fullmatch(value)}
    return names


def _settled(value: str, built: Mapping[str, str], names: Mapping[str, str]) -> str:
    """The value without what is another one in every preview: invented names, and digests that a build gave."""
    for name, lasting in names.items():
        value = value.replace(name, lasting)

    def settle(match: re.Match[str]) -> str:
        return f"{match.group(1)}@{BUILT}" if match.group(1) in built else match.group(0)

    return _REFERENCE.sub(settle, value)
