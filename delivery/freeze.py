"""May a service be changed although its error budget is spent? docs/adr/0023-error-budget-freeze.md.

``judge`` is pure. ``check`` asks the platform's source what each service that runs has answered in its SLO's period.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from components import slo
from components.slo import Budget
from components.spec import Environment
from components.spec.defaults import Freeze, freeze
from components.spec.service import Service
from delivery import declared
from delivery.exit_codes import Exit
from delivery.gate import LEAST, Sample
from delivery.metrics.sources import Metrics, Source, measured, source_of
from delivery.notify import FrozenError
from delivery.observe.model import Target
from delivery.output import Output
from delivery.prometheus import MetricsError
from delivery.purpose import Purpose


class State(Enum):
    """What is known of a budget."""

    LEFT = "left"
    SPENT = "spent"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Finding:
    """One service's budget."""

    service: str
    state: State
    text: str
    """In words, with figures."""


class Outputs(Protocol):
    """What is asked of a stack; see ``delivery.stack.ProgramStack``."""

    def outputs(self) -> dict[str, Any]:
        """What its last apply has exported."""


def judge(service: str, sample: Sample, budget: Budget, minimum: int, days: int) -> Finding:
    """What is left of a service's budget.

    :param minimum: Requests below which nothing is decided: a handful of failures is no trend.
    :param days: The period that the sample is about.
    """
    if sample.requests <= 0:
        return Finding(service, State.UNKNOWN, f"no request of the last {days} days is known")
    failed = slo.left(sample.failed, sample.requests, budget.failed)
    slow = slo.left(sample.slow, sample.timed, budget.slow)
    shares = f"availability {failed:.0%}, latency {slow:.0%} of the budget of {days} days left"
    counts = f"{sample.failed:.0f} failed, {sample.slow:.0f} slow of {sample.requests:.0f} requests"
    spent = min(failed, slow) <= 0 and sample.requests >= max(LEAST, minimum)
    return Finding(service, State.SPENT if spent else State.LEFT, f"{shares} ({counts})")


def decide(mode: Freeze, findings: Iterable[Finding], why: Purpose, stack: str, output: Output) -> None:
    """Let a deployment go on, in silence or with a warning. FrozenError where it is refused."""
    bad = [finding for finding in findings if finding.state is not State.LEFT]
    if mode == "off" or not bad:
        return
    spent = [finding for finding in bad if finding.state is State.SPENT]
    told = spent or bad
    names = ", ".join(finding.service for finding in told)
    what = f"The error budget of {names} in {stack} " + ("is spent" if spent else "cannot be read")
    details = tuple(f"{finding.service}: {finding.text}" for finding in bad)
    if mode == "refuse" and why.reason is None:
        raise FrozenError(
            f"{what}, so {why.operation} is refused.",
            Exit.POLICY,
            remedy="Going back is always possible. To go on all the same: `--reason TEXT`, which is recorded.",
            details=details,
        )
    because = f"its reason: {why.reason}" if why.reason is not None else "gate.freeze is warn"
    output.warn(f"{what}; {why.operation} goes on, {because}.")
    for detail in details:
        output.warn(f"  {detail}")


def check(
    stack: Outputs, environment: Environment, output: Output, why: Purpose, metrics: Metrics | None = None
) -> None:
    """Refuse a deployment, or warn of it, as the environment's settings have it. What goes back is never held up."""
    mode = freeze(environment.gate, environment.tier)
    if mode == "off" or why.recovery:
        return
    try:
        source = source_of(environment, metrics)
    except MetricsError as error:
        output.warn(f"The error budget of {environment.stack} is not known: {error}.")
        return
    decide(mode, tuple(_findings(stack.outputs(), environment, source, output)), why, environment.stack, output)


def _findings(
    outputs: Mapping[str, Any], environment: Environment, source: Source, output: Output
) -> Iterator[Finding]:
    """One for each service that runs: what was never applied has spent nothing."""
    running = outputs.get("services")
    for service in environment.services:
        place = running.get(service.name) if isinstance(running, Mapping) else None
        if isinstance(place, Mapping) and not measured(environment, service):
            output.warn(f"The error budget of {service.name} is not known: it has no metrics.")
        elif isinstance(place, Mapping):
            yield finding(service, declared.place(place), environment, source)


def finding(service: Service, where: Target, environment: Environment, source: Source) -> Finding:
    """What is left of a service's budget, as the source has it."""
    try:
        sample = source.period(service, where)
    except MetricsError as error:
        return Finding(service.name, State.UNKNOWN, str(error))
    return judge(service.name, sample, slo.budget(service), environment.gate.minimum_requests, service.slo.period)
