"""Faults on demand: one JSON file beside the world says which call fails next, and how.

The file is a list of rules. The first that matches a call is used up by one; a rule without ``times`` lasts.

    [{"type": "aws:ecs/service:Service", "operation": "create", "name": "hello*", "fault": "throttle", "times": 1}]
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

FAULTS = ("throttle", "unavailable", "slow", "half", "lost", "rollback")
"""throttle: refused for its rate. unavailable: a 5xx before anything happened. slow: takes ``seconds``, then goes on.
half: done, but reported as failed, with its id. lost: done, and the answer never arrives, so nobody knows its id.
rollback: a deployment that the platform takes back by itself."""

OPERATIONS = ("create", "read", "update", "delete", "invoke")

KEYS = {"type", "operation", "name", "fault", "times", "skip", "seconds", "code", "message"}


class FaultError(Exception):
    """A faults file that cannot be followed. The text is for the user."""


@dataclass(frozen=True)
class Fault:
    """What one call is to suffer."""

    kind: str
    seconds: float
    """How long a slow call takes."""
    code: str | None
    """The cloud's error code, where the rule wants another than the usual."""
    message: str | None


class Faults:
    """The rules of one file. No file, no faults. To be asked while the world is held: rules are used up."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def take(self, kind: str, operation: str, name: str) -> Fault | None:
        """The fault for this call, if any; ``name`` is the resource's name in the program."""
        rules = self._rules()
        for rule in rules:
            if not _matches(rule, kind, operation, name):
                continue
            if rule.get("skip", 0) > 0:
                rule["skip"] -= 1
                self._write(rules)
                return None
            if rule.get("times") == 0:
                continue
            if "times" in rule:
                rule["times"] -= 1
                self._write(rules)
            return Fault(rule["fault"], float(rule.get("seconds", 1)), rule.get("code"), rule.get("message"))
        return None

    def _rules(self) -> list[dict[str, Any]]:
        try:
            rules = json.loads(self._file.read_text())
        except FileNotFoundError:
            return []
        except ValueError as error:
            raise FaultError(f"{self._file}: no JSON: {error}") from None
        if not isinstance(rules, list):
            raise FaultError(f"{self._file}: a list of rules is expected")
        for index, rule in enumerate(rules):
            _check(rule, f"{self._file}: rule {index + 1}")
        return rules

    def _write(self, rules: list[dict[str, Any]]) -> None:
        partial = self._file.with_suffix(f".{os.getpid()}")
        partial.write_text(json.dumps(rules, indent=1))
        partial.replace(self._file)


def _matches(rule: dict[str, Any], kind: str, operation: str, name: str) -> bool:
    return (
        fnmatchcase(kind, rule.get("type", "*"))
        and rule.get("operation", operation) == operation
        and fnmatchcase(name, rule.get("name", "*"))
    )


def _check(rule: Any, where: str) -> None:
    if not isinstance(rule, dict) or rule.keys() - KEYS:
        raise FaultError(f"{where}: an object with keys out of {', '.join(sorted(KEYS))} is expected")
    if rule.get("fault") not in FAULTS:
        raise FaultError(f"{where}: fault {rule.get('fault')!r} is none of {', '.join(FAULTS)}")
    if rule.get("operation", "create") not in OPERATIONS:
        raise FaultError(f"{where}: operation {rule['operation']!r} is none of {', '.join(OPERATIONS)}")
