"""Proves that what runs is what was declared, or says why not: docs/adr/0009-verify-by-observation.md."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from delivery import ask
from delivery.declared import Declared, DeclaredService
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.observe.model import Answer, Observer, Snapshot, Target
from delivery.output import Output
from delivery.verdict import State, Verdict, judge
from delivery.watch import INTERVAL, Watch

Health = Callable[[DeclaredService, str | None], Answer | None]

TIMEOUT = 300.0
"""Seconds to wait for what runs to become what was declared."""
RETRIES = 5
"""Looks in a row that the platform may leave unanswered before that ends the wait."""


@dataclass(frozen=True)
class Finding:
    """One service: what was declared, what was seen last, and what that amounts to."""

    service: DeclaredService
    snapshot: Snapshot
    verdict: Verdict

    @property
    def target(self) -> Target:
        """Where it was looked for."""
        return self.snapshot.target

    def document(self) -> dict[str, Any]:
        """For --json."""
        return {
            "service": self.service.name,
            "state": self.verdict.state.value,
            "image": self.service.image,
            "running": sorted({c.running_image for i in self.snapshot.current for c in i.containers}),
            "instances": {
                "desired": self.snapshot.desired,
                "ready": self.snapshot.ready,
                "minimum": self.service.minimum,
                "maximum": self.service.maximum,
            },
            "url": self.service.url,
            "reasons": list(self.verdict.reasons),
        }

    def row(self) -> tuple[str, ...]:
        """For the table."""
        return (
            self.service.name,
            self.verdict.state.value,
            f"{self.snapshot.ready}/{self.snapshot.desired} ({self.service.minimum}-{self.service.maximum})",
            self.service.digest[:19],
            self.service.url or "-",
        )


COLUMNS = ("service", "state", "ready (bounds)", "digest", "url")


def verify(
    declared: Declared,
    observer: Observer,
    output: Output,
    *,
    timeout: float = TIMEOUT,
    health: Health = ask.health,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[Finding, ...]:
    """Wait until every service is proven in one and the same look; answers the findings of that look.

    Raises DeliveryError with the platform's own words: DEPLOYMENT_FAILED as soon as one service cannot heal,
    NOT_PROVEN after ``timeout`` seconds.
    """
    watch = Watch(observer, output, clock)
    until = clock() + timeout
    unanswered = 0
    while True:
        try:
            findings = tuple(_look(service, declared, watch, health) for service in declared.services)
            unanswered = 0
        except DeliveryError:
            unanswered += 1
            if unanswered >= RETRIES or clock() >= until:
                raise
            sleep(INTERVAL)
            continue
        failed = [f for f in findings if f.verdict.state is State.FAILED]
        waiting = [f for f in findings if f.verdict.state is State.WAITING]
        if failed:
            raise _error(failed, findings, watch, output, Exit.DEPLOYMENT_FAILED, "cannot run")
        if not waiting:
            return findings
        left = until - clock()
        if left <= 0:
            raise _error(waiting, findings, watch, output, Exit.NOT_PROVEN, f"not proven within {timeout:.0f} s")
        for finding in waiting:
            output.say(
                f"Waiting for {finding.service.name} ({left:.0f} s left): {finding.verdict.reasons[0]}.",
                key=f"{finding.service.name}: {finding.verdict.reasons[0]}",
            )
        sleep(INTERVAL)


def look(declared: Declared, observer: Observer, output: Output) -> tuple[Finding, ...]:
    """One look at every service, without waiting and without a judgement of the whole."""
    watch = Watch(observer, output)
    return tuple(_look(service, declared, watch, ask.health) for service in declared.services)


def _look(service: DeclaredService, declared: Declared, watch: Watch, health: Health) -> Finding:
    snapshot, ages = watch.look(Target(service.namespace, service.deployment, service.revision))
    watch.comment(snapshot, ages)
    verdict = judge(service, snapshot, ages, None)
    if verdict.state is State.WAITING and not (_counts_hold(service, snapshot, ages)):
        return Finding(service, snapshot, verdict)
    if verdict.state is State.WAITING:
        verdict = judge(service, snapshot, ages, health(service, declared.ingress_endpoint))
    return Finding(service, snapshot, verdict)


def _counts_hold(service: DeclaredService, snapshot: Snapshot, ages: dict[tuple[str, str], float]) -> bool:
    """Is the answer through the ingress all that is missing? Only then is it worth asking for."""
    return judge(service, snapshot, ages, Answer("", 200)).state is State.PROVEN


def _error(
    bad: list[Finding], findings: tuple[Finding, ...], watch: Watch, output: Output, code: Exit, what: str
) -> DeliveryError:
    output.table(COLUMNS, [f.row() for f in findings])
    details: list[str] = []
    for finding in bad:
        details += [f"{finding.service.name}: {reason}" for reason in finding.verdict.reasons]
        details += watch.evidence(finding.target, finding.verdict.instances)
    names = ", ".join(f.service.name for f in bad)
    return DeliveryError(
        f"What runs is not what was declared: {names} {what}.",
        code,
        details=tuple(details),
        rolled_back=all(finding.snapshot.taken_back for finding in bad),
    )
