"""One step of a release: how long it is watched, and everything that may end it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from components.slo import Budget, Queries
from components.spec.environment import Gate
from delivery.analysis import Analysis, Subject
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.gate import Judgement, Outcome, Sample
from delivery.observe import Snapshot, Target
from delivery.output import Output
from delivery.prometheus import MetricsError
from delivery.steps import Step
from delivery.traffic import ABORT, CONTINUE, Release, Standing, own
from delivery.watch import Watch
from tests.delivery.world import TARGET, Clock, Platform, instance, snapshot

NEW, OLD = Queries("new", "", "", ""), Queries("old", "", "", "")
GOOD = Sample(500, 0, 500, 0)
BAD = Sample(500, 100, 500, 0)
FEW = Sample(10, 0, 10, 0)
HEALTHY = snapshot(instance())
INTERVAL = 60


@dataclass
class Source:
    """Metrics: each analysis sees the next sample of the new version, and the last one from then on."""

    coming: list[Sample | MetricsError]
    asked: int = 0

    def sample(self, queries: Queries) -> Sample:
        if queries is OLD:
            return Sample(5000, 0, 5000, 0)
        shown = self.coming[min(self.asked, len(self.coming) - 1)]
        self.asked += 1
        if isinstance(shown, MetricsError):
            raise shown
        return shown


@dataclass
class Route:
    """A route that stands as it was moved, until a moment of the clock at which something else happens to it."""

    clock: Clock
    percent: int = 10
    later: tuple[float, Callable[[Standing], Standing | None]] | None = None
    moves: list[tuple[int, bool]] = field(default_factory=list)

    def standing(self, target: Target) -> Standing | None:
        now = Standing(self.percent, own(self.percent), None)
        if self.later is not None and self.clock() >= 1000.0 + self.later[0]:
            return self.later[1](now)
        return now

    def move(self, target: Target, percent: int, *, paused: bool = False) -> None:
        self.percent = percent
        self.moves.append((percent, paused))


@dataclass
class Scene:
    """One analysis with everything around it played."""

    samples: Sequence[Sample | MetricsError] = (GOOD,)
    looks: Sequence[Snapshot | Exception] = (HEALTHY,)
    later: tuple[float, Callable[[Standing], Standing | None]] | None = None
    gate: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock = Clock()
        self.route = Route(self.clock, later=self.later)
        self.source = Source(list(self.samples))
        self.platform = Platform(*self.looks)
        output = Output()
        self.analysis = Analysis(
            Gate(prometheus="http://p", interval=INTERVAL, **self.gate),
            self.source,
            self.route,
            Watch(self.platform, output, self.clock),
            output,
            self.clock,
            self.clock.sleep,
        )
        self.subject = Subject(
            "hello", TARGET, Target("shop-dev", "hello-candidate"), NEW, OLD, Budget(0.001, 0.01, 0.5)
        )

    @property
    def seconds(self) -> float:
        return self.clock() - 1000.0

    def step(self, minutes: int = 3) -> Judgement:
        return self.analysis.step(self.subject, Step(10, minutes))


def test_a_good_step_lasts_its_time_and_passes() -> None:
    scene = Scene()
    assert scene.step(minutes=3).outcome is Outcome.PASS
    assert (scene.seconds, scene.source.asked) == (3 * INTERVAL, 3)
    assert [each.new for each in scene.subject.intervals] == [GOOD] * 3
    assert scene.subject.document()[0]["new"] == {"requests": 500, "failed": 0, "timed": 500, "slow": 0}


def test_a_bad_version_ends_the_step_with_the_first_analysis() -> None:
    scene = Scene(samples=(BAD,))
    assert scene.step(minutes=10).outcome is Outcome.FAIL
    assert scene.seconds == INTERVAL


def test_a_page_ends_the_step_whatever_the_figures_say() -> None:
    scene = Scene()
    told: list[tuple[str, ...]] = [(), ("ServiceFailsTooOften",)]
    scene.analysis = replace(scene.analysis, pages=lambda: told.pop(0))
    answer = scene.step(minutes=10)
    assert answer.outcome is Outcome.FAIL
    assert answer.reasons == ("since the release began somebody is paged: ServiceFailsTooOften",)
    assert scene.seconds == 2 * INTERVAL


def test_what_was_seen_in_earlier_steps_counts() -> None:
    scene = Scene(samples=(FEW,) * 11)
    assert scene.step(minutes=10).outcome is Outcome.PASS, "100 requests in all decide"
    assert scene.source.asked == 10


def test_a_few_requests_get_the_patience_and_then_go_back() -> None:
    scene = Scene(samples=(FEW,), gate={"patience": 2})
    answer = scene.step(minutes=1)
    assert answer.outcome is Outcome.INCONCLUSIVE
    assert answer.reasons == ("30 requests so far; 100 decide something",)
    assert scene.seconds == 3 * INTERVAL


def test_patience_may_be_enough() -> None:
    scene = Scene(samples=(FEW, GOOD), gate={"patience": 2})
    assert scene.step(minutes=1).outcome is Outcome.PASS
    assert scene.seconds == 2 * INTERVAL


def test_no_traffic_is_no_success() -> None:
    scene = Scene(samples=(Sample(),), gate={"patience": 0})
    assert scene.step(minutes=1).reasons == ("the new version got no requests that were counted",)


def test_undecided_may_go_on_where_the_gate_says_so() -> None:
    scene = Scene(samples=(FEW,), gate={"patience": 0, "inconclusive": "continue"})
    assert scene.step(minutes=1).outcome is Outcome.PASS


def word(decision: str) -> Callable[[Standing], Standing]:
    return lambda standing: replace(standing, decision=decision)


@pytest.mark.parametrize(("decision", "outcome"), [(CONTINUE, Outcome.PASS), (ABORT, Outcome.FAIL)])
def test_undecided_may_wait_for_a_person(decision: str, outcome: Outcome) -> None:
    scene = Scene(
        samples=(FEW,),
        gate={"patience": 0, "inconclusive": "pause", "minimum_requests": 1000},
        later=(5000, word(decision)),
    )
    answer = scene.step(minutes=1)
    assert (answer.outcome, answer.reasons) == (outcome, (f"a person asked for it with `caas {decision}`",))
    assert scene.route.moves == [(10, True)]
    assert 5000 <= scene.seconds < 5010


def test_the_metrics_source_may_be_away_for_the_patience_and_no_longer() -> None:
    away = MetricsError("http://p does not answer: refused")
    scene = Scene(samples=(away,), gate={"patience": 2})
    answer = scene.step(minutes=1)
    assert answer.outcome is Outcome.ERROR
    assert answer.reasons == ("the metrics cannot be read: http://p does not answer: refused",)
    assert scene.seconds == 3 * INTERVAL
    back_again = Scene(samples=(away, away, GOOD), gate={"patience": 2})
    assert back_again.step(minutes=1).outcome is Outcome.PASS
    in_a_row = Scene(samples=(away, GOOD, away, GOOD, GOOD), gate={"patience": 1})
    assert in_a_row.step(minutes=5).outcome is Outcome.PASS


def crashed(restarts: int) -> Snapshot:
    return snapshot(instance(restarts=restarts))


def test_a_container_that_ends_fails_the_step_within_a_second() -> None:
    scene = Scene(looks=(HEALTHY,) * 30 + (crashed(1),))
    answer = scene.step(minutes=10)
    assert answer.outcome is Outcome.FAIL
    assert answer.reasons == ("its containers ended and were restarted 1x while it was tried",)
    assert scene.seconds == 31


def test_restarts_from_before_the_trial_do_not_count() -> None:
    scene = Scene(looks=(crashed(2),))
    scene.subject.restarts = 2
    assert scene.step(minutes=1).outcome is Outcome.PASS


def test_a_version_that_is_gone_fails_the_step() -> None:
    scene = Scene(looks=(HEALTHY, snapshot(exists=False)))
    assert scene.step().reasons == ("somebody else has removed it",)


def test_a_look_that_fails_is_no_news_and_a_whole_analysis_of_them_is() -> None:
    silent = DeliveryError("The cluster does not answer.", Exit.NOT_PROVEN)
    scene = Scene(looks=(silent,) * (INTERVAL - 1) + (HEALTHY,))
    assert scene.step(minutes=1).outcome is Outcome.PASS
    blind = Scene(looks=(silent,))
    answer = blind.step(minutes=1)
    assert (answer.outcome, answer.reasons) == (
        Outcome.ERROR,
        ("the cluster did not answer for a whole analysis",),
    )


ANOTHER = Release("ann", "elsewhere", 7, 0.0, 0.0, 10)


@pytest.mark.parametrize(
    ("happened", "reason"),
    [
        (word(ABORT), "a person asked for it with `caas abort`"),
        (lambda standing: replace(standing, weight=0), "somebody else has given it 0 % of the traffic"),
        (lambda standing: replace(standing, release=ANOTHER), "ann@elsewhere (process 7) has taken the traffic over"),
        (lambda standing: replace(standing, release=None), "somebody else has taken the traffic over"),
        (lambda _: None, "somebody else has taken the traffic over"),
    ],
    ids=["abort", "weights", "taken-over", "let-go", "route-gone"],
)
def test_what_happens_to_the_route_ends_the_step_within_seconds(
    happened: Callable[[Standing], Standing | None], reason: str
) -> None:
    scene = Scene(later=(20, happened))
    answer = scene.step(minutes=10)
    assert (answer.outcome, answer.reasons) == (Outcome.FAIL, (reason,))
    assert 20 <= scene.seconds < 25


def test_continue_ends_no_step_that_the_gate_judges() -> None:
    scene = Scene(samples=(BAD,), later=(0, word(CONTINUE)))
    assert scene.step(minutes=1).outcome is Outcome.FAIL


def test_a_pause_holds_the_weight_and_has_a_limit() -> None:
    scene = Scene()
    answer = scene.analysis.pause(scene.subject, 0, "asked", 600.0)
    assert (answer.outcome, answer.reasons) == (Outcome.FAIL, ("nobody said `caas continue` within 600 s",))
    assert scene.route.moves == [(0, True)]
    assert scene.source.asked == 0, "without traffic there is nothing to judge"
    assert scene.seconds == 600


def test_a_version_that_answers_badly_during_a_pause_goes_back() -> None:
    scene = Scene(samples=(GOOD, BAD))
    answer = scene.analysis.pause(scene.subject, 10, "asked", None)
    assert answer.outcome is Outcome.FAIL
    assert scene.seconds == 2 * INTERVAL
