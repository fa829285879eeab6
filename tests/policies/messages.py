"""What each rule of the clouds says of its fixtures: the text that a reviewer reads, with the place.

The files beside this module are reviewed like code. ``python -m tests.policies.messages --write`` brings them up to
date; without ``--write`` it prints what would be written.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType

from policies import aws, azure, gcp, iam
from policies.rule import Resource, Rule, Setting, StackRule, Violation
from tests.policies.fixture import Fixture, StackFixture
from tests.policies.fixtures import (
    aws_balancer,
    aws_front,
    aws_logs,
    aws_registry,
    aws_services,
    aws_tasks,
    azure_containers,
    azure_front,
    azure_registry,
    gcp_clusters,
    gcp_registry,
    iam_azure,
    iam_google,
    iam_grants,
    iam_trust,
)

DIRECTORY = Path(__file__).parent / "messages"
REGENERATE = "python -m tests.policies.messages --write"

DOMAINS: Mapping[str, tuple[ModuleType, tuple[ModuleType, ...]]] = {
    "aws": (aws, (aws_balancer, aws_front, aws_logs, aws_registry, aws_services, aws_tasks)),
    "azure": (azure, (azure_containers, azure_front, azure_registry)),
    "gcp": (gcp, (gcp_clusters, gcp_registry)),
    "iam": (iam, (iam_azure, iam_google, iam_grants, iam_trust)),
}
"""Domain -> its rules, and their fixtures."""


def rules(domain: str) -> tuple[Rule | StackRule, ...]:
    """The rules of a domain."""
    module, _ = DOMAINS[domain]
    return (*module.RULES, *getattr(module, "STACK_RULES", ()))


def fixture(domain: str, rule: str) -> Fixture | StackFixture:
    """What a rule is shown. Raises KeyError where it is shown nothing."""
    found: dict[str, Fixture | StackFixture] = {}
    for module in DOMAINS[domain][1]:
        found |= {**getattr(module, "FIXTURES", {}), **getattr(module, "STACK_FIXTURES", {})}
    return found[rule]


def answers(rule: Rule | StackRule, setting: Setting, example: Resource | tuple[Resource, ...]) -> list[str]:
    """What a rule says of one example, in order: ``path: message``, or ``path?`` where it is undecided."""
    if isinstance(rule, StackRule):
        assert isinstance(example, tuple)
        found = [answer for _, answer in rule.check(example, setting)]
    else:
        assert isinstance(example, Resource)
        found = list(rule.check(example, setting))
    return [f"{each.path}: {each.message}" if isinstance(each, Violation) else f"{each.path}?" for each in found]


def text(domain: str) -> str:
    """Everything that the rules of a domain say of what their fixtures have refused and undecided."""
    return "\n".join(_lines(domain)) + "\n"


def _lines(domain: str) -> Iterator[str]:
    for rule in rules(domain):
        yield rule.id
        shown = fixture(domain, rule.id)
        for kind in ("refused", "undecided"):
            for number, example in enumerate(getattr(shown, kind)):
                yield from (f"  {kind} {number} {line}" for line in answers(rule, shown.setting, example))


def main(arguments: Sequence[str]) -> int:
    """Print or write the texts of every domain."""
    for domain in DOMAINS:
        if "--write" in arguments:
            DIRECTORY.mkdir(exist_ok=True)
            (DIRECTORY / f"{domain}.txt").write_text(text(domain), encoding="utf-8")
        else:
            print(f"{domain}\n{text(domain)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
