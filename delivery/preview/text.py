"""A preview in words, for a terminal and a job's log: counts first, what is replaced or deleted next. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from delivery.preview.model import Change, Operation, Preview, Property, Verdict
from delivery.prices.estimate import Estimate

SIGNS = {
    Operation.REPLACE: "-/+",
    Operation.DELETE: "-",
    Operation.CREATE: "+",
    Operation.UPDATE: "~",
    Operation.IMPORT: "=",
    Operation.READ: ">",
}
DANGEROUS = (Operation.REPLACE, Operation.DELETE)
"""What people must see first."""
TITLES = {
    Verdict.VIOLATION: "violated",
    Verdict.UNDECIDED: "undecided",
    Verdict.WARNING: "warned",
    Verdict.WAIVED: "waived",
}
UNDECIDED_IN_PROD = "An apply to this stack needs every rule decided: these wait for a value that only it will know."


def counts(preview: Preview) -> str:
    """``1 to replace, 2 to update, 89 unchanged``, or that nothing would change."""
    if not preview.changes:
        return f"nothing would change ({preview.unchanged} resources)"
    parts = [f"{number} to {name}" for name, number in preview.counts.items()]
    return ", ".join([*parts, f"{preview.unchanged} unchanged"])


def summary(preview: Preview) -> str:
    """What the rules said, in one line."""
    if not preview.packs:
        return "not asked"
    found = [f"{len(preview.said(verdict))} {title}" for verdict, title in TITLES.items() if preview.said(verdict)]
    packs = ", ".join(f"{name} {version}" for name, version in sorted(preview.packs.items()))
    return f"{', '.join(found) or 'all kept'} ({packs})"


def money(estimate: Estimate) -> str:
    """The monthly difference, with its date."""
    sign = "+" if estimate.difference >= 0 else "-"
    amount = f"about {sign}{abs(estimate.difference):,.2f} {estimate.currency} a month"
    if abs(estimate.difference) < 0.005:
        amount = f"no difference that the table knows, in {estimate.currency}"
    return f"{amount} ({estimate.before:,.2f} -> {estimate.after:,.2f}; list prices of {estimate.date})"


def left_out(found: Mapping[str, int]) -> str:
    """``aws:s3/bucket:Bucket (1), …``."""
    return ", ".join(f"{kind} ({number})" for kind, number in found.items())


def difference(one: Property) -> str:
    """``path: old -> new``."""
    arrow = f"{'(none)' if one.old is None else one.old} -> {'(none)' if one.new is None else one.new}"
    return f"{one.path}: {arrow}{'  (forces the replacement)' if one.replaces else ''}"


def lines(stack: str, preview: Preview, estimate: Estimate | None, *, prod: bool) -> Iterator[str]:
    """The whole preview."""
    yield f"Stack {stack}: {counts(preview)}."
    for change in preview.changes:
        yield from _change(change)
    yield f"Policies: {summary(preview)}."
    for verdict, title in TITLES.items():
        for result in preview.said(verdict):
            where = f" ({result.resource})" if result.resource else ""
            yield f"  {title:<9} {result.rule}{where}: {result.message}"
    if prod and preview.said(Verdict.UNDECIDED):
        yield f"  {UNDECIDED_IN_PROD}"
    if estimate is not None:
        yield f"Cost: {money(estimate)}."
        for words, found in (("Price not known", estimate.unknown), ("Costs by use, not counted", estimate.usage)):
            if found:
                yield f"  {words}: {left_out(found)}."


def _change(change: Change) -> Iterator[str]:
    yield f"  {SIGNS[change.operation]:<3} {change.operation.value:<8} {change.type}  {change.name}"
    for one in change.properties:
        yield f"        {difference(one)}"
