"""Which policy pack an apply asks, whether it may go on, and what is recorded. docs/adr/0029-rules-of-an-apply.md.

Where rules refuse, the pack is asked before anything is changed, and once more by the engine while it updates: what a
preview could not know is known then. The rules themselves are in ``policies/``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pulumi import automation as auto

from components.spec import Environment
from delivery import tiers
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.output import Output
from delivery.preview import run
from delivery.preview.model import PolicyResult, Preview, Verdict
from delivery.preview.text import UNDECIDED_IN_PROD, summary
from delivery.purpose import Purpose
from delivery.stack import ProgramStack

ADVISED = "dev"
"""The tier whose rules advise, but for a few: there the update's own asking is enough."""


class Record(Protocol):
    """Where it is written down; see ``delivery.releases.Running``."""

    policies: Mapping[str, Any] | None
    """What the rules said."""


@dataclass
class Policing:
    """The rules of one apply."""

    handle: auto.Stack
    stack: ProgramStack
    environment: Environment
    output: Output
    why: Purpose
    record: Record
    pack: Path | None
    """The pack's directory; None where there is none."""
    _kept: Preview | None = None

    @property
    def before(self) -> bool:
        """Is the pack asked before anything is changed?"""
        return self.pack is not None and (tiers.judged(self.environment) != ADVISED or self._because is not None)

    @property
    def during(self) -> Path | None:
        """The pack that the engine asks while it updates; None where nothing that it says would count."""
        return None if self._because is not None else self.pack

    @property
    def _because(self) -> str | None:
        """Why a violation does not refuse; None where it does."""
        return "rollback" if self.why.recovery else self.why.override

    def begin(self) -> None:
        """Judge what would change, where that is due. DeliveryError where a rule refuses it; nothing was changed."""
        if self.pack is None and tiers.judged(self.environment) != ADVISED:
            self.output.warn(f"No policy is asked: there is no {run.PACK}/PulumiPolicy.yaml beside the program.")
        if self.before:
            self._kept = self._preview()

    def keep(self, found: Preview) -> None:
        """Judge a preview that somebody else has made, and use it."""
        self.judge(found)
        self._kept = found

    def forget(self) -> None:
        """Something was changed since the preview."""
        self._kept = None

    def look(self) -> Preview:
        """What would change now. A preview serves once."""
        found, self._kept = self._kept, None
        return found or self._preview()

    def _preview(self) -> Preview:
        found = run.preview(self.handle, self.stack, self.output, pack=self.pack if self.before else None)
        self.judge(found)
        return found

    def judge(self, found: Preview) -> None:
        """Say what the rules said of a preview; DeliveryError where one refuses."""
        if not found.packs:
            return
        self.record.policies = document(found.policies, found.packs, self._because)
        self.output.say(f"Policies: {summary(found)}.")
        if found.said(Verdict.VIOLATION):
            self._against(found)
        elif tiers.judged(self.environment) == "prod" and found.said(Verdict.UNDECIDED) and self.during is not None:
            self.output.warn(UNDECIDED_IN_PROD)

    def _against(self, found: Preview) -> None:
        refusal = violated(self.stack.name, found.policies)
        if self._because is None:
            raise refusal
        because = "what ran before is gone back to" if self.why.recovery else self._because
        self.output.warn(f"{refusal.message} {self.why.operation} goes on, and this is recorded: {because}.")
        for detail in refusal.details:
            self.output.warn(f"  {detail}")

    def heard(self, said: Iterable[PolicyResult], packs: Mapping[str, str]) -> None:
        """What the rules said during an update, which knows more than a preview did."""
        if packs:
            self.record.policies = document(said, packs, self._because)


def violated(
    stack: str, results: Iterable[PolicyResult], *, content: Mapping[str, Any] | None = None, changed: int | None = None
) -> DeliveryError:
    """A mandatory rule says no.

    :param changed: How many resources an update had changed when it was stopped; None where none was begun.
    """
    details = tuple(
        f"{one.rule} ({one.resource}): {one.message}" for one in results if one.verdict is Verdict.VIOLATION
    )
    when, remedy = "", None
    if changed is not None:
        when = f"; the update was stopped there, with {changed} resources changed before"
        remedy = f"Mend it and run `caas up` again, or go back: `caas rollback --stack {stack}`."
    return DeliveryError(
        f"Stack {stack!r} violates a mandatory policy{when}.",
        Exit.POLICY,
        remedy=remedy,
        details=details,
        content=content,
        begun=bool(changed),
    )


def document(said: Iterable[PolicyResult], packs: Mapping[str, str], because: str | None) -> dict[str, Any]:
    """For the record: which pack, the rules that said more than nothing, and why a violation did not count."""
    results = list(said)
    kept = (Verdict.VIOLATION, Verdict.UNDECIDED, Verdict.WAIVED)
    listed = {
        verdict.value: sorted({f"{one.rule} {one.resource}".strip() for one in results if one.verdict is verdict})
        for verdict in kept
    }
    return {"packs": dict(packs), **listed, "because": because}
