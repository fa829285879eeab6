"""What each rule is shown in tests: resources it allows, refuses, and cannot judge yet.

The fixtures of ``policies/<module>.py`` stand in ``tests/policies/fixtures/<module>.py`` as ``FIXTURES`` (and
``STACK_FIXTURES`` for its stack rules), by the rule's id. ``test_fixtures.py`` holds every rule to them,
``test_mutations.py`` breaks every rule and holds that a fixture notices.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from policies.rule import Resource, Setting


@dataclass(frozen=True)
class Fixture:
    """What a rule over single resources says of each of these, alone."""

    allowed: tuple[Resource, ...]
    """Neither a violation nor undecided. At least one: near misses are worth most."""
    refused: tuple[Resource, ...]
    """At least one violation each. At least one resource: one for each way to break the rule."""
    undecided: tuple[Resource, ...] = ()
    """``UNKNOWN`` stands where the rule reads: undecided, and no violation."""
    setting: Setting = field(default_factory=Setting)


@dataclass(frozen=True)
class StackFixture:
    """What a rule over a whole stack says of each of these stacks."""

    allowed: tuple[tuple[Resource, ...], ...]
    refused: tuple[tuple[Resource, ...], ...]
    undecided: tuple[tuple[Resource, ...], ...] = ()
    setting: Setting = field(default_factory=Setting)
