"""Holds a rule to its fixtures: what it should say of each, and what it said instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path

from policies.rule import Answer, Resource, Rule, StackRule, Undecided, Violation
from tests.policies.fixture import Fixture, StackFixture

DIRECTORY = Path(__file__).parent / "fixtures"


def fixtures() -> dict[str, Fixture | StackFixture]:
    """Rule -> its fixture, from every module of fixtures. Raises ValueError where two modules have one for a rule."""
    found: dict[str, Fixture | StackFixture] = {}
    for path in sorted(DIRECTORY.glob("*.py")):
        module = import_module(f"tests.policies.fixtures.{path.stem}")
        for kind in ("FIXTURES", "STACK_FIXTURES"):
            for id_, fixture in getattr(module, kind, {}).items():
                if id_ in found:
                    raise ValueError(f"{id_} has two fixtures; the second is in {path.name}")
                found[id_] = fixture
    return found


def wrong(rule: Rule | StackRule, fixture: Fixture | StackFixture) -> Iterator[str]:
    """Where the rule does not say what its fixture expects. A rule that raises is wrong too."""
    for kind in ("allowed", "refused", "undecided"):
        examples: tuple[Resource | tuple[Resource, ...], ...] = getattr(fixture, kind)
        for number, example in enumerate(examples):
            try:
                answers = list(_answers(rule, example, fixture))
            except Exception as error:
                yield f"{rule.id}: {kind}[{number}] raised {type(error).__name__}: {error}"
                continue
            if _verdict(answers) != kind:
                yield f"{rule.id}: {kind}[{number}] is {_verdict(answers)}: {answers}"


def _answers(
    rule: Rule | StackRule, example: Resource | tuple[Resource, ...], fixture: Fixture | StackFixture
) -> Iterable[Answer]:
    if isinstance(rule, Rule) and isinstance(example, Resource):
        return rule.check(example, fixture.setting)
    if isinstance(rule, StackRule) and isinstance(example, tuple):
        return [answer for _, answer in rule.check(example, fixture.setting)]
    raise TypeError(f"{rule.id} wants the other kind of fixture")


def _verdict(answers: Iterable[Answer]) -> str:
    """A violation refuses, whatever else is undecided."""
    kinds = {type(answer) for answer in answers}
    return "refused" if Violation in kinds else "undecided" if Undecided in kinds else "allowed"
