"""``caas up`` that begins with a preview: shown, written down for whoever wants to know later, and then applied.

One preview serves for both. `caas preview --save-plan` and `caas up --plan` need two, since what a person looks at in
between may move meanwhile; where nobody looks in between, as in a pipeline's job, nothing is gained by that.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pulumi import automation as auto

from components.spec import Environment
from delivery import recover
from delivery.output import Output
from delivery.policing import Policing
from delivery.preview import run, shown
from delivery.seal import sealing
from delivery.stack import ProgramStack


@dataclass(frozen=True)
class Beforehand:
    """What is kept of the preview that an apply begins with."""

    plan: Path | None = None
    """The file that gets the sealed plan of what is applied."""
    comment: Path | None = None
    """The file that gets the comment for a merge request."""

    def begin(
        self, handle: auto.Stack, stack: ProgramStack, environment: Environment, output: Output, rules: Policing
    ) -> None:
        """Preview, judge, write down; the next update then is of the state that was previewed, or is refused.

        DeliveryError with exit code 3 where a policy refuses what would change, 4 where the stack moves meanwhile.
        """
        stored = stack.state()
        if recover.recover(stack, stored, output):
            stored = stack.state()
        found = run.preview(handle, stack, output, pack=rules.pack)
        shown.show(environment, found, output, comment=self.comment)
        rules.keep(found)
        if self.plan is not None:
            plan = sealing.write(self.plan, stack, found, stored, rules.pack, output.masker)
            output.result(f"Plan written to {self.plan}: {plan['summary']}.")
        sealing.bind(stack, stored)
