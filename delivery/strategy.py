"""A release that moves traffic: a second version beside the one that serves, a share, a judgement, all the way or back.

docs/adr/0019-two-versions-side-by-side.md says why it is done so.

The order is such that a kill at any point leaves one version with all the traffic or both with a share, never none;
the next command takes the traffic back and begins anew.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pulumi import automation as auto
from pulumi.automation.errors import CommandError
from pulumi.automation.events import EngineEvent

from components import slo
from components.release import VARIABLE
from components.spec import Environment
from components.spec.checks_kubernetes import CANDIDATE, PREVIEW
from components.spec.service import Service
from delivery import apply, declared, steps
from delivery.analysis import Analysis, Subject
from delivery.declared import Declared, DeclaredService
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.gate import Judgement, Outcome
from delivery.observe import Observer, Target
from delivery.output import Output
from delivery.prometheus import Prometheus
from delivery.stack import ProgramStack
from delivery.traffic import Traffic
from delivery.verify import verify
from delivery.watch import Watch

COMPONENT = "caas:kubernetes:Candidate"

Apply = Callable[[Sequence[str] | None], apply.Journal]
"""Apply the program, as a whole or these resources of it only."""


def shifting(environment: Environment) -> dict[str, Service]:
    """The services whose traffic ``caas`` moves itself: on ECS the platform does."""
    if environment.platform != "kubernetes":
        return {}
    return {one.name: one for one in environment.services if one.rollout.strategy != "rolling"}


@dataclass
class Strategy:
    """The releases of one command."""

    stack: ProgramStack
    handle: auto.Stack
    environment: Environment
    observer: Observer
    traffic: Traffic
    output: Output
    timeout: float
    judgements: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Service -> what the gate saw, for the history."""

    def clean(self, apply_: Apply) -> bool:
        """Take back what a release that died has left; answers whether there was anything.

        DeliveryError with LOCKED where one is alive.
        """
        left = self._left()
        targets = [_stable(self.stack, name) for name in left] if left else []
        for target in [t for t in targets if t]:
            release = self.traffic.release(target)
            if release and not release.mine and release.alive(time.time()):
                raise DeliveryError(f"Stack {self.stack.name!r} is being released by {release.holder}.", Exit.LOCKED)
        if not left:
            return False
        self.output.warn(f"A release of {', '.join(left)} was cut off; all traffic goes back to what served before.")
        self._back(left, apply_)
        return True

    def release(self, apply_: Apply) -> tuple[apply.Journal, bool]:
        """Release what has changed. Answers the whole apply's journal, and whether traffic was moved for it.

        DeliveryError with DEPLOYMENT_FAILED, and everything as it was, where the new version does not pass.
        """
        counts = self._changed()
        if not counts:
            return apply_(None), False
        names = sorted(counts)
        self._take(names)
        try:
            subjects = self._begin(counts, apply_)
            for name in names:
                self._shift(subjects[name])
            self.output.say(f"{', '.join(names)}: the new version has passed; what serves is updated to it.")
            journal = apply_(None)
            truth = declared.parse(self.stack.outputs(), self.stack.name)
            verify(truth, self.observer, self.output, timeout=self.timeout)
        except BaseException:
            # Also where a person stopped it: nobody is to be left with half of a new version.
            self._back(names, apply_)
            raise
        self._back(names, apply_)
        return journal, True

    def _changed(self) -> dict[str, int]:
        """Services whose running instances would be replaced -> instances of the new version."""
        found: set[str] = set()

        def hear(event: EngineEvent) -> None:
            step = event.resource_pre_event.metadata if event.resource_pre_event else None
            if step is None or step.type != apply.DEPLOYMENT or str(getattr(step.op, "value", step.op)) == "same":
                return
            changed = step.detailed_diff or {}
            if any(path.startswith("spec.template") for path in changed):
                found.add(step.urn.rpartition("::")[2].removesuffix("-deployment"))

        self.output.say(f"Looking at what would change in stack {self.stack.name}.")
        try:
            self.handle.preview(on_event=hear, color="never", suppress_progress=True)
        except CommandError as error:
            raise self.stack.explain() from error
        counts = {}
        for name, service in shifting(self.environment).items():
            target = _stable(self.stack, name)
            if name not in found or target is None:
                continue  # A first release has nobody's traffic to move.
            snapshot = self.observer.snapshot(target)
            if snapshot.exists and snapshot.ready:
                counts[name] = steps.instances(service, snapshot.desired)
        return counts

    def _take(self, names: list[str]) -> None:
        for name in names:
            other = self.traffic.take(self._target(name))
            if other is not None:
                raise DeliveryError(f"Stack {self.stack.name!r} is being released by {other.holder}.", Exit.LOCKED)

    def _begin(self, counts: Mapping[str, int], apply_: Apply) -> dict[str, Subject]:
        """Start the new versions without traffic, and try them at their preview hosts."""
        self.stack.engine.variables[VARIABLE] = json.dumps(counts)
        told = ", ".join(f"{name} ({count})" for name, count in sorted(counts.items()))
        self.output.say(f"Starting the new version beside the old one: {told}.")
        apply_(
            [pattern for name in counts for pattern in (f"**::{name}{CANDIDATE}*", f"**::{name}-image", f"**::{name}")]
        )
        truth = declared.parse(self.stack.outputs(), self.stack.name)
        images = _images(self.stack.state())
        tried = tuple(
            _candidate(service, images, counts[service.name]) for service in truth.services if service.name in counts
        )
        self._try(truth, tried)
        for name in counts:
            target = self._target(name)
            self.traffic.hold(target, max(1, self.observer.snapshot(target).desired))
        return {name: self._subject(name) for name in counts}

    def _try(self, truth: Declared, tried: tuple[DeclaredService, ...]) -> None:
        verify(
            Declared(
                stack=truth.stack,
                tier=truth.tier,
                platform=truth.platform,
                services=tried,
                kubeconfig=truth.kubeconfig,
                context=truth.context,
                ingress_endpoint=truth.ingress_endpoint,
            ),
            self.observer,
            self.output,
            timeout=self.timeout,
        )
        for one in tried:
            self.output.say(f"{one.name} answers at {one.url}.")

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
        )

    def _shift(self, subject: Subject) -> None:
        gate = self.environment.gate
        watch = Watch(self.observer, self.output)
        analysis = Analysis(gate, Prometheus(gate.prometheus or ""), self.traffic, watch, self.output)
        for step in steps.plan(shifting(self.environment)[subject.name]):
            self.traffic.move(subject.stable, step.percent)
            judgement = analysis.step(subject, step)
            self.judgements[subject.name] = subject.document()
            if judgement.outcome is not Outcome.PASS:
                self.traffic.back(subject.stable)
                raise _failed(subject, judgement, step.percent)

    def _back(self, names: Sequence[str], apply_: Apply) -> None:
        """All traffic to what serves, then the new version away, then the count to the autoscaler again."""
        for name in names:
            self.traffic.back(self._target(name))
        self.stack.engine.variables.pop(VARIABLE, None)
        urns = _urns(self.stack.state())
        if urns:
            apply_(urns)
        for name in names:
            service = shifting(self.environment).get(name)
            if service is not None and service.scaling is not None:
                self.traffic.hold(self._target(name), service.scaling.minimum)

    def _left(self) -> list[str]:
        """Services of which the state holds a second version."""
        found = {_service_of(urn) for urn in _urns(self.stack.state())}
        return sorted(found)

    def _target(self, name: str) -> Target:
        target = _stable(self.stack, name)
        if target is None:
            raise DeliveryError(
                f"The state of stack {self.stack.name!r} holds no Deployment of {name}.", Exit.NOT_PROVEN
            )
        return target


def _failed(subject: Subject, judgement: Judgement, percent: int) -> DeliveryError:
    how = {
        Outcome.FAIL: "did not pass",
        Outcome.INCONCLUSIVE: "could not be judged",
        Outcome.ERROR: "could not be judged",
    }[judgement.outcome]
    return DeliveryError(
        f"The new version of {subject.name} {how} with {percent} % of the traffic; all of it is back with the version "
        "that served before.",
        Exit.DEPLOYMENT_FAILED,
        remedy="Correct it and run `caas up` again; nothing has to be cleaned up by hand.",
        details=tuple(f"{subject.name}: {reason}" for reason in judgement.reasons),
    )


def _candidate(service: DeclaredService, images: Mapping[str, str], count: int) -> DeclaredService:
    name = f"{service.deployment}{CANDIDATE}"
    url = service.url
    if url is not None:
        scheme, _, rest = url.partition("://")
        url = f"{scheme}://{PREVIEW}{rest}"
    return DeclaredService(
        name=f"{service.name} (new version)",
        image=images[f"{service.name}{CANDIDATE}"],
        url=url,
        namespace=service.namespace,
        deployment=name,
        port=service.port,
        minimum=count,
        maximum=count,
        health_path=service.health_path,
    )


def _urns(state: Mapping[str, Any]) -> list[str]:
    """The resources of second versions, the component itself included."""
    urns = [str(resource["urn"]) for resource in state.get("resources") or []]
    return [urn for urn in urns if COMPONENT in urn.split("::")[2]]


def _service_of(urn: str) -> str:
    return urn.rpartition("::")[2].partition(CANDIDATE)[0]


def _images(state: Mapping[str, Any]) -> dict[str, str]:
    """Deployment -> the image of its first container, as it was declared."""
    found = {}
    for resource in state.get("resources") or []:
        if resource["type"] == apply.DEPLOYMENT:
            template = resource["inputs"]["spec"]["template"]
            found[resource["inputs"]["metadata"]["name"]] = template["spec"]["containers"][0]["image"]
    return found


def _stable(stack: ProgramStack, name: str) -> Target | None:
    """Where the version that serves runs, as the state has it; None before the first apply."""
    return next((t for t, _ in apply.deployments(stack.state().get("resources") or []) if t.name == name), None)
