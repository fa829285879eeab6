"""The order of a release that moves traffic, and what every way of ending it leaves: one version with all of it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest

from components.release import VARIABLE
from components.spec import Environment
from delivery import analysis, apply, candidates, strategy
from delivery.errors import DeliveryError, Interrupted
from delivery.exit_codes import Exit
from delivery.gate import Judgement, Outcome
from delivery.observe import Snapshot, Target
from delivery.output import Output
from delivery.preview.model import Change, Operation, Preview, Property
from delivery.strategy import Strategy
from delivery.traffic import RELEASE, own
from tests.components.worlds import environment, service
from tests.delivery.routes import Api, traffic
from tests.delivery.world import NEW, OLD, TARGET, instance, snapshot

PREFIX = "urn:pulumi:dev::caas::"
CANDIDATE = f"{PREFIX}caas:kubernetes:Candidate::hello-candidate"
CHILD = f"{PREFIX}caas:kubernetes:Candidate$kubernetes:apps/v1:Deployment::hello-candidate-deployment"
ROUTE = f"{PREFIX}caas:kubernetes:Service$kubernetes:gateway.networking.k8s.io/v1:HTTPRoute::hello-route"

AUTOSCALER = {
    "urn": f"{PREFIX}caas:kubernetes:Service$kubernetes:autoscaling/v2:HorizontalPodAutoscaler::hello-autoscaler",
    "type": candidates.AUTOSCALER,
    "inputs": {"metadata": {"name": TARGET.name, "namespace": TARGET.namespace}, "spec": {"minReplicas": 2}},
}


def world(strategy_: str = "canary", **changes: Any) -> Environment:
    body = {"ingress": {"path": "/"}, "rollout": {"strategy": strategy_}, **changes}
    settings: dict[str, Any] = {
        "kubernetes": {"gateway": "ingress/front"},
        "gate": {"prometheus": "http://prometheus:9090"},
    }
    return environment({TARGET.name: service(**body)}, stack="dev", **settings)


def deployment(urn: str, name: str, image: str) -> dict[str, Any]:
    template = {"spec": {"containers": [{"image": image}]}}
    inputs = {"metadata": {"name": name, "namespace": TARGET.namespace}, "spec": {"template": template}}
    return {"urn": urn, "type": apply.DEPLOYMENT, "inputs": inputs}


@dataclass
class Played:
    """A stack, an engine, a platform and a route that do what is asked of them, and note it."""

    spec: Environment
    changed: bool = True
    notes: list[str] = field(default_factory=list)
    fail_at: str | None = None
    """The note at which something breaks."""
    error: BaseException = field(default_factory=lambda: DeliveryError("It broke.", Exit.DEPLOYMENT_FAILED))

    def __post_init__(self) -> None:
        self.api = Api()
        self.engine = SimpleNamespace(variables={})
        self.name = "dev"
        self.served = OLD
        self.new = False
        self.strategy = Strategy(
            self,  # type: ignore[arg-type]
            self.spec,
            self,
            traffic(self.api),
            Output(),
            timeout=5.0,
            look=self.look,
        )

    def note(self, what: str) -> None:
        self.notes.append(what)
        if what == self.fail_at:
            raise self.error

    # The stack.
    def state(self) -> dict[str, Any]:
        main = deployment(f"{PREFIX}kubernetes:apps/v1:Deployment::hello-deployment", "hello", self.served)
        second = [{"urn": CANDIDATE, "type": "caas:kubernetes:Candidate"}, deployment(CHILD, "hello-candidate", NEW)]
        route = {"urn": ROUTE, "type": candidates.ROUTE}
        return {"resources": [main, route, AUTOSCALER, *(second if self.new else [])]}

    def outputs(self) -> dict[str, Any]:
        fields = {"image": self.served, "url": "http://hello.test", "namespace": "shop-dev", "deployment": "hello"}
        numbers = {"port": 8080, "minimum": 2, "maximum": 4, "healthPath": "/ready"}
        return {"environment": "dev", "platform": "kubernetes", "services": {"hello": {**fields, **numbers}}}

    # The engine.
    def look(self) -> Preview:
        self.notes.append("preview")
        path = "spec.template.spec.containers[0].image" if self.changed else "metadata.labels.x"
        urn = f"{PREFIX}x::hello-deployment"
        return Preview((Change(Operation.UPDATE, urn, apply.DEPLOYMENT, (Property(path, OLD, NEW),)),), 0)

    def apply(self, target: Sequence[str] | None) -> apply.Journal:
        given = self.engine.variables.get(VARIABLE)
        if target is None:
            self.note("apply all" + (f" with {given}" if given else ""))
            self.served, self.new = NEW, given is not None
        elif given:
            assert f"**::{TARGET.name}-deployment" not in target
            self.note(f"start {given}")
            self.new = True
        else:
            shifts = bool(strategy.shifting(self.spec))
            assert target == [CANDIDATE, CHILD, *([ROUTE] if shifts else [])]
            self.note("remove")
            self.new = False
        return apply.Journal(Output())

    # The platform.
    def snapshot(self, target: Target) -> Snapshot:
        return replace(snapshot(instance("hello-new-1"), instance("hello-new-2")), target=target)

    def evidence(self, target: Target, instance: str) -> Any:
        raise AssertionError("nothing to show")

    def versions(self) -> dict[str, str]:
        return {}


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Played]:
    """A scene whose proofs and analyses are noted, with the weights at which they happen."""

    def make(spec: Environment | None = None, answers: Sequence[Outcome] = (), **more: Any) -> Played:
        played = Played(spec or world(), **more)
        coming = list(answers)

        def verify(truth: Any, *_: Any, **__: Any) -> tuple[()]:
            (one,) = truth.services
            assert one.image == NEW
            played.note(f"prove {one.deployment} at {one.url}")
            return ()

        def judged(what: str) -> Judgement:
            played.note(f"{what} {dict(played.api.weights)}")
            return Judgement(coming.pop(0) if coming else Outcome.PASS, ("why",))

        monkeypatch.setattr(strategy, "verify", verify)
        monkeypatch.setattr(analysis.Analysis, "step", lambda _, subject, step: judged(f"step {step.percent}"))
        monkeypatch.setattr(analysis.Analysis, "pause", lambda _, subject, percent, *__: judged(f"pause {percent}"))
        return played

    return make


ONE = {"hello": 1}
START = 'start {"hello": 1}'
PROVE_NEW = "prove hello-candidate at http://preview-hello.test"
PROVE_ALL = "prove hello at http://hello.test"
TENTH, HALF = "step 10 {'hello': 90, 'hello-candidate': 10}", "step 50 {'hello': 50, 'hello-candidate': 50}"


def test_a_good_canary_goes_all_the_way_in_order(play: Callable[..., Played]) -> None:
    played = play()
    _, moved = played.strategy.release(played.apply)
    assert moved
    whole = 'apply all with {"hello": 1}'
    assert played.notes == ["preview", START, PROVE_NEW, TENTH, HALF, whole, PROVE_ALL, "remove"]
    assert played.api.weights == ONE
    assert RELEASE not in played.api.annotations
    # Held at what runs while the traffic is elsewhere, and free again at the end.
    assert [body["spec"]["minReplicas"] for _, _, body in played.api.held] == [2, 2]
    assert played.strategy.judgements == {"hello": []}


def test_blue_green_moves_everything_to_as_many_instances(play: Callable[..., Played]) -> None:
    played = play(world("blue-green"))
    played.strategy.release(played.apply)
    assert played.notes[1] == 'start {"hello": 2}'
    assert played.notes[3] == "step 100 {'hello': 0, 'hello-candidate': 100}"


@pytest.mark.parametrize("outcome", [Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.ERROR])
@pytest.mark.parametrize("at", [0, 1])
def test_what_does_not_pass_is_taken_back(at: int, outcome: Outcome, play: Callable[..., Played]) -> None:
    played = play(answers=[Outcome.PASS] * at + [outcome])
    with pytest.raises(DeliveryError) as refused:
        played.strategy.release(played.apply)
    assert refused.value.code is Exit.DEPLOYMENT_FAILED
    how = "did not pass" if outcome is Outcome.FAIL else "could not be judged"
    assert f"The new version of hello {how} with {(10, 50)[at]} % of the traffic" in refused.value.message
    assert refused.value.details == ("hello: why",)
    assert played.notes[-1] == "remove"
    assert not any(note.startswith("apply all") for note in played.notes)
    assert (played.api.weights, played.served, played.new) == (ONE, OLD, False)
    assert RELEASE not in played.api.annotations


@pytest.mark.parametrize("error", [KeyboardInterrupt(), DeliveryError("It broke.", Exit.NOT_PROVEN), OSError("gone")])
@pytest.mark.parametrize("at", [START, PROVE_NEW, TENTH, HALF, 'apply all with {"hello": 1}', PROVE_ALL])
def test_wherever_it_stops_all_traffic_is_with_what_serves(
    at: str, error: BaseException, play: Callable[..., Played]
) -> None:
    played = play(fail_at=at, error=error)
    with pytest.raises(type(error)):
        played.strategy.release(played.apply)
    assert played.api.weights == ONE
    assert RELEASE not in played.api.annotations
    assert not played.new
    assert VARIABLE not in played.engine.variables


@pytest.mark.parametrize("error", [KeyboardInterrupt(), Interrupted("The engine finished cleanly.")])
def test_a_person_who_stops_it_is_told_what_happens(
    error: BaseException, play: Callable[..., Played], capsys: pytest.CaptureFixture[str]
) -> None:
    played = play(fail_at=TENTH, error=error)
    with pytest.raises(type(error)):
        played.strategy.release(played.apply)
    assert "Stopped: all traffic of hello goes back to what serves." in capsys.readouterr().err


def test_pauses_stand_before_the_first_step_and_after_the_last(play: Callable[..., Played]) -> None:
    hooks = [{"stage": "after-test-traffic", "pause": 5}, {"stage": "after-production-traffic", "pause": 5}]
    played = play(world(rollout={"strategy": "canary", "hooks": hooks}))
    played.strategy.release(played.apply)
    waited = [note for note in played.notes if note.startswith(("pause", "step"))]
    assert waited == ["pause 0 {'hello': 1}", TENTH, HALF, "pause 50 {'hello': 50, 'hello-candidate': 50}"]


@pytest.mark.parametrize("how", ["nothing-replaced", "rolling", "no-route-yet"])
def test_where_no_traffic_is_to_be_moved_the_program_is_applied_at_once(how: str, play: Callable[..., Played]) -> None:
    played = play(world("rolling") if how == "rolling" else None, changed=how != "nothing-replaced")
    if how == "no-route-yet":
        played.api.route = None
    assert played.strategy.release(played.apply)[1] is False
    assert played.notes == ["preview", "apply all"]


def test_a_living_release_of_another_is_told_and_nothing_is_touched(play: Callable[..., Played]) -> None:
    played = play()
    release = replace(own(10), host="elsewhere", user="ann")
    played.api.annotations[RELEASE] = json.dumps(asdict(release))
    for work in (played.strategy.clean, played.strategy.release):
        with pytest.raises(DeliveryError, match="is being released by ann@elsewhere") as refused:
            work(played.apply)
        assert refused.value.code is Exit.LOCKED
    assert played.api.writes == 0
    assert played.notes == ["preview"]


@pytest.mark.parametrize("new", [True, False], ids=["second-version-left", "only-the-route-left"])
def test_what_a_dead_release_left_is_taken_back(new: bool, play: Callable[..., Played]) -> None:
    played = play()
    traffic(played.api).move(TARGET, 50)
    played.api.annotations[RELEASE] = json.dumps(asdict(replace(own(50), pid=2**22 + 1)))
    played.new = new
    assert played.strategy.clean(played.apply)
    assert played.api.weights == ONE
    assert played.notes == (["remove"] if new else [])
    before = copy.deepcopy(played.api.route)
    assert not played.strategy.clean(played.apply)
    assert played.api.route == before


def held(played: Played) -> list[int]:
    """The minimums that the autoscaler was given, one after the other."""
    return [body["spec"]["minReplicas"] for _, _, body in played.api.held]


@pytest.mark.parametrize("new", [True, False], ids=["second-version-left", "only-the-route-left"])
def test_what_was_begun_under_another_strategy_is_taken_back_too(new: bool, play: Callable[..., Played]) -> None:
    played = play(world("rolling"))
    traffic(played.api).move(TARGET, 50)
    played.api.annotations[RELEASE] = json.dumps(asdict(replace(own(50), pid=2**22 + 1)))
    played.new = new
    assert strategy.concerned(played.spec, played.state)
    assert played.strategy.clean(played.apply)
    assert (played.api.weights, played.new, held(played)) == (ONE, False, [2])
    assert RELEASE not in played.api.annotations


def test_a_release_that_is_killed_after_its_new_version_is_gone_is_still_found(play: Callable[..., Played]) -> None:
    played = play(fail_at="remove", error=SystemExit())
    with pytest.raises(SystemExit):
        played.strategy.release(played.apply)
    # As the kill leaves it: no second version any more, the autoscaler still held, the route still somebody's.
    played.new, played.fail_at = False, None
    found = json.loads(played.api.annotations[RELEASE])
    assert (found["weight"], played.api.weights, len(held(played))) == (0, ONE, 1)
    played.api.annotations[RELEASE] = json.dumps({**found, "pid": 2**22 + 1})
    assert played.strategy.clean(played.apply)
    assert (held(played)[1:], RELEASE in played.api.annotations) == ([2], False)


def test_what_never_moves_traffic_is_not_looked_at(play: Callable[..., Played]) -> None:
    assert not strategy.concerned(world("rolling"), lambda: {})
    other = world().model_copy(update={"platform": "gke"})
    assert not strategy.concerned(other, play().state)


def test_the_way_back_to_what_has_proven_itself_is_not_tried_first(play: Callable[..., Played]) -> None:
    played = play()
    assert played.strategy.release(played.apply, at_once=True)[1] is False
    assert played.notes == ["apply all"]
    assert played.api.writes == 0


def test_only_kubernetes_has_its_traffic_moved_by_us() -> None:
    assert list(strategy.shifting(world())) == ["hello"]
    assert strategy.shifting(world("rolling")) == {}
    assert strategy.shifting(world().model_copy(update={"platform": "aws-ecs"})) == {}
