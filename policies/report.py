"""What the pack said, for people and for tools: text, JSON, Markdown for a merge request, SARIF for code scanning.

The input is the engine's own log of events, one JSON document a line, so that a report holds what the engine showed:
``PULUMI_DEBUG_COMMANDS=true pulumi preview --event-log FILE``, then ``python -m policies.report sarif FILE``.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from policies import catalogue
from policies.sarif import document

COMMENT_LIMIT = 65_536
"""Characters that a comment on a merge request may have."""


class Verdict(Enum):
    """What an event means, the worst first."""

    REFUSED = "refused"
    UNDECIDED = "undecided"
    ADVISED = "advised"
    WAIVED = "waived"


@dataclass(frozen=True)
class Event:
    """One event of the pack."""

    verdict: Verdict
    rule: str
    severity: str
    """critical, high, medium or low; empty for what is no rule's."""
    resource: str
    """URN."""
    message: str

    @property
    def name(self) -> str:
        """Type and name of the resource, as people say it."""
        parts = self.resource.split("::")
        return f"{parts[2].rpartition('$')[2]} {parts[3]}" if len(parts) == 4 else self.resource


def events(lines: Iterable[Mapping[str, Any]]) -> tuple[Event, ...]:
    """The pack's own among the engine's events, the worst first, in the order of the rules and resources."""
    found = {_event(line["policyEvent"]) for line in lines if "policyEvent" in line}
    order = list(Verdict)
    return tuple(sorted(found, key=lambda one: (order.index(one.verdict), one.rule, one.resource, one.message)))


def _event(sent: Mapping[str, Any]) -> Event:
    message = str(sent.get("message", ""))
    verdict = Verdict.REFUSED
    for each in (Verdict.UNDECIDED, Verdict.WAIVED):
        if message.startswith(f"{each.value}: "):
            verdict = each
    if verdict is Verdict.UNDECIDED and sent.get("enforcementLevel") == "mandatory":
        verdict = Verdict.REFUSED  # an update that still could not decide
    if verdict is Verdict.REFUSED and sent.get("enforcementLevel") != "mandatory":
        verdict = Verdict.ADVISED
    resource = str(sent.get("resourceUrn", ""))
    return Event(verdict, str(sent.get("policyName", "")), str(sent.get("severity", "")), resource, message)


def counts(found: Iterable[Event]) -> dict[str, int]:
    """Verdict -> how many, each of them named."""
    counted = Counter(one.verdict for one in found)
    return {verdict.value: counted[verdict] for verdict in Verdict}


def _headline(found: Sequence[Event]) -> str:
    told = [f"{count} {verdict}" for verdict, count in counts(found).items() if count]
    return ", ".join(told) or "no violation"


def text(found: Sequence[Event]) -> str:
    """For a terminal and a log."""
    lines = [f"Policies: {_headline(found)}."]
    for one in found:
        first, *rest = one.message.splitlines() or [""]
        lines.append(f"{one.verdict.value:9}  {one.rule}  {one.name}: {first}")
        lines += [f"             {line}" for line in rest]
    return "\n".join(lines) + "\n"


def as_json(found: Sequence[Event]) -> str:
    """For programs."""
    listed = [{**asdict(one), "verdict": one.verdict.value} for one in found]
    return json.dumps({"counts": counts(found), "findings": listed}, indent=2, ensure_ascii=False) + "\n"


def markdown(found: Sequence[Event], limit: int = COMMENT_LIMIT) -> str:
    """For a comment: counts first, the worst on top; what does not fit is counted."""
    head = f"### Policies: {_headline(found)}\n"
    if not found:
        return head
    head += "\n| | rule | resource | what |\n|---|---|---|---|\n"
    rows: list[str] = []
    length = len(head)
    for number, one in enumerate(found):
        row = f"| {one.verdict.value} | `{one.rule}` | `{_cell(one.name)}` | {_cell(one.message)} |\n"
        more = f"\n{len(found) - number} more are not shown.\n"
        if length + len(row) + len(more) + 20 > limit:
            return head + "".join(rows) + more
        rows.append(row)
        length += len(row)
    return head + "".join(rows)


def _cell(value: str) -> str:
    """One cell: no line ends, no markup, nobody called by name."""
    for mark, plain in (("\\", "\\\\"), ("|", "\\|"), ("<", "&lt;"), ("`", "'"), ("@", "@\u200b")):
        value = value.replace(mark, plain)
    return "<br>".join(value.splitlines())


def sarif(found: Sequence[Event]) -> str:
    """For code scanning: SARIF 2.1.0."""
    return json.dumps(document(catalogue.load(), found), indent=2, ensure_ascii=False) + "\n"


FORMATS: Mapping[str, Callable[[Sequence[Event]], str]] = {
    "text": text,
    "json": as_json,
    "markdown": markdown,
    "sarif": sarif,
}


class LogError(Exception):
    """The log of events cannot be read: where, and why."""


def _log(file: Path) -> list[Mapping[str, Any]]:
    try:
        text_ = file.read_text(encoding="utf-8")
    except OSError as error:
        raise LogError(f"{file}: cannot be read ({error.strerror})") from None
    found = []
    for number, line in enumerate(text_.splitlines(), 1):
        try:
            found.append(json.loads(line))
        except ValueError:
            raise LogError(f"{file}:{number}: no JSON") from None
    return found


def main(arguments: Sequence[str]) -> int:
    """Print a report of an event log; 2 where that cannot be read."""
    if len(arguments) != 2 or arguments[0] not in FORMATS:
        print(f"usage: python -m policies.report {'|'.join(FORMATS)} EVENT_LOG", file=sys.stderr)
        return 2
    try:
        lines = _log(Path(arguments[1]))
    except LogError as error:
        print(f"{error}; make it with pulumi preview --event-log", file=sys.stderr)
        return 2
    sys.stdout.write(FORMATS[arguments[0]](events(lines)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
