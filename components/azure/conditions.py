"""How conditions of Azure's role assignments are written ("Azure role assignment condition format"). Pure."""

from __future__ import annotations


def matches(action: str) -> str:
    """That it is this action which is asked for."""
    return f"ActionMatches{{'{action}'}}"


def unless(asked: str, rule: str) -> str:
    """What is asked for is something else, or the rule holds."""
    return f"((!({asked})) OR ({rule}))"
