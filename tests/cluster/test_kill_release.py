"""Two stacks whose releases move traffic: promoted, gone back to, and `kill -9` of `caas` at random points of each.

A load runs all the time: where at any moment a share of the traffic led to nobody, its requests would fail.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from sandbox import toolchain
from tests.cluster import hello
from tests.cluster.load import Load, Requests, until
from tests.cluster.routes import Look, Watched
from tests.cluster.scene import Scene
from tests.cluster.sides import Sides, first_word
from tests.cluster.test_kill import engines
from tests.cluster.two import Two, digest, running, two

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

KILLS = int(os.environ.get("CAAS_KILLS", "3"))
"""One of each command; a longer run is asked for by hand."""
INTERVAL = 5
"""Seconds of one analysis."""
QUICK = {**hello.GATE, "interval": INTERVAL, "patience": 0, "inconclusive": "continue"}
"""The gate is no part of these tests: what it cannot decide goes on."""
UP = ("up", "--stack", "first")
PROMOTE = ("promote", "--from", "first", "--to", "second")


@dataclass
class Stage:
    """Both stacks, and what is known of them."""

    world: Two
    turn: int = 0
    greetings: dict[str, dict[int, str]] = field(default_factory=lambda: {"first": {}, "second": {}})
    """Stack -> number of a good release -> what its instances say."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Command -> how long one took that was let live."""

    def one(self, stack: str) -> Scene:
        """The stack of that name."""
        return self.world.first if stack == "first" else self.world.second

    def describe(self, strategy: str = "canary") -> str:
        """Write a version that can be told from all before by its answer; answers that."""
        self.turn += 1
        # One step, and time enough for a busy machine's ingress to hear of an instance that ends.
        step = {"step": {"minutes": 0, "percent": 50}} if strategy == "canary" else {}
        rollout = {**step, "endpointLag": 5, "stopTimeout": 12}
        service = hello.shifting(strategy, rollout=rollout, scaling={"minimum": 2, "maximum": 3})
        del service["replicas"]
        service["environment"] = {**service["environment"], "GREETING": f"turn-{self.turn}"}
        self.world.write(service, gate=QUICK)
        return f"turn-{self.turn}"

    def run(self, *arguments: str) -> None:
        """A command that must go well; its time is taken."""
        began = time.monotonic()
        self.world.caas(*arguments)
        self.seconds[arguments[0]] = time.monotonic() - began
        stack = arguments[-1] if arguments[0] == "promote" else arguments[arguments.index("--stack") + 1]
        self.greetings[stack][self.world.history(stack)[-1]["release"]] = said(self.one(stack))

    def watched(self, stack: str) -> Watched:
        """Its route, looked at."""
        return Watched(self.one(stack).kubeconfig, self.one(stack).target)


def said(one: Scene) -> str:
    """What an instance answers first."""
    return first_word(one.answer()["message"])


def load(one: Scene) -> Load:
    """A few callers."""
    return Load(str(toolchain.current().tool("hey")), one.host, rate=10)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, sandbox_variables: dict[str, str]) -> Iterator[Stage]:
    """The second version runs in the first stack, the first one, which is blue-green, in the second."""
    with two(tmp_path_factory.mktemp("killed"), sandbox_variables, "killed") as world:
        made = Stage(world)
        made.describe("blue-green")
        made.run(*UP)
        made.run(*PROMOTE)
        made.describe()
        made.run(*UP)
        yield made


def test_promotions_move_traffic_as_their_strategies_say_and_a_rollback_goes_back_at_once(stage: Stage) -> None:
    first, second = stage.world.first, stage.world.second
    with stage.watched("second") as seen, load(second) as requests:
        stage.run(*PROMOTE)
    assert seen.shares == [0, 50, 0]
    assert (said(second), second.objects()) == ("turn-2", ["hello"])
    assert digest(running(second)) == digest(running(first))
    assert whole(requests.result), requests.report

    stage.run("rollback", "--stack", "first")  # To what is blue-green.
    with Sides(second) as sides, load(second) as requests:
        stage.run(*PROMOTE)
    everything_at_once_beside_the_old_version(sides, old="turn-2", new="turn-1")
    assert (said(second), second.objects()) == ("turn-1", ["hello"])
    assert whole(requests.result), requests.report

    with Sides(second) as sides, load(second) as requests:
        stage.run("rollback", "--stack", "second")
    assert sides.shares == [0], "what has proven itself is not tried anew"
    assert {one.preview for one in sides.moments} == {None}
    assert all(one.ready >= 2 for one in sides.moments)
    assert (said(second), second.objects()) == ("turn-2", ["hello"])
    assert whole(requests.result), requests.report
    assert [one["what"] for one in stage.world.history("second")][-1] == "rollback to 2"


def everything_at_once_beside_the_old_version(seen: Sides, *, old: str, new: str) -> None:
    """Tried where no caller goes, then all of the traffic, while the old version stays as it was."""
    assert seen.shares == [0, 100, 0]
    never_nobody(seen.looks)
    began, _ = seen.exposed
    before = [one for one in seen.moments if one.look.at < began]
    assert {one.serving for one in before} == {old}
    assert {one.preview for one in before} == {None, new}
    # For as long as the new version is watched, what served could take everything again.
    beside = [one for one in seen.moments if one.look.share == 100 and one.generation == before[0].generation]
    assert beside[-1].look.at - began > INTERVAL - 1
    assert all(one.ready >= 2 for one in (*before, *beside))


def whole(requests: Requests) -> bool:
    """Every request of a load was answered well."""
    return requests.failed == 0 and requests.sent > 100


def killed(world: Two, arguments: tuple[str, ...], after: float, *, with_engine: bool) -> None:
    """Start a command and kill it so many seconds later, alone or with the engine that it has started."""
    command = subprocess.Popen(
        world.command(*arguments),
        cwd=world.first.project.directory,
        env=world.first.project.variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        output, _ = command.communicate(timeout=after)
        print(f"  it was over before: exit {command.returncode}")
        assert command.returncode == 0, output
    except subprocess.TimeoutExpired:
        for pid in [*(engines(command.pid) if with_engine else []), command.pid]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        command.wait()
        assert command.stdout is not None
        command.stdout.close()


def never_nobody(looks: list[Look]) -> None:
    """At each moment everything is with one version, or divided between both."""
    assert len(looks) > 10
    for look in looks:
        weights = list(look.weights.values())
        assert sum(weights) == (1 if len(weights) == 1 else 100), look
        assert set(look.weights) <= {"hello", "hello-candidate"}, look


def ended(stage: Stage, stack: str, one: Scene, greeting: str, watched: Watched) -> None:
    """The release of a turn is the only thing that runs, has all the traffic, is recorded, and left nothing open."""
    until(lambda: not watched.looks[-1].held, 10, "the route is nobody's")
    assert watched.looks[-1].weights == {"hello": 1}
    assert one.objects() == ["hello"]
    assert said(one) == greeting
    assert one.project.state().get("pending_operations", []) == []
    assert [each["spec"]["minReplicas"] for each in one.found("horizontalpodautoscalers", "apis/autoscaling/v2")] == [2]
    records = stage.world.history(stack)
    assert records[-1]["outcome"] == "succeeded"
    assert all(each["outcome"] in ("succeeded", "interrupted") for each in records), records
    assert digest(running(one)) == digest(records[-1]["images"]["hello"])
    status = json.loads(stage.world.caas("status", "--stack", stack, "--json").out)
    assert (status["inProgress"], status["differences"]) == ([], [])


def test_whatever_is_killed_is_found_and_finished_or_taken_back_by_the_next_command(stage: Stage) -> None:
    seed = int(os.environ.get("CAAS_KILL_SEED", str(time.time_ns() % 100000)))
    print(f"CAAS_KILL_SEED={seed}")
    chance = random.Random(seed)
    for turn, kind in zip(range(KILLS), itertools.cycle(("up", "promote", "rollback")), strict=False):
        print(f"kill {turn + 1}: {a_kill(stage, kind, chance)}", flush=True)
    settled(stage.world)


def a_kill(stage: Stage, kind: str, chance: random.Random) -> str:
    """Kill a command anywhere in its life, run the next one, and look at what that has made of it; what happened."""
    stack = "second" if kind == "promote" else "first"
    one = stage.one(stack)
    present = said(one)
    arguments, greeting = a_change(stage, kind)
    # One takes about as long as the last one of its kind that was let live.
    after, with_engine = chance.uniform(0, stage.seconds.get(kind, 30.0)), chance.random() < 0.5
    again = arguments
    if kind != "rollback" and chance.random() < 0.5:
        again, greeting = back_to(stage, stack, present), present
    with stage.watched(stack) as watched, load(one) as requests:
        killed(stage.world, arguments, after, with_engine=with_engine)
        until(lambda: bool(watched.looks), 10, "the route is seen")
        found = watched.looks[-1].weights
        stage.run(*again)
        ended(stage, stack, one, greeting, watched)
    never_nobody(watched.looks)
    assert whole(requests.result), requests.report
    how = f"{'with its engine' if with_engine else 'alone'}; {found}; then {again[0]}"
    return f"{kind} after {after:.1f} s, {how}; {requests.result}"


def a_change(stage: Stage, kind: str) -> tuple[tuple[str, ...], str]:
    """A command that changes what runs, and what is to answer then."""
    first, second = said(stage.world.first), said(stage.world.second)
    if kind == "up":
        return UP, stage.describe()
    if kind == "promote":
        if first == second:  # What was gone back to meanwhile.
            stage.describe()
            stage.run(*UP)
        return PROMOTE, said(stage.world.first)
    greeting = next(each for each in reversed(stage.greetings["first"].values()) if each != first)
    return back_to(stage, "first", greeting), greeting


def back_to(stage: Stage, stack: str, greeting: str) -> tuple[str, ...]:
    """The command that goes back to what answers so."""
    number = next(number for number, each in stage.greetings[stack].items() if each == greeting)
    return ("rollback", "--stack", stack, "--to", str(number))


def settled(world: Two) -> None:
    """Plain Pulumi finds nothing to do, once the first stack runs what its checkout describes."""
    world.caas(*UP)
    preview = world.first.project.pulumi("preview", "--expect-no-changes")
    assert preview.code == 0, preview.text
