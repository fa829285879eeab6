"""A release that moves traffic: a second version beside the one that serves, a share, a judgement, all the way or back.

The order is such that a kill at any point leaves one version with all the traffic or both with a share, never none;
the next command takes the traffic back and begins anew. docs/adr/0019-two-versions-side-by-side.md says why.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from components import slo
from components.release import RELEASE, VARIABLE
from components.spec import Environment
from components.spec.checks_kubernetes import CANDIDATE
from components.spec.service import Service
from delivery import alerts, apply, candidates, declared, steps
from delivery.analysis import Analysis, Subject, restarts
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.gate import Judgement, Outcome
from delivery.observe import Observer, Target
from delivery.output import Output
from delivery.preview.model import Preview
from delivery.prometheus import Prometheus
from delivery.stack import ProgramStack
from delivery.traffic import Pulse, Traffic
from delivery.verify import verify
from delivery.watch import Watch

Apply = Callable[[Sequence[str] | None], apply.Journal]
"""Apply the program, as a whole or these resources of it only."""


def shifting(environment: Environment) -> dict[str, Service]:
    """The services whose traffic ``caas`` moves itself: on ECS the platform does."""
    if environment.platform != "kubernetes":
        return {}
    return {one.name: one for one in environment.services if one.rollout.strategy != "rolling"}


def concerned(environment: Environment, state: Callable[[], candidates.State]) -> bool:
    """Whether any service's traffic is moved, or was until now: then a release of before may have left something."""
    if environment.platform != "kubernetes":
        return False
    return bool(shifting(environment)) or bool(candidates.routed(state()))


@dataclass
class Strategy:
    """The releases of one command."""

    stack: ProgramStack
    environment: Environment
    observer: Observer
    traffic: Traffic
    output: Output
    timeout: float
    look: Callable[[], Preview]
    """What an apply would change now; DeliveryError where that may not be."""
    judgements: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Service -> what the gate saw, for the history."""

    def clean(self, apply_: Apply) -> bool:
        """Take back what a release that died has left; answers whether there was anything.

        DeliveryError with LOCKED where one is alive.
        """
        state = self.stack.state()
        left = set(candidates.services(state))
        # Also of those that are not to move traffic any more: what was begun under the old description is still there.
        for name in candidates.routed(state):
            target = candidates.stable(state, name)
            standing = self.traffic.standing(target) if target else None
            if standing is None or standing.release is None:
                continue
            if not standing.release.mine and standing.release.alive(time.time()):
                raise self._taken(standing.release.holder)
            left.add(name)
        if not left:
            return False
        names = sorted(left)
        self.output.warn(f"A release of {', '.join(names)} was cut off; all traffic goes back to what serves.")
        self._back(names, apply_)
        return True

    def release(self, apply_: Apply, *, at_once: bool = False) -> tuple[apply.Journal, bool]:
        """Release what has changed. Answers the whole apply's journal, and whether traffic was moved for it.

        DeliveryError with DEPLOYMENT_FAILED, and everything as it was, where the new version does not pass.

        :param at_once: Without trying it first: the way back to what has proven itself waits for no traffic.
        """
        counts = {} if at_once else self._changed()
        if not counts:
            return apply_(None), False
        names = sorted(counts)
        self._take(names)
        with Pulse(self.traffic, [self._target(name) for name in names]):
            try:
                subjects = self._begin(counts, apply_)
                for name in names:
                    self._shift(subjects[name])
                self.output.say(f"{', '.join(names)}: the new version has passed; what serves is updated to it.")
                journal = apply_(None)
                truth = declared.parse(self.stack.outputs(), self.stack.name)
                verify(truth, self.observer, self.output, timeout=self.timeout)
            except BaseException as error:
                # Also where a person stopped it: nobody is to be left with half of a new version.
                if isinstance(error, KeyboardInterrupt):
                    self.output.warn(f"Stopped: all traffic of {', '.join(names)} goes back to what serves.")
                self._back(names, apply_)
                raise
            self._back(names, apply_)
        return journal, True

    def _changed(self) -> dict[str, int]:
        """Services whose running instances would be replaced -> instances of the new version."""
        self.output.say(f"Looking at what would change in stack {self.stack.name}.")
        found = _replaced(self.look())
        state = self.stack.state()
        counts = {}
        for name, service in shifting(self.environment).items():
            target = candidates.stable(state, name)
            if name not in found or target is None:
                continue  # A first release has nobody's traffic to move.
            if self.traffic.standing(target) is None:
                self.output.warn(f"{name}: this apply makes its route; its strategy holds from the next release on.")
                continue
            snapshot = self.observer.snapshot(target)
            if snapshot.exists and snapshot.ready:
                counts[name] = steps.instances(service, snapshot.desired)
        return counts

    def _take(self, names: list[str]) -> None:
        for name in names:
            other = self.traffic.take(self._target(name))
            if other is not None:
                raise self._taken(other.holder)

    def _begin(self, counts: Mapping[str, int], apply_: Apply) -> dict[str, Subject]:
        """Start the new versions without traffic, and try them at their preview hosts."""
        self.stack.engine.variables[VARIABLE] = json.dumps(counts)
        told = ", ".join(f"{name} ({count})" for name, count in sorted(counts.items()))
        self.output.say(f"Starting the new version beside the old one: {told}.")
        # A release that runs again declares no image, and one that the state holds is not to go before what uses it.
        built = RELEASE not in self.stack.engine.variables
        apply_([pattern for name in counts for pattern in candidates.patterns(name, built=built)])
        truth = declared.parse(self.stack.outputs(), self.stack.name)
        state = self.stack.state()
        tried = tuple(candidates.declared(one, state, counts[one.name]) for one in truth.services if one.name in counts)
        verify(replace(truth, services=tried), self.observer, self.output, timeout=self.timeout)
        for one in tried:
            self.output.say(f"{one.name} answers at {one.url}.")
        for name in counts:
            target = self._target(name)
            self.traffic.hold(target, max(1, self.observer.snapshot(target).desired))
        return {name: self._subject(name) for name in counts}

    def _subject(self, name: str) -> Subject:
        service, target = shifting(self.environment)[name], self._target(name)
        interval = self.environment.gate.interval
        new = Target(target.namespace, f"{target.name}{CANDIDATE}")
        return Subject(
            name=name,
            stable=target,
            candidate=new,
            new=slo.queries(service, target.namespace, new.name, interval),
            old=slo.queries(service, target.namespace, target.name, interval),
            budget=slo.budget(service),
            restarts=restarts(self.observer.snapshot(new)),
        )

    def _shift(self, subject: Subject) -> None:
        """Every step of a service's strategy, with the pauses that it asks for before the first and after the last."""
        gate, service = self.environment.gate, shifting(self.environment)[subject.name]
        watch = Watch(self.observer, self.output)
        source = Prometheus(gate.prometheus or "")
        pages = alerts.new_pages(source, self.environment.project, self.environment.stack, subject.name)
        analysis = Analysis(gate, source, self.traffic, watch, self.output, pages=pages)
        percent = 0
        self._pause(analysis, subject, steps.BEFORE, percent)
        for step in steps.plan(service):
            percent = step.percent
            self.traffic.move(subject.stable, percent)
            judgement = analysis.step(subject, step)
            self.judgements[subject.name] = subject.document()
            self._judged(subject, judgement, percent)
        self._pause(analysis, subject, steps.AFTER, percent)

    def _pause(self, analysis: Analysis, subject: Subject, stage: str, percent: int) -> None:
        limit = steps.pause(shifting(self.environment)[subject.name], stage)
        if limit is not None:
            why = f"rollout.hooks asks for a person at {stage}"
            self._judged(subject, analysis.pause(subject, percent, why, limit), percent)

    def _judged(self, subject: Subject, judgement: Judgement, percent: int) -> None:
        """Take the traffic back at once where the new version may not go on."""
        if judgement.outcome is not Outcome.PASS:
            self.traffic.back(subject.stable, hold=True)
            raise _failed(subject, judgement, percent)

    def _back(self, names: Sequence[str], apply_: Apply) -> None:
        """All traffic to what serves, then the new version away, then the count to the autoscaler again. Until the last
        of it is done the routes stay this release's, so that one that is killed here is found and ended as well."""
        state = self.stack.state()
        targets = {name: target for name in names if (target := candidates.stable(state, name)) is not None}
        for target in targets.values():
            self.traffic.back(target, hold=True)
        self.stack.engine.variables.pop(VARIABLE, None)
        if urns := candidates.urns(state):
            # The routes as well: while a new version is tried they are declared with a mark, see route.py. One that is
            # not declared any more is left to the whole apply, which makes what follows it first.
            declared_ = [name for name in candidates.services(state) if name in shifting(self.environment)]
            apply_([*urns, *candidates.routes(state, declared_)])
        for name, target in targets.items():
            if (minimum := candidates.minimum(self.stack.state(), name)) is not None:
                self.traffic.hold(target, minimum)
            self.traffic.back(target)

    def _target(self, name: str) -> Target:
        target = candidates.stable(self.stack.state(), name)
        if target is None:
            raise DeliveryError(
                f"The state of stack {self.stack.name!r} holds no Deployment of {name}.", Exit.NOT_PROVEN
            )
        return target

    def _taken(self, holder: str) -> DeliveryError:
        return DeliveryError(
            f"Stack {self.stack.name!r} is being released by {holder}.",
            Exit.LOCKED,
            remedy="Wait for it, or take it back with `caas abort`.",
        )


def _replaced(found: Preview) -> set[str]:
    """The services whose pods an apply would replace."""
    return {
        change.name.removesuffix("-deployment")
        for change in found.changes
        if change.type == apply.DEPLOYMENT and any(one.path.startswith("spec.template") for one in change.properties)
    }


def _failed(subject: Subject, judgement: Judgement, percent: int) -> DeliveryError:
    how = "did not pass" if judgement.outcome is Outcome.FAIL else "could not be judged"
    return DeliveryError(
        f"The new version of {subject.name} {how} with {percent} % of the traffic; all of it is back with the version "
        "that served before.",
        Exit.DEPLOYMENT_FAILED,
        remedy="Correct it and run `caas up` again; nothing has to be cleaned up by hand.",
        details=tuple(f"{subject.name}: {reason}" for reason in judgement.reasons),
        rolled_back=True,
    )
