"""Rules applied to resources: every violation with its level, what could not be decided, and what was waived.

Pure: what the engine said goes in as plain data, findings come out. Nothing that one rule does, fails at, or cannot
know hides what another finds, or what the same rule finds elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import Enum
from functools import partial
from typing import Any, TypeVar

from policies.catalogue import Catalogue
from policies.levels import TIERS, Level, Levels
from policies.rule import Answer, Resource, Rule, Setting, StackRule, Undecided, Violation
from policies.waivers import SOON, Waiver, Waivers

T = TypeVar("T")

WAIVERS = "waivers"
"""The name under which the waivers themselves are reported."""


class Kind(Enum):
    """What a finding is."""

    VIOLATION = "violation"
    UNDECIDED = "undecided"
    WAIVED = "waived"
    NOTICE = "notice"


@dataclass(frozen=True)
class Finding:
    """One line of the review."""

    rule: str
    kind: Kind
    level: Level
    message: str
    urn: str = ""
    """Empty where it is about the stack."""


@dataclass(frozen=True)
class Situation:
    """What is judged, and by which data."""

    setting: Setting = field(default_factory=Setting)
    levels: Levels = field(default_factory=lambda: Levels(dict.fromkeys(TIERS, Level.MANDATORY), frozenset(), {}))
    waivers: Waivers = field(default_factory=Waivers)
    today: date = field(default_factory=date.today)
    stack: str = ""
    project: str = ""
    preview: bool = True
    """Whether values may still be unknown. In an update nothing may be: undecided refuses there."""
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Rule -> its configuration."""
    stricter: frozenset[str] = frozenset()
    """Rules that the operator made mandatory."""


@dataclass
class Judge:
    """Judges one stack. Remembers which waivers covered something, for the end."""

    catalogue: Catalogue
    situation: Situation
    used: set[Waiver] = field(default_factory=set)

    def resource(self, resource: Resource) -> list[Finding]:
        """What the rules over single resources say of this one."""
        found: list[Finding] = []
        for rule in self.catalogue.by_type.get(resource.type, ()):
            found += [
                self._finding(rule, resource.urn, answer)
                for answer in _answers(rule.id, partial(rule.check, resource, self._setting(rule)), _of_resource)
            ]
        return found

    def stack(self, resources: tuple[Resource, ...]) -> list[Finding]:
        """What the rules over the whole stack say, and what is to be said of the waivers. The last call."""
        found: list[Finding] = []
        for rule in self.catalogue.stack_rules:
            check = partial(rule.check, resources, self._setting(rule))
            for about, answer in _answers(rule.id, check, _of_stack):
                found.append(self._finding(rule, about.urn if about is not None else self._stack_urn, answer))
        return [*found, *self._of_waivers()]

    @property
    def _stack_urn(self) -> str:
        stack, project = self.situation.stack, self.situation.project
        return f"urn:pulumi:{stack}::{project}::pulumi:pulumi:Stack::{project}-{stack}"

    def _setting(self, rule: Rule | StackRule) -> Setting:
        options = self.situation.options.get(rule.id)
        return replace(self.situation.setting, options=options) if options else self.situation.setting

    def level(self, rule: str) -> Level:
        """What a violation of the rule does here."""
        if rule in self.situation.stricter:
            return Level.MANDATORY
        return self.situation.levels.of(rule, self.situation.setting.tier)

    def _finding(self, rule: Rule | StackRule, urn: str, answer: Answer) -> Finding:
        waiver = self.situation.waivers.covering(rule.id, urn, self.situation.today)
        if waiver is not None:
            self.used.add(waiver)
        if isinstance(answer, Undecided):
            return self._undecided(rule, urn, answer, waiver)
        at = f" ({answer.path})" if answer.path else ""
        if waiver is not None:
            until = f"{waiver.owner} until {waiver.expires}: {waiver.reason}"
            return Finding(rule.id, Kind.WAIVED, Level.ADVISORY, f"waived: {answer.message}{at}; {until}", urn)
        return Finding(
            rule.id,
            Kind.VIOLATION,
            self.level(rule.id),
            f"{rule.title}\n{answer.message}{at}\nRemedy: {rule.remedy}",
            urn,
        )

    def _undecided(self, rule: Rule | StackRule, urn: str, answer: Undecided, waiver: Waiver | None) -> Finding:
        """Shown in a preview, and asked again in the update. What even that cannot decide is a violation."""
        what = f"{answer.path} is not known yet; {rule.title}"
        level = self.level(rule.id)
        if self.situation.preview or waiver is not None or level is Level.ADVISORY:
            return Finding(rule.id, Kind.UNDECIDED, Level.ADVISORY, f"undecided: {what}", urn)
        text = (
            f"undecided: {answer.path} is still not known, so that nobody can tell whether the rule holds; {rule.title}"
        )
        return Finding(rule.id, Kind.UNDECIDED, level, text, urn)

    def _of_waivers(self) -> Iterator[Finding]:
        here, today = self.situation, self.situation.today
        for waiver in here.waivers.entries:
            if not waiver.pattern.of_stack(here.stack, here.project):
                continue
            what = f"{waiver.place}: the waiver of {waiver.rule} for {waiver.resource}"
            if waiver.expired(today):
                text = f"{what} expired on {waiver.expires}; mend the violation, or ask {waiver.owner} for a new date"
                yield Finding(WAIVERS, Kind.VIOLATION, Level.MANDATORY, text, self._stack_urn)
            elif waiver not in self.used:
                text = f"{what} covers no violation; remove it"
                yield Finding(WAIVERS, Kind.VIOLATION, Level.MANDATORY, text, self._stack_urn)
            elif waiver.days(today) <= SOON:
                text = (
                    f"{what} expires on {waiver.expires}, in {waiver.days(today)} days; {waiver.owner} answers for it"
                )
                yield Finding(WAIVERS, Kind.NOTICE, Level.ADVISORY, text, self._stack_urn)


def _of_resource(violation: Violation) -> Answer:
    return violation


def _of_stack(violation: Violation) -> tuple[Resource | None, Answer]:
    return None, violation


def _answers(rule: str, check: Callable[[], Iterable[T]], failed: Callable[[Violation], T]) -> Iterator[T]:
    """The answers of a rule up to its end; one that fails has not passed, and says so in a violation."""
    try:
        yield from check()
    except Exception as error:
        where = error.__traceback__
        while where is not None and where.tb_next is not None:
            where = where.tb_next
        line = f" at line {where.tb_lineno}" if where is not None else ""
        # The error's own text is left out: it may hold a value.
        yield failed(Violation(f"the rule {rule} itself failed ({type(error).__name__}{line}); report it as a defect"))
