"""Runs the engine while watching what it brings about, and stops it when that cannot heal.

The plug-ins' own waiting is no proof and may outlast every deadline: docs/adr/0009-verify-by-observation.md.
"""

from __future__ import annotations

import re
import threading
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pulumi import automation as auto
from pulumi.automation.errors import CommandError
from pulumi.automation.events import EngineEvent, PolicyEvent, StepEventMetadata, StepEventStateMetadata

from delivery import signals
from delivery.engine import CLEAN_STOP, Engine, said
from delivery.errors import DeliveryError, Interrupted
from delivery.observe.model import Observer, Target
from delivery.output import Output
from delivery.preview import events, model
from delivery.verdict import Verdict, failure
from delivery.watch import INTERVAL, Watch

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
QUIET = frozenset({"same", "read", "refresh"})
"""Operations that change nothing."""
UNCHANGED_PATIENCE = 20.0
"""Seconds after which a Deployment that the engine works on is judged although its declaration has not changed: it is
then the same declaration once more, whose failure is as final as before."""
# An engine that was told to leave at once ends its account of events in the midst of a line.
warnings.filterwarnings("ignore", message="Error in event stream", category=UserWarning)

_COLOUR = re.compile(r"<\{%[^%]*%\}>")


def deployments(resources: list[Mapping[str, Any]]) -> Iterator[tuple[Target, int | None]]:
    """The Deployments in a stored state, and the generation in which each was last seen."""
    for resource in resources:
        if resource["type"] == DEPLOYMENT:
            target = _target(resource.get("inputs", {}))
            if target:
                yield target, resource.get("outputs", {}).get("metadata", {}).get("generation")


def _target(inputs: Mapping[str, Any]) -> Target | None:
    metadata = inputs.get("metadata", {})
    name, namespace = metadata.get("name"), metadata.get("namespace")
    return Target(namespace, name) if isinstance(name, str) and isinstance(namespace, str) else None


class Journal:
    """What the engine reports while it works: shown line by line, and kept for the end."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._began: dict[str, float] = {}
        self.changes: dict[str, int] = {}
        self.errors: list[str] = []
        self._failed: dict[str, StepEventStateMetadata] = {}
        self._unchanged: list[StepEventStateMetadata] = []
        self._said: dict[str, str] = {}
        self.done = 0
        """Resources that were changed so far, but for the engine's own providers."""
        self.policies: dict[model.PolicyResult, None] = {}
        self.packs: dict[str, str] = {}
        """Name of each policy pack that was asked -> its version."""
        self.rolling: dict[Target, float] = {}
        """Deployments that the engine is working on, and since when."""
        self._lock = threading.Lock()

    def hear(self, event: EngineEvent) -> None:
        """Called by the Automation API, on its thread, for each event."""
        if event.resource_pre_event:
            self._begin(event.resource_pre_event.metadata)
        elif event.res_outputs_event:
            self._end(event.res_outputs_event.metadata, "")
        elif event.res_op_failed_event:
            self._end(event.res_op_failed_event.metadata, "  FAILED")
            self._fail(event.res_op_failed_event.metadata)
        elif event.diagnostic_event and event.diagnostic_event.severity == "error":
            self._error(event.diagnostic_event.message)
            if event.diagnostic_event.urn:
                self._said[event.diagnostic_event.urn] = event.diagnostic_event.message
        elif event.policy_event:
            self._policy(event.policy_event)
        elif event.summary_event:
            changed = event.summary_event.resource_changes or {}
            self.changes = {str(getattr(op, "value", op)): n for op, n in changed.items() if n}
            self.packs = events.asked(event.summary_event) or self.packs

    def stopping(self, *, again: bool) -> None:
        """Say that a person has stopped it, and what happens now."""
        if again:
            self._output.warn("Stopping at once.")
        else:
            self._output.warn(
                f"Stopping: the engine finishes what is under way, {CLEAN_STOP:.0f} s at the most. "
                "Ctrl-C once more stops it at once."
            )

    def _policy(self, event: PolicyEvent) -> None:
        said = events.result(event)
        if event.enforcement_level == "mandatory":
            # Also what even the update could not decide.
            said = replace(said, verdict=model.Verdict.VIOLATION)
        self.policies[said] = None
        self.packs.setdefault(event.policy_pack_name, event.policy_pack_version)

    @property
    def policy_violated(self) -> bool:
        """Has a rule stopped it?"""
        return any(said.verdict is model.Verdict.VIOLATION for said in self.policies)

    def _error(self, message: str) -> None:
        text = _COLOUR.sub("", message).strip()
        if text not in ("update failed", *self.errors):
            self.errors.append(text)

    @property
    def not_made(self) -> list[tuple[StepEventStateMetadata, str]]:
        """What was to be created and was not, each with what was said of it."""
        return [(resource, self._said.get(urn, "")) for urn, resource in self._failed.items()]

    @property
    def changed(self) -> int:
        """How many resources the apply changed."""
        return sum(n for op, n in self.changes.items() if op not in QUIET)

    @property
    def not_updated(self) -> list[StepEventStateMetadata]:
        """What was to be changed and was not, as it was to become."""
        return list(self._unchanged)

    def targets(self) -> dict[Target, float]:
        """A copy of ``rolling``."""
        with self._lock:
            return dict(self.rolling)

    def _begin(self, step: StepEventMetadata) -> None:
        self._began[step.urn] = time.monotonic()
        if step.type == DEPLOYMENT and _word(step) not in {*QUIET, "delete"} and step.new:
            target = _target(step.new.inputs or {})
            if target:
                with self._lock:
                    self.rolling[target] = time.monotonic()

    def _fail(self, step: StepEventMetadata) -> None:
        # One that replaces another is in the state already.
        if _word(step) == "create" and step.new:
            self._failed[step.urn] = step.new
        elif _word(step) == "update" and step.new:
            self._unchanged.append(step.new)

    def _end(self, step: StepEventMetadata, how: str) -> None:
        word = _word(step)
        if word in QUIET or step.type == "pulumi:pulumi:Stack":
            return
        took = time.monotonic() - self._began.get(step.urn, time.monotonic())
        kind, name = step.type.rpartition(":")[2], step.urn.rpartition("::")[2]
        self.done += not how and not step.type.startswith("pulumi:providers:")
        self._output.say(f"  {word:<8} {kind:<24} {name}  {took:.1f} s{how}")


def _word(step: StepEventMetadata) -> str:
    return str(getattr(step.op, "value", step.op))


class Guard:
    """Looks at the Deployments under way; says what troubles them, and when they cannot heal."""

    def __init__(self, observer: Observer, output: Output, before: Mapping[Target, int]) -> None:
        """``before``: the generation of each Deployment before the engine began. An older failure is not this one's."""
        self._observer = observer
        self._watch = Watch(observer, output)
        self._before = before
        self._suspect: Target | None = None

    def check(self, rolling: Mapping[Target, float]) -> tuple[Target, Verdict] | None:
        """One look at each; the first that has failed for good, or None.

        A platform's own account may be a moment behind its deeds, so a single look condemns nothing.
        """
        found = self.look(rolling)
        suspected, self._suspect = self._suspect, found[0] if found else None
        return found if found and found[0] == suspected else None

    def look(self, rolling: Mapping[Target, float]) -> tuple[Target, Verdict] | None:
        """The first of these that seems to have failed, or None."""
        for target, since in rolling.items():
            snapshot, ages = self._watch.look(target)
            fresh = snapshot.generation > self._before.get(target, 0)
            if not fresh and time.monotonic() - since < UNCHANGED_PATIENCE:
                continue
            self._watch.comment(snapshot, ages)
            verdict = failure(snapshot, ages)
            if verdict:
                return target, verdict
        return None

    def updates(self, target: Target) -> bool:
        """Was there something before the engine began?"""
        return self._before.get(target, 0) > 0

    def evidence(self, target: Target, verdict: Verdict) -> tuple[str, ...]:
        """The platform's own words, for the report."""
        return tuple(f"{target.name}: {r}" for r in verdict.reasons) + self._watch.evidence(target, verdict.instances)


def run(
    stack: auto.Stack,
    engine: Engine,
    journal: Journal,
    guard: Guard | None,
    *,
    refresh: bool = False,
    target: Sequence[str] | None = None,
    pack: Path | None = None,
    config: Path | None = None,
) -> tuple[CommandError | None, tuple[Target, Verdict] | None]:
    """Apply. Answers the engine's refusal, and what made us stop it, where there was either.

    ``refresh``: read every resource again first, because the state is known not to tell the truth.
    ``target``: the only resources that may change, as the engine's patterns of URNs. Default: all.
    ``pack``: the policy pack that judges each resource before it is made, and at the end the whole stack.
    ``config``: what its rules are told.

    Ctrl-C asks the engine to finish cleanly, waits for that, and then is raised; once more, and it leaves at once.
    """
    refusal: list[BaseException] = []

    def work() -> None:
        try:
            stack.up(
                on_event=journal.hear,
                show_secrets=False,
                color="never",
                suppress_progress=True,
                refresh=refresh,
                target=list(target) if target else None,
                policy_packs=[str(pack)] if pack is not None else None,
                policy_pack_configs=[str(config)] if pack is not None and config is not None else None,
            )
        except BaseException as error:
            refusal.append(error)

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    found, interrupted = _attend(worker, engine, journal, guard)
    if interrupted:
        raise Interrupted(said(engine.cut_off))
    if refusal and not isinstance(refusal[0], CommandError):
        raise refusal[0]
    return (refusal[0] if refusal and isinstance(refusal[0], CommandError) else None), found


def _attend(
    worker: threading.Thread, engine: Engine, journal: Journal, guard: Guard | None
) -> tuple[tuple[Target, Verdict] | None, bool]:
    found: tuple[Target, Verdict] | None = None

    def stop(count: int) -> None:
        engine.stop(hurry=count > 1)
        journal.stopping(again=count > 1)

    with signals.counted(stop) as interrupted:
        while worker.is_alive():
            if guard and found is None and not interrupted:
                found = _check(guard, journal)
                if found:
                    engine.stop()
            worker.join(INTERVAL)
    return found, bool(interrupted)


def _check(guard: Guard, journal: Journal) -> tuple[Target, Verdict] | None:
    try:
        return guard.check(journal.targets())
    except DeliveryError:
        # A look that failed is no news about the release. The next one comes in a second, and the proof at the end
        # does not forgive it.
        return None
