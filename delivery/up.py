"""``caas up``: validate, wait for the stack, put right what a killed apply left, apply, prove."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from pulumi import automation as auto
from pulumi.automation import ConcurrentUpdateError

from components.release import VARIABLE
from components.spec import Environment
from delivery import (
    apply,
    declared,
    freeze,
    locks,
    notify,
    policing,
    protect,
    recover,
    releases,
    restore,
    strategy,
    taken,
    turns,
)
from delivery.beforehand import Beforehand
from delivery.engine import Engine
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.ledger import Intent
from delivery.observe import Observer, Target
from delivery.observe.platforms import observer_in
from delivery.output import Output
from delivery.policing import Policing
from delivery.preview.run import default_pack
from delivery.purpose import PLAIN, Purpose
from delivery.seal import sealing
from delivery.stack import ProgramStack
from delivery.supply import handover
from delivery.supply import run as supplying
from delivery.traffic import Traffic
from delivery.verify import Finding, verify
from delivery.went_back import went_back


@dataclass(frozen=True)
class Result:
    """What an ``up`` brought about."""

    stack: str
    created: bool
    changes: Mapping[str, int]
    changed: int
    findings: tuple[Finding, ...]
    versions: Mapping[str, str]
    seconds: float
    judgements: Mapping[str, Any] = field(default_factory=dict)
    """Service -> what the gate saw, where traffic was moved."""
    release: int | None = None
    """Its number in the record of releases."""

    def document(self) -> dict[str, Any]:
        """For --json."""
        return {
            "stack": self.stack,
            "release": self.release,
            "created": self.created,
            "changes": dict(self.changes),
            "changed": self.changed,
            "services": [f.document() for f in self.findings],
            "versions": dict(self.versions),
            "seconds": round(self.seconds, 1),
            **({"analysis": dict(self.judgements)} if self.judgements else {}),
        }


def up(
    directory: Path,
    environment: Environment,
    output: Output,
    *,
    timeout: float,
    lock_timeout: float = turns.TIMEOUT,
    intent: Intent | None = None,
    why: Purpose = PLAIN,
    sealed: Path | None = None,
    beforehand: Beforehand | None = None,
) -> Result:
    """Apply the program to a stack, prove it, and record it. DeliveryError, with the code that fits, where that cannot
    be.

    :param intent: What is released. Default: what the directory describes.
    :param sealed: The file of a plan that the apply must fit.
    :param beforehand: What is kept of a preview that the apply begins with; None where none is asked for.
    """
    began = time.monotonic()
    engine = Engine()
    stack = ProgramStack(directory, environment.stack, environment.project, engine)
    handle, created = stack.opened_or_made(output.masker) if sealed is None else (stack.opened(output.masker), False)
    if created:
        output.say(f"Made stack {stack.name} in {stack.backend}.")
    observer = observer_in(environment)
    turns.await_turn(stack, output, time.monotonic() + lock_timeout, lock_timeout)
    plan = intent or releases.intent(directory, environment, note=why.reason)
    with notify.deployment(stack, environment, output, why) as told, releases.recorded(stack, plan, output) as record:
        freeze.check(stack, environment, output, why)
        rules = Policing(handle, stack, environment, output, why, record, default_pack(directory))
        asked, named = rules.pack is not None, plan.images.values()
        with handover.handed_over(stack, environment, stack.state, output, asked=asked, more=named):
            if sealed is not None:
                sealing.check(sealed, stack, handle, output, rules)
            elif beforehand is not None:
                beforehand.begin(handle, stack, environment, output, rules)
            else:
                rules.begin()
            told.start()
            journal, judgements = _release(handle, stack, environment, observer, output, timeout, lock_timeout, rules)
        truth = declared.parse(stack.outputs(), stack.name)
        images = {one.name: one.image for one in truth.services}
        record.applied(images, journal.changed)
        output.say(f"Applied: {journal.changed} changed." if journal.changed else "Nothing to change.")
        findings = verify(truth, observer, output, timeout=timeout)
        if restore.due(record, journal.changed) and not why.recovery:

            def again(spec: Environment) -> None:
                back = Policing(handle, stack, spec, output, replace(why, recovery=True), record, None)
                _release(handle, stack, spec, observer, output, timeout, lock_timeout, back)

            way_back = restore.Restore(directory, stack, observer, output, again, timeout)
            judgements = {**way_back.judged(environment, truth, record), **judgements}
        told.success(journal.changed, images)
        before = protect.recent(record.before, environment.releases_kept)
        protect.protect(environment, [one.image for one in truth.services], output, before=before)
    supplying.after_up(stack, environment, images, output)
    versions = {"pulumi": str(engine.version), **observer.versions()}
    return Result(
        stack.name,
        created,
        journal.changes,
        journal.changed,
        findings,
        versions,
        time.monotonic() - began,
        judgements,
        record.release.number,
    )


def _release(
    handle: auto.Stack,
    stack: ProgramStack,
    environment: Environment,
    observer: Observer,
    output: Output,
    timeout: float,
    lock_timeout: float,
    rules: Policing,
) -> tuple[apply.Journal, Mapping[str, Any]]:
    """Apply at once, or by way of a second version where a service asks for that; what the gate saw beside it."""

    # Asked once for both: each asking is a start of the engine.
    state = cache(stack.state)
    if not strategy.concerned(environment, state):
        return _apply(handle, stack, observer, output, lock_timeout, None, rules, state), {}

    def applied(target: Sequence[str] | None) -> apply.Journal:
        # What only takes away what a release has left is not to be held up.
        judged = target is None or VARIABLE in stack.engine.variables
        return _apply(handle, stack, observer, output, lock_timeout, target, rules if judged else None, stack.state)

    cluster = environment.kubernetes
    traffic = Traffic(cluster.kubeconfig, cluster.context)
    plan = strategy.Strategy(stack, environment, observer, traffic, output, timeout, rules.look)
    until = time.monotonic() + lock_timeout
    while True:
        turns.await_turn(stack, output, until, lock_timeout)
        try:
            if recover.recover(stack, stack.state(), output) | plan.clean(applied):
                rules.forget()
            return plan.release(applied, at_once=rules.why.recovery)[0], plan.judgements
        except DeliveryError as error:
            left = until - time.monotonic()
            if error.code is not Exit.LOCKED or left <= 0:
                raise
            rules.forget()
            output.say(f"{error.message} Waiting ({left:.0f} s left).", key=error.message)
            time.sleep(min(turns.INTERVAL, left))


def _apply(
    handle: auto.Stack,
    stack: ProgramStack,
    observer: Observer,
    output: Output,
    lock_timeout: float,
    target: Sequence[str] | None,
    rules: Policing | None,
    state: Callable[[], Mapping[str, Any]],
) -> apply.Journal:
    """Take turns with others until the limit; answers what the engine reported.

    :param state: The deployment as it is stored; asked for anew where somebody else had the turn.
    """
    until = time.monotonic() + lock_timeout
    while True:
        if turns.await_turn(stack, output, until, lock_timeout):
            state = stack.state
        try:
            return _apply_once(handle, stack, observer, output, target, rules, state())
        except DeliveryError as error:
            if error.code is not Exit.LOCKED:
                raise
            state = stack.state
            # Somebody was quicker, or the backend is one whose locks only the engine can read.
            holders = locks.in_message(stack.engine.last.stderr + "\n" + stack.engine.last.stdout)
            turns.wait_or_give_up(stack, holders, output, until, lock_timeout)


def _apply_once(
    handle: auto.Stack,
    stack: ProgramStack,
    observer: Observer,
    output: Output,
    target: Sequence[str] | None,
    rules: Policing | None,
    state: Mapping[str, Any],
) -> apply.Journal:
    if recover.recover(stack, state, output):
        state = stack.state()
    before, stale = _compare(state, observer)
    if stale:
        output.say(f"The platform has moved since the last apply ({', '.join(stale)}): its state is read again.")
    journal = apply.Journal(output)
    # What was declared before the engine begins tells an old failure from a new one.
    guard = apply.Guard(observer, output, before)
    output.say(f"Applying stack {stack.name}.")
    pack = rules.during if rules else None
    stack.engine.about_to_update(state)
    refusal, beyond_healing = apply.run(
        handle, stack.engine, journal, guard, refresh=bool(stale), target=target, pack=pack, config=stack.pack_config
    )
    if rules:
        rules.heard(journal.policies, journal.packs)
    if beyond_healing:
        broken, verdict = beyond_healing
        # A cancelled update leaves the old declaration in the state. Without this, the plain `pulumi up` that goes
        # back to that declaration would find nothing to do, and the release that cannot run would stay.
        stack.run("refresh", "--yes", "--skip-preview", "--suppress-progress")
        raise DeliveryError(
            f"The new release of {broken.name} cannot run, so the apply was stopped"
            + ("; what ran before serves on." if guard.updates(broken) else "."),
            Exit.DEPLOYMENT_FAILED,
            remedy="Correct it and run `caas up` again; nothing has to be cleaned up by hand.",
            details=guard.evidence(broken, verdict),
        )
    if isinstance(refusal, ConcurrentUpdateError):
        raise DeliveryError(f"Stack {stack.name!r} is locked.", Exit.LOCKED) from refusal
    if refusal:
        raise _failed(stack, journal, guard, observer) from refusal
    return journal


def _compare(state: Mapping[str, Any], observer: Observer) -> tuple[dict[Target, int], list[str]]:
    """The generation of each Deployment now, and the names of those that are gone or were changed since the state was
    written: by hand, by an autoscaler, or by an apply that was cut off before it could write down what it had done."""
    recorded = dict(apply.deployments(state.get("resources") or []))
    try:
        seen = {target: observer.snapshot(target) for target in recorded}
    except DeliveryError as error:
        # A cluster that cannot be read is no failed proof as long as nothing was changed.
        raise DeliveryError(error.message, Exit.BAD_INPUT, remedy=error.remedy, details=error.details) from error
    stale = [t.name for t, s in seen.items() if not s.exists or s.generation != recorded[t]]
    return {target: snapshot.generation for target, snapshot in seen.items()}, stale


def _failed(stack: ProgramStack, journal: apply.Journal, guard: apply.Guard, observer: Observer) -> DeliveryError:
    if journal.policy_violated:
        return policing.violated(stack.name, journal.policies, changed=journal.done)
    error = stack.explain()
    found = guard.look({target: 0.0 for target in journal.targets()})
    evidence = guard.evidence(*found) if found else ()
    said = tuple(e for e in journal.errors if e.rstrip(".") not in error.message)
    ways_out = taken.ways_out(journal.not_made, stack.state().get("resources") or [], stack.name)
    return DeliveryError(
        error.message,
        error.code,
        remedy=error.remedy,
        details=(*said, *ways_out, *evidence),
        rolled_back=went_back(journal.not_updated, stack.outputs(), stack.name, observer),
    )
