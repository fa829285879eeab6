"""What was deployed is judged by what it answers afterwards: how long, how patiently, and what follows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from components.spec import Environment
from components.spec.service import Service
from delivery import afterwards
from delivery.afterwards import Bake, NotKeptError, judged
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.gate import Sample
from delivery.observe.model import Target
from delivery.output import Output
from delivery.prometheus import MetricsError
from tests.components.worlds import environment, service
from tests.delivery.world import TARGET, Clock, declaration

WELL = Sample(1000, 0, 1000, 0)
FAILING = Sample(1000, 50, 1000, 0)
SLOW = Sample(1000, 0, 1000, 100)
FEW = Sample(10, 0, 10, 0)
LOST = MetricsError("it does not answer")

Answer = Sample | MetricsError


class Counted:
    """A source with an answer for each look; the last one stays."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    def lately(self, service: Service, where: Target, seconds: int) -> Sample:
        assert where == TARGET
        self.asked.append((service.name, seconds))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, MetricsError):
            raise answer
        return answer

    def period(self, service: Service, where: Target) -> Sample:
        raise AssertionError("not asked here")


def world(**gate: Any) -> Environment:
    settings = {"prometheus": "http://prometheus:9090", "bake": 2, "interval": 60, "patience": 1, **gate}
    return environment({TARGET.name: service()}, stack="staging", gate=settings)


def bake(source: Counted, platform: str | None = None, **gate: Any) -> Bake:
    clock = Clock()
    spec = world(**gate)
    spec = spec.model_copy(update={"platform": platform}) if platform else spec
    made = Bake(spec, Output(), source, clock, clock.sleep)
    made.watch([(spec.services[0], TARGET)])
    return made


def test_what_keeps_its_objective_passes_at_the_end_of_the_time() -> None:
    source = Counted(FEW, WELL)
    made = bake(source)
    assert source.asked == [("hello", 60), ("hello", 120)]
    assert made.seen == {"hello": [{"new": WELL.document(), "old": Sample().document()}]}


def test_a_source_that_knows_late_is_waited_for() -> None:
    source = Counted(WELL)
    bake(source, "aws-ecs")
    assert source.asked[-1] == ("hello", 240)


@pytest.mark.parametrize(("bad", "word"), [(FAILING, "50 of 1000) failed"), (SLOW, "100 of 1000) slow")])
def test_what_misses_its_objective_ends_it_at_once(bad: Sample, word: str) -> None:
    source = Counted(bad)
    with pytest.raises(DeliveryError) as refused:
        bake(source, bake=60)
    assert len(source.asked) == 1
    assert refused.value.code is Exit.DEPLOYMENT_FAILED
    assert refused.value.message == "The new version of hello does not meet its objective; it still runs."
    assert refused.value.remedy == "`caas rollback --stack staging` goes back to the release before."
    assert word in refused.value.details[0]
    assert isinstance(refused.value, NotKeptError)
    assert not refused.value.rolled_back


@pytest.mark.parametrize("answer", [FEW, Sample(), LOST], ids=["few", "none", "lost"])
@pytest.mark.parametrize("mode", ["rollback", "pause"])
def test_what_stays_undecided_is_not_proven(answer: Answer, mode: str) -> None:
    source = Counted(answer)
    with pytest.raises(DeliveryError, match="could not be judged; it still runs") as refused:
        bake(source, inconclusive=mode)
    assert refused.value.code is Exit.NOT_PROVEN
    assert len(source.asked) == 3, "two of the time, and one of patience"
    assert isinstance(refused.value, NotKeptError) is (mode == "rollback")


def test_what_is_decided_within_the_patience_passes() -> None:
    bake(Counted(FEW, FEW, WELL))


def test_what_stays_undecided_goes_on_where_that_is_configured(capsys: pytest.CaptureFixture[str]) -> None:
    bake(Counted(FEW), inconclusive="continue")
    assert "hello: undecided, and gate.inconclusive is continue." in capsys.readouterr().err


def test_no_source_is_never_success() -> None:
    with pytest.raises(DeliveryError) as refused:
        bake(Counted(LOST), inconclusive="continue")
    assert refused.value.code is Exit.NOT_PROVEN
    assert refused.value.details == ("hello: the metrics cannot be read: it does not answer",)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """``judged`` without its waits."""
    clock = Clock()
    real = Bake

    def made(spec: Environment, output: Output, source: Any) -> Bake:
        return real(spec, output, source, clock, clock.sleep)

    monkeypatch.setattr(afterwards, "Bake", made)
    return judged


def test_only_who_asks_for_it_is_judged(quick: Callable[..., Any]) -> None:
    source = Counted(WELL)
    assert quick(world(bake=0), declaration(), Output(), source) == {}
    gate = {"prometheus": "http://prometheus:9090", "bake": 1}
    unmeasured = environment({TARGET.name: {**service(), "metricsPath": None}}, stack="staging", gate=gate)
    assert quick(unmeasured, declaration(), Output(), source) == {}
    assert source.asked == []
    assert list(quick(world(), declaration(), Output(), source)) == ["hello"]


def test_a_platform_whose_metrics_nobody_has_cannot_be_proven(quick: Callable[..., Any]) -> None:
    spec = world().model_copy(update={"platform": "azure-aci"})
    with pytest.raises(DeliveryError, match="cannot be judged: on azure-aci nothing counts") as refused:
        quick(spec, declaration(), Output(), None)
    assert refused.value.code is Exit.NOT_PROVEN
