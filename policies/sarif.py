"""Findings as SARIF 2.1.0, the form in which code scanning takes them.

A resource has no line of its own: the place is the stack's file, whose change the review is about, and the resource's
URN stands beside it as a logical place. A waived finding is a suppressed result; one that is not decided is open.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Protocol

from policies.catalogue import Catalogue
from policies.rule import Rule, Severity, StackRule

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"

_SCORES = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "2.0"}
"""What code scanning sorts by, on the scale of CVSS."""


class Found(Protocol):
    """What a report knows of one finding."""

    @property
    def verdict(self) -> Any: ...
    @property
    def rule(self) -> str: ...
    @property
    def resource(self) -> str: ...
    @property
    def message(self) -> str: ...


def document(catalogue: Catalogue, found: Sequence[Found]) -> dict[str, Any]:
    """One run with every rule of the catalogue, and a result for each finding."""
    rules = [_rule(rule) for rule in sorted(catalogue.all, key=lambda rule: rule.id)]
    rules.append({"id": "waivers", "shortDescription": {"text": "Every waiver covers a violation, and none expired."}})
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "caas policies", "semanticVersion": "0.2.0", "rules": rules}},
                "results": [_result(one, index) for one in found],
                "columnKind": "unicodeCodePoints",
            }
        ],
    }


def _rule(rule: Rule | StackRule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.reason},
        "help": {"text": rule.remedy},
        "properties": {"security-severity": _SCORES[rule.severity], "tags": ["security", *rule.references]},
    }


def _result(one: Found, index: dict[str, int]) -> dict[str, Any]:
    stack = one.resource.removeprefix("urn:pulumi:").partition("::")[0]
    level = {"refused": "error", "advised": "warning", "waived": "note"}.get(one.verdict.value)
    result: dict[str, Any] = {
        "ruleId": one.rule,
        "kind": "fail" if level else "open",
        "level": level or "none",
        "message": {"text": one.message},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": f"Pulumi.{stack}.yaml" if stack else "Pulumi.yaml"},
                    "region": {"startLine": 1},
                },
                "logicalLocations": [{"fullyQualifiedName": one.resource, "kind": "resource"}],
            }
        ],
        "partialFingerprints": {"finding/v1": _fingerprint(one)},
    }
    if one.rule in index:
        result["ruleIndex"] = index[one.rule]
    if one.verdict.value == "waived":
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": one.message}]
    return result


def _fingerprint(one: Found) -> str:
    """The same for the same finding on every run, so that a tool can follow it."""
    return hashlib.sha256("\0".join((one.rule, one.resource, one.message)).encode()).hexdigest()
