"""Reads what the engine reports during a preview: its events become a ``Preview``. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pulumi.automation.events import EngineEvent, PolicyEvent, StepEventMetadata, StepEventStateMetadata, SummaryEvent

from delivery.preview.model import Change, Operation, PolicyResult, Preview, Property, Resource, Verdict
from delivery.preview.values import UNKNOWN, flat, short

_OPERATIONS = {
    "create": Operation.CREATE,
    "update": Operation.UPDATE,
    "delete": Operation.DELETE,
    "replace": Operation.REPLACE,
    "create-replacement": Operation.REPLACE,
    "delete-replaced": Operation.REPLACE,
    "import": Operation.IMPORT,
    "import-replacement": Operation.REPLACE,
    "read": Operation.READ,
    "read-replacement": Operation.REPLACE,
}
"""What the engine calls a step -> what happens to the resource. A step that is not here changes nothing."""
_REPLACING = frozenset({"create-replacement", "replace", "delete-replaced"})
_COLOUR = re.compile(r"<\{%[^%]*%\}>")
UNDECIDED = "undecided: "
"""How a rule of the policy pack begins to say that it could not decide."""
WAIVED = "waived: "
"""How a rule begins to say that its violation was waived."""


def preview(events: Iterable[EngineEvent]) -> Preview:
    """What a preview would change."""
    return _read(events, outputs=False)


def refresh(events: Iterable[EngineEvent]) -> Preview:
    """What a refresh would change in the state: how the platform differs from it."""
    return _read(events, outputs=True)


def _read(events: Iterable[EngineEvent], *, outputs: bool) -> Preview:
    changes: dict[str, Change] = {}
    before: dict[str, Resource] = {}
    after: dict[str, Resource] = {}
    policies: dict[PolicyResult, None] = {}
    errors: dict[str, None] = {}
    packs: dict[str, str] = {}
    unchanged = 0
    for event in events:
        # A refresh knows what it found only when it has read the resource.
        reported = event.res_outputs_event if outputs else event.resource_pre_event
        if reported:
            step = reported.metadata
            if _default_provider(step):
                continue  # The engine makes and counts these for itself.
            _remember(step, before, after)
            operation = _OPERATIONS.get(_word(step))
            if operation is None:
                unchanged += _word(step) == "same"
            elif step.urn not in changes or _word(step) == "create-replacement":
                changes[step.urn] = _change(operation, step)
        elif event.policy_event:
            policies[result(event.policy_event)] = None
        elif event.diagnostic_event and event.diagnostic_event.severity == "error":
            errors[plain(event.diagnostic_event.message)] = None
        elif event.summary_event:
            packs = asked(event.summary_event)
    order = list(Operation)
    return Preview(
        changes=tuple(sorted(changes.values(), key=lambda one: (order.index(one.operation), one.type, one.name))),
        unchanged=unchanged,
        policies=tuple(policies),
        packs=packs,
        errors=tuple(error for error in errors if error and error not in ("preview failed", "update failed")),
        before=tuple(before.values()),
        after=tuple(after.values()),
    )


def plain(message: str) -> str:
    """The engine's text without its marks of colour."""
    return _COLOUR.sub("", message).strip()


def _word(step: StepEventMetadata) -> str:
    return str(getattr(step.op, "value", step.op))


def _default_provider(step: StepEventMetadata) -> bool:
    return step.type.startswith("pulumi:providers:") and step.urn.rpartition("::")[2].startswith("default_")


def _remember(step: StepEventMetadata, before: dict[str, Resource], after: dict[str, Resource]) -> None:
    word = _word(step)
    if step.old:
        before[step.urn] = _resource(step.old)
    if step.new and word not in ("delete", "delete-replaced"):
        after[step.urn] = _resource(step.new)


def _resource(state: StepEventStateMetadata) -> Resource:
    return Resource(state.urn, state.type, state.parent or None, state.inputs or {})


def _change(operation: Operation, step: StepEventMetadata) -> Change:
    old = step.old.inputs or {} if step.old else None
    new = step.new.inputs or {} if step.new and operation is not Operation.DELETE else None
    properties = () if old is None or new is None else differing(step, old, new)
    return Change(operation, step.urn, step.type, properties, old, new)


def differing(step: StepEventMetadata, old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Property, ...]:
    """The properties that differ: by their values, and by the engine's word where the values are not shown."""
    causes = {path for path, one in (step.detailed_diff or {}).items() if one.diff_kind.value.endswith("-replace")}
    causes |= set(step.keys or ()) if _word(step) in _REPLACING else set()
    left, right = flat(old), flat(new)
    found = {path: (left.get(path), right.get(path)) for path in {*left, *right} if left.get(path) != right.get(path)}
    # Secrets look alike on both sides, and so do the parts of a value that is not known as a whole.
    for path in step.detailed_diff or ():
        if not any(_within(other, path) or _within(path, other) for other in found):
            found[path] = (left.get(path), right.get(path))
    return tuple(
        Property(path, _shown(was), _shown(will), any(_within(path, cause) for cause in causes))
        for path, (was, will) in sorted(found.items())
    )


def _within(path: str, whole: str) -> bool:
    """Is this path the other one, or below it?"""
    return path == whole or path.startswith((f"{whole}.", f"{whole}["))


def _shown(text: str | None) -> str | None:
    return None if text is None else UNKNOWN if UNKNOWN in text and len(text) > len(UNKNOWN) * 3 else short(text)


def asked(summary: SummaryEvent) -> dict[str, str]:
    """Name of each policy pack that the engine asked -> its version."""
    return {name.partition("|")[0]: version for name, version in (summary.policy_packs or {}).items()}


def result(event: PolicyEvent) -> PolicyResult:
    """What a rule said. The engine puts the rule's description before it, in a line of its own."""
    lines = plain(event.message).splitlines() or [""]
    verdict = Verdict.VIOLATION if event.enforcement_level == "mandatory" else Verdict.WARNING
    # Only where the rule's own words begin: a value that it repeats must not pass for its verdict.
    for number in (0, 1):
        line = lines[number].strip() if number < len(lines) else ""
        for mark, meaning in ((UNDECIDED, Verdict.UNDECIDED), (WAIVED, Verdict.WAIVED)):
            if line.startswith(mark):
                return _policy(event, meaning, [line.removeprefix(mark), *lines[number + 1 :]])
    return _policy(event, verdict, lines[1:] or lines)


def _policy(event: PolicyEvent, verdict: Verdict, lines: list[str]) -> PolicyResult:
    name = (event.resource_urn or "").rpartition("::")[2]
    return PolicyResult(verdict, event.policy_name, " ".join(" ".join(lines).split()), name)
