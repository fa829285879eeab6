"""What did not keep its objective after its deployment goes back to the release before, as part of its own release."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from components.release import RELEASE
from components.spec import Environment
from delivery import afterwards, declared, releases, restore
from delivery.afterwards import NotKeptError
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.output import Output
from delivery.records import Outcome, Release
from delivery.releases import Running
from delivery.restore import Restore, before, due
from delivery.stack import ProgramStack
from tests.components.worlds import environment, service
from tests.delivery.test_rollback import FAILED, run
from tests.delivery.world import TARGET, Platform, declaration, snapshot

REFUSED, BACK = Outcome.REFUSED, Outcome.ROLLED_BACK


def record(*earlier: Release, version: str = "c", **changes: Any) -> Running:
    """A release that was applied, after these."""
    present = run(9, Outcome.IN_PROGRESS, **changes)
    return Running(present, images=run(9, version=version).images, changed=1, before=earlier)


@pytest.mark.parametrize(
    ("earlier", "expected"),
    [
        ([run(1, version="a"), run(2, version="b")], 2),
        ([run(1, version="a"), run(2, FAILED), run(3, BACK), run(4, REFUSED)], 1),
        ([run(1, version="c", configuration="beef")], 1),
        ([run(1, version="a"), run(2, version="c")], None),
        ([run(1, FAILED)], None),
        ([], None),
    ],
    ids=["the-last", "the-last-good-one", "another-configuration", "what-runs-now", "none-that-was-good", "none"],
)
def test_what_ran_before_is_gone_back_to(earlier: list[Release], expected: int | None) -> None:
    found = before(record(*earlier))
    assert (found.number if found else None) == expected


@pytest.mark.parametrize(
    ("earlier", "changed", "expected"),
    [
        ([], 1, True),
        ([], 0, False),
        ([run(1)], 1, True),
        ([run(1)], 0, False),
        ([run(1), run(2, FAILED)], 0, True),
        ([run(1), run(2, Outcome.INTERRUPTED), run(3, REFUSED)], 0, True),
        ([run(1), run(2, Outcome.NOT_PROVEN)], 0, True),
        ([run(1), run(2, BACK)], 0, False),
    ],
)
def test_what_was_never_found_good_is_judged_by_the_next(earlier: list[Release], changed: int, expected: bool) -> None:
    assert due(record(*earlier), changed) is expected


class World:
    """A way back whose applies are written down: the service's memory, and the release that is pinned."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, ends: DeliveryError | None = None) -> None:
        self.applied: list[tuple[int, str]] = []
        self.proven: list[tuple[str, float]] = []
        self.ends = ends
        self.variables: dict[str, str] = {RELEASE: "of a promotion"}
        engine = SimpleNamespace(variables=self.variables)
        book = SimpleNamespace(configuration=lambda _release: {"tier": "dev"})
        stack: Any = SimpleNamespace(name="dev", engine=engine, outputs=dict)
        monkeypatch.setattr(restore, "Ledger", lambda _stack: SimpleNamespace(read=lambda: book))
        monkeypatch.setattr(declared, "parse", lambda _outputs, _stack: declaration())
        monkeypatch.setattr(releases, "environment_of", lambda _directory, _stack, _pinned: self.spec(memory=2048))
        monkeypatch.setattr(afterwards, "judged", self._judged)
        monkeypatch.setattr(restore, "verify", lambda truth, *_, timeout: self.proven.append((truth.stack, timeout)))
        platform = Platform(snapshot())
        self.restore = Restore(Path(), cast(ProgramStack, stack), platform, Output(), self._apply, 60)

    def spec(self, **changes: Any) -> Environment:
        return environment({TARGET.name: service(**changes)}, stack="dev")

    def _judged(self, *_: Any) -> dict[str, Any]:
        raise NotKeptError(
            "The new version of hello does not meet its objective",
            Exit.DEPLOYMENT_FAILED,
            remedy="`caas rollback`.",
            details=("hello: 50 of 1000 failed",),
        )

    def _apply(self, spec: Environment) -> None:
        self.applied.append((spec.services[0].memory, Path(self.variables[RELEASE]).read_text()))
        if self.ends is not None:
            raise self.ends

    def ended(self, *earlier: Release) -> DeliveryError:
        with pytest.raises(DeliveryError) as refused:
            self.restore.judged(self.spec(), declaration(), record(*earlier))
        assert self.variables == {RELEASE: "of a promotion"}
        return refused.value


Make = Callable[..., World]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Make:
    return lambda ends=None: World(monkeypatch, ends)


def test_the_release_before_runs_again_by_its_digests_and_configuration(world: Make) -> None:
    made = world()
    error = made.ended(run(4, version="b"))
    assert error.message == (
        "The new version of hello does not meet its objective; release 4, which ran before, runs again."
    )
    assert (error.code, error.rolled_back) == (Exit.DEPLOYMENT_FAILED, True)
    assert error.details == ("hello: 50 of 1000 failed",)
    ((memory, pinned),) = made.applied
    assert (memory, "b" * 64 in pinned, '"tier": "dev"' in pinned) == (2048, True, True)
    assert made.proven == [("dev", 60)]


def test_where_nothing_ran_before_it_stays_and_that_is_said(world: Make) -> None:
    made = world()
    error = made.ended()
    assert error.message == "The new version of hello does not meet its objective; it still runs."
    assert error.remedy == "Nothing else is recorded that ran well before it: correct it and run `caas up` again."
    assert (error.code, error.rolled_back, made.applied) == (Exit.DEPLOYMENT_FAILED, False, [])


def test_a_way_back_that_fails_says_both(world: Make) -> None:
    made = world(DeliveryError("The engine could not.", Exit.DEPLOYMENT_FAILED, details=("quota",)))
    error = made.ended(run(4, version="b"))
    assert error.message == (
        "The new version of hello does not meet its objective, and release 4, which ran before, could not be gone back "
        "to."
    )
    assert error.details == ("hello: 50 of 1000 failed", "The engine could not.", "quota")
    assert (error.code, error.remedy, error.rolled_back) == (Exit.DEPLOYMENT_FAILED, "`caas rollback`.", False)
