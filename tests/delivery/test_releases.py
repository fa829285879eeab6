"""A release around the block that makes it: recorded before, and ended as the block ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from components.release import RELEASE, Pinned
from delivery import releases
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.ledger import Intent
from delivery.output import Output
from delivery.records import Commit, Kind, Outcome, Owner, Release
from tests import projects
from tests.cluster import hello
from tests.delivery.test_records import IMAGE, release

CONFIGURATION = {"services": {"hello": {"cpu": 1}}}
PLAN = Intent(Kind.UP, Owner("ada", "laptop", 42), CONFIGURATION)
POLICIES: dict[str, object] = {"packs": {"caas": "0.2.0"}, "violation": [], "because": None}
AGAIN = replace(PLAN, kind=Kind.ROLLBACK, source="3", images={"hello": IMAGE})


class Played:
    """A ledger in memory, and a stack with an engine that is never started."""

    name = "dev"

    def __init__(self) -> None:
        self.engine = self
        self.variables: dict[str, str] = {}
        self.ends: list[dict[str, Any]] = []
        self.failures = 0

    def begin(self, plan: Intent) -> tuple[Release, tuple[Release, ...]]:
        return release(4, kind=plan.kind), (release(3),)

    def end(self, one: Release, configuration: Mapping[str, Any], outcome: Outcome, **more: Any) -> Release:
        if self.failures:
            self.failures -= 1
            raise DeliveryError("The backend does not answer.", Exit.BAD_INPUT)
        self.ends.append({"number": one.number, "configuration": configuration, "outcome": outcome, **more})
        return replace(one, outcome=outcome)


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Played:
    world = Played()
    monkeypatch.setattr(releases, "Ledger", lambda _stack: world)
    return world


def recorded(
    world: Played, error: BaseException | None = None, plan: Intent = PLAN, output: Output | None = None
) -> None:
    with releases.recorded(world, PLAN, output or Output()) as running:  # type: ignore[arg-type]  # a stack that is played
        assert [one.number for one in running.before] == [3]
        if error is not None:
            raise error
        running.applied({"hello": IMAGE}, 7)
        running.policies = POLICIES


def test_a_good_one_is_recorded_with_what_it_ran(played: Played) -> None:
    recorded(played)
    end = {"number": 4, "configuration": CONFIGURATION, "outcome": Outcome.SUCCEEDED, "reason": None}
    assert played.ends == [{**end, "images": {"hello": IMAGE}, "changed": 7, "policies": POLICIES}]


@pytest.mark.parametrize(
    ("error", "outcome", "reason"),
    [
        (KeyboardInterrupt(), Outcome.INTERRUPTED, "stopped by Ctrl-C or SIGTERM"),
        (DeliveryError("Held.", Exit.LOCKED), Outcome.REFUSED, "Held"),
        (DeliveryError("No.", Exit.POLICY), Outcome.REFUSED, "No"),
        (DeliveryError("No.", Exit.POLICY, begun=True), Outcome.FAILED, "No"),
        (DeliveryError("Hm.", Exit.NOT_PROVEN, details=("a", "b", "c", "d")), Outcome.NOT_PROVEN, "Hm; a; b; c"),
        (DeliveryError("Bad.", Exit.DEPLOYMENT_FAILED), Outcome.FAILED, "Bad"),
        (DeliveryError("Bad.", Exit.DEPLOYMENT_FAILED, rolled_back=True), Outcome.ROLLED_BACK, "Bad"),
        (RuntimeError("one\ntwo"), Outcome.FAILED, "RuntimeError: one"),
    ],
)
def test_a_bad_one_is_recorded_with_its_reason(
    error: BaseException, outcome: Outcome, reason: str, played: Played
) -> None:
    with pytest.raises(type(error)):
        recorded(played, error)
    (end,) = played.ends
    assert (end["outcome"], end["reason"]) == (outcome, reason)


def test_a_secret_in_a_reason_is_masked(played: Played) -> None:
    output = Output()
    output.masker.add(["hunter2"])
    with pytest.raises(DeliveryError):
        recorded(played, DeliveryError("It logged hunter2.", Exit.DEPLOYMENT_FAILED), output=output)
    assert played.ends[0]["reason"] == "It logged [secret]"


@pytest.mark.parametrize(("failures", "warned"), [(2, False), (3, True)])
def test_an_end_that_cannot_be_written_is_tried_again_and_then_a_warning(
    failures: int, warned: bool, played: Played, capsys: pytest.CaptureFixture[str]
) -> None:
    played.failures = failures
    recorded(played)
    said = "Release 4 succeeded; that could not be recorded: The backend does not answer."
    assert (said in capsys.readouterr().err) is warned
    assert len(played.ends) == (0 if warned else 1)


def test_a_release_that_runs_again_reaches_the_program_for_as_long_as_it_is_made(played: Played) -> None:
    with releases.recorded(played, AGAIN, Output()):  # type: ignore[arg-type]  # a stack that is played
        file = Path(played.variables[RELEASE])
        assert file.read_text() == Pinned("release 3 of stack dev", CONFIGURATION, {"hello": IMAGE}).text()
        assert file.parent.stat().st_mode & 0o777 == 0o700
    assert played.variables == {}
    assert not file.exists()


def test_an_apply_of_what_is_described_tells_the_program_nothing(played: Played) -> None:
    with releases.recorded(played, PLAN, Output()):  # type: ignore[arg-type]  # a stack that is played
        assert played.variables == {}


def test_an_intent_holds_no_secret_and_says_how_instances_are_replaced(tmp_path: Path) -> None:
    project = projects.make(tmp_path, "check")
    project.write({"hello": hello.service()}, hello.settings("check"))
    with (tmp_path / "Pulumi.check.yaml").open("a") as file:
        file.write("  caas:secrets:\n    token:\n      secure: v1:abc\nencryptionsalt: v1:x\n")
    environment = releases.environment_of_files(tmp_path, "check")
    plan = releases.intent(tmp_path, environment, note="why")
    assert (plan.kind, plan.note, plan.images, plan.strategies) == (Kind.UP, "why", {}, {"hello": "rolling"})
    assert plan.configuration["services"] == {"hello": hello.service()}
    assert "secrets" not in plan.configuration
    assert environment.secret_keys == {"token"}


def test_a_release_that_runs_again_keeps_its_commit(tmp_path: Path) -> None:
    project = projects.make(tmp_path, "check")
    project.write({"hello": hello.service()}, hello.settings("check"))
    commit = Commit("d" * 40, None, "main", False)
    plan = releases.intent(
        tmp_path,
        releases.environment_of_files(tmp_path, "check"),
        kind=Kind.ROLLBACK,
        source=release(3, commit=commit),
        of="3",
        configuration=CONFIGURATION,
        images={"hello": IMAGE},
    )
    assert (plan.commit, plan.source, plan.configuration) == (commit, "3", CONFIGURATION)
