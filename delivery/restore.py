"""Judges what was deployed, and goes back to the release before where it does not keep its objective.

The way back is part of the release that is taken back: it is recorded as rolled back, as one is whose traffic never
left the version before. docs/adr/0037-taken-back-after-its-deployment.md says when, and when not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.spec import Environment, SpecError
from delivery import afterwards, declared, releases
from delivery.afterwards import NotKeptError
from delivery.declared import Declared
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.ledger import Ledger
from delivery.observe import Observer
from delivery.output import Output
from delivery.records import Outcome, Release
from delivery.releases import Running
from delivery.stack import ProgramStack
from delivery.verify import verify

Apply = Callable[[Environment], None]
"""Apply the program to the stack as an environment describes it, with no rule in the way."""


@dataclass(frozen=True)
class Restore:
    """The tools of a way back."""

    directory: Path
    stack: ProgramStack
    observer: Observer
    output: Output
    apply: Apply
    timeout: float
    """Seconds within which the release before has to be proven again."""

    def judged(self, environment: Environment, truth: Declared, record: Running) -> dict[str, Any]:
        """What was counted of the new version, by service. DeliveryError where it was not good: rolled back with
        DEPLOYMENT_FAILED, or with the code of the judgement where it still runs."""
        try:
            return afterwards.judged(environment, truth, self.output)
        except NotKeptError as error:
            target = before(record)
            if target is None:
                raise _nothing(error) from error
            self.output.warn(f"{error.what}: back to release {target.number}.")
            try:
                self._back(target, environment)
            except (DeliveryError, SpecError) as failed:
                raise _stuck(error, target, failed) from failed
            raise _restored(error, target) from error

    def _back(self, target: Release, environment: Environment) -> None:
        pinned = releases.pinned(target, Ledger(self.stack).read(), self.stack.name)
        again = releases.environment_of(self.directory, self.stack.name, pinned)
        if again.platform != environment.platform:
            raise DeliveryError(f"It ran on {again.platform}.", Exit.BAD_INPUT)
        with releases.handed_over(self.stack, pinned):
            self.apply(again)
        verify(declared.parse(self.stack.outputs(), self.stack.name), self.observer, self.output, timeout=self.timeout)


def due(record: Running, changed: int) -> bool:
    """Is a deployment to be judged? One that changed nothing is where the one before was never found good: what it has
    left is what runs now."""
    made = [one for one in record.before if one.outcome is not Outcome.REFUSED]
    return bool(changed) or (bool(made) and made[-1].outcome not in (Outcome.SUCCEEDED, Outcome.ROLLED_BACK))


def before(record: Running) -> Release | None:
    """The last release that succeeded; None where there is none, or where it is no other than the present one."""
    good = [one for one in record.before if one.outcome is Outcome.SUCCEEDED and one.images]
    present = (frozenset((record.images or {}).items()), record.release.configuration)
    return good[-1] if good and good[-1].content != present else None


def _nothing(error: NotKeptError) -> DeliveryError:
    remedy = "Nothing else is recorded that ran well before it: correct it and run `caas up` again."
    return DeliveryError(error.message, error.code, remedy=remedy, details=error.details)


def _restored(error: NotKeptError, target: Release) -> DeliveryError:
    return DeliveryError(
        f"{error.what}; release {target.number}, which ran before, runs again.",
        Exit.DEPLOYMENT_FAILED,
        remedy="Correct it and run `caas up` again; nothing has to be cleaned up by hand.",
        details=error.details,
        rolled_back=True,
    )


def _stuck(error: NotKeptError, target: Release, failed: DeliveryError | SpecError) -> DeliveryError:
    more = failed.details if isinstance(failed, DeliveryError) else ()
    return DeliveryError(
        f"{error.what}, and release {target.number}, which ran before, could not be gone back to.",
        Exit.DEPLOYMENT_FAILED,
        remedy=error.remedy,
        details=(*error.details, *str(failed).splitlines(), *more),
    )
