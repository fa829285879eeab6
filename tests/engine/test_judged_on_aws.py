"""``gate.bake`` and the error budget on ECS, from ``caas up`` to CloudWatch: what callers got of a new version decides
whether it stays. Real engine, simulated AWS, AWS's own clients; callers are a file of what they would have caused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from components.spec import Environment
from delivery import afterwards
from delivery.exit_codes import Exit
from delivery.output import Output
from sandbox.clouds.aws import tokens
from sandbox.clouds.core.world import World
from tests import projects
from tests.components.aws.worlds import REGION, REGISTRY
from tests.delivery.world import Clock
from tests.engine import applied, simulated
from tests.projects import Completed

pytestmark = [pytest.mark.engine, pytest.mark.slow]

SERVICE = {**simulated.SERVICE, "ingress": {"path": "/", "tls": False}}
REAL_BAKE = afterwards.Bake


def image(number: int) -> str:
    return f"{REGISTRY}/thing@sha256:{number:064x}"


@dataclass
class Judged:
    """One stack, whose releases are judged as fast as CloudWatch answers."""

    aws: simulated.Aws
    number: int = 0
    """Of the image that was described last."""

    def up(self, *arguments: str, **gate: Any) -> Completed:
        """``caas up`` of a new image; the waits between two looks are none."""
        self.number += 1
        return self.again(*arguments, **gate)

    def again(self, *arguments: str, **gate: Any) -> Completed:
        """``caas up`` of the image of before."""
        described = {**SERVICE, "image": image(self.number)}
        settings = simulated.settings(gate={"bake": 1, "patience": 1, "freeze": "off", **gate})
        self.aws.project.write({"thing": described}, settings)
        return self.caas("up", *arguments)

    def caas(self, command: str, *arguments: str) -> Completed:
        clock = Clock()

        def quick(spec: Environment, output: Output, source: Any) -> afterwards.Bake:
            return REAL_BAKE(spec, output, source, clock, clock.sleep)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(afterwards, "Bake", quick)
            given = [command, "--stack", self.aws.project.stack, "--directory", str(self.aws.project.directory)]
            return applied.run(self.aws.project, [*given, *arguments], patch)

    def called(self, *flows: dict[str, Any]) -> None:
        """Callers of the service; without any, nobody calls."""
        (group,) = self.records(tokens.TARGET_GROUP)
        entries = [{"targetGroup": group["name"], "requests": 600, **flow} for flow in flows]
        (self.aws.home / "aws.traffic.json").write_text(json.dumps(entries))

    def records(self, token: str) -> list[dict[str, Any]]:
        """What the account holds of a type."""
        with World(self.aws.home / "aws.json").open() as world:
            return [one["state"] for one in world.all(token, REGION).values()]

    def running(self) -> str:
        """The image that the account runs."""
        (service,) = self.records(tokens.SERVICE)
        (task,) = [one for one in self.records(tokens.TASK_DEFINITION) if one["arn"] == service["taskDefinition"]]
        (container,) = json.loads(task["containerDefinitions"])
        return str(container["image"])

    def last(self) -> dict[str, Any]:
        """The newest release, as it is recorded."""
        found: list[dict[str, Any]] = json.loads(self.caas("history", "--json").out)["releases"]
        return found[0]


def ago(**of: float) -> str:
    """A time before now, as the file has it."""
    return (datetime.now(UTC) - timedelta(**of)).isoformat()


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory, engine_environment: dict[str, str]) -> Iterator[Judged]:
    """Its first release was not judged: nobody called it yet."""
    directory = tmp_path_factory.mktemp("judged")
    place = {"PULUMI_HOME": str(directory / "home"), "HOME": str(directory), **engine_environment}
    with simulated.aws(projects.make(directory / "project", "check", **place)) as aws:
        made = Judged(aws)
        done = made.up(bake=0)
        assert done.code == Exit.FINE, done.text
        yield made


def test_a_spent_budget_freezes_and_what_a_reason_lets_on_stays_as_it_answers_well(judged: Judged) -> None:
    before = judged.running()
    # Ten days of failures, and none since the moment that the new version is for.
    judged.called({"from": ago(days=10), "until": ago(minutes=10), "failed": 6}, {"from": ago(minutes=10)})
    frozen = judged.up(freeze="refuse")
    assert frozen.code == Exit.POLICY, frozen.text
    assert "The error budget of thing in check is spent, so up is refused." in frozen.err
    assert "of the budget of 30 days left (" in frozen.err
    assert judged.running() == before
    assert judged.last()["outcome"] == "refused"

    done = judged.again("--json", "--reason", "it mends the failures", freeze="refuse")
    assert done.code == Exit.FINE, done.text
    assert "up goes on, its reason: it mends the failures." in done.err
    assert "thing: pass: " in done.err
    (seen,) = json.loads(done.out)["analysis"]["thing"]
    assert (seen["new"]["requests"] >= 1200, seen["new"]["failed"]) == (True, 0)
    assert judged.running() == image(judged.number)
    last = judged.last()
    assert (last["outcome"], last["note"]) == ("succeeded", "it mends the failures")


def test_what_fails_five_percent_is_taken_back(judged: Judged) -> None:
    before = judged.running()
    judged.called({"from": ago(minutes=10), "failed": 30})
    done = judged.up()
    assert done.code == Exit.DEPLOYMENT_FAILED, done.text
    assert re.search(r"thing does not meet its objective; release \d, which ran before, runs again\.", done.err)
    assert re.search(r"thing: 5\.00% \((30 of 600|60 of 1200)\) failed; 0\.10% are allowed\n", done.err), done.err
    assert judged.running() == before != image(judged.number)
    last = judged.last()
    assert (last["what"], last["outcome"]) == ("up", "rolled back")
    assert last["images"] == {"thing": image(judged.number)}
    assert " failed" in last["reason"]
    status = json.loads(judged.caas("status", "--json").out)
    assert (status["differences"], status["inProgress"], status["pendingOperations"]) == ([], [], 0)


def test_what_nobody_calls_ends_as_it_is_configured(judged: Judged) -> None:
    before = judged.running()
    judged.called()
    done = judged.up(inconclusive="pause")
    assert done.code == Exit.NOT_PROVEN, done.text
    assert "thing could not be judged; it still runs. `caas rollback --stack check`" in done.err
    assert judged.running() == image(judged.number)
    assert judged.last()["outcome"] == "not proven"

    # It changes nothing, and is no success by that: what runs was never found good.
    done = judged.again(inconclusive="rollback")
    assert done.code == Exit.DEPLOYMENT_FAILED, done.text
    assert "Nothing to change." in done.err
    assert "thing could not be judged; release " in done.err
    assert judged.running() == before
    assert judged.last()["outcome"] == "rolled back"
