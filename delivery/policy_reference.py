"""The reference page of the policies, generated: ``python -m delivery.policy_reference`` writes it.

The rules say themselves what stands on it; a test holds that page and rules agree.
"""

from __future__ import annotations

import json

from components.spec.pages import Page, head, table, write_all
from policies import catalogue, levels, remediation
from policies.rule import Rule, StackRule

_MODULE = "delivery.policy_reference"

_INTRODUCTION = """
What may not be declared. `pulumi preview --policy-pack policies` judges every resource of a stack before anything
exists, and again during the update, when every value is known. A rule that needs a value which a preview does not know
yet says `undecided`; in an update that refuses. A violation that is meant is waived, by resource and for a while:
[the runbook](../runbook.md) says how.

| level | where | what a violation does |
|---|---|---|
"""


def _levels(rule: Rule | StackRule, found: levels.Levels) -> str:
    refusing = [tier for tier in levels.TIERS if found.of(rule.id, tier) is levels.Level.MANDATORY]
    return "everywhere" if len(refusing) == len(levels.TIERS) else ", ".join(refusing) or "nowhere, it advises"


def _entry(rule: Rule | StackRule, found: levels.Levels) -> str:
    rows = [("severity", rule.severity.value), ("refuses in", _levels(rule, found))]
    if isinstance(rule, Rule):
        rows.append(("looks at", ", ".join(f"`{type_}`" for type_ in sorted(rule.types))))
    else:
        rows.append(("looks at", "all resources of the stack together"))
    if rule.references:
        rows.append(("the same elsewhere", ", ".join(rule.references)))
    for name, schema in rule.schema.items():
        default = f" Default: `{json.dumps(schema['default'])}`." if "default" in schema else ""
        rows.append((f"option `{name}`", f"{schema.get('description', '')}{default}"))
    if rule.id in remediation.REMEDIES:
        rows.append(("remediation", "on request"))
    return f"\n### {rule.id}\n\n{rule.title} {rule.reason}\n\n{rule.remedy}\n\n" + table(("", ""), rows)


def rendered() -> str:
    """The page's text."""
    every = catalogue.load()
    found = levels.load(every.ids)
    text = head("Policies", _MODULE) + _INTRODUCTION
    for tier in levels.TIERS:
        level = found.tiers[tier]
        what = "shown, and goes on" if level is levels.Level.ADVISORY else "refuses the preview, and the update"
        text += f"| {level.value} | {tier} | {what} |\n"
    rows = (
        (f"[{rule.id}](#{rule.id})", rule.severity.value, _levels(rule, found), rule.title)
        for rule in sorted(every.all, key=lambda rule: rule.id)
    )
    text += f"\n## {len(every.all)} rules\n\n" + table(("rule", "severity", "refuses in", ""), rows)
    return text + "".join(_entry(rule, found) for rule in every.all)


PAGE = Page("policies.md", _MODULE, rendered)

if __name__ == "__main__":
    write_all((PAGE,))
