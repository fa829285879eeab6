"""A review environment on the real engine: made from dev's configuration, found from another machine, and removed there
although the removal is killed half way. Nothing else is touched."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from delivery import ledger, processes
from delivery import review as reviewing
from delivery.engine import Engine
from delivery.exit_codes import Exit
from delivery.masking import Masker
from delivery.output import Output
from delivery.records import Kind
from delivery.review_stack import EXPIRES, Review, stack_name
from delivery.stack import ProgramStack
from sandbox.clouds.core.world import World
from tests.components.aws.worlds import REGION
from tests.engine import simulated
from tests.engine.simulated import Aws, ended, until
from tests.projects import Project

pytestmark = [pytest.mark.engine, pytest.mark.slow]

BRANCH = "feature/login"
NAME = stack_name(BRANCH)
PAST = "2026-01-01T00:00:00+00:00"


@pytest.fixture
def aws(engine_project: Project) -> Iterator[Aws]:
    with simulated.aws(engine_project) as found:
        yield found


def review(project: Project, command: str, *arguments: str, code: int = 0) -> Any:
    """A command of ``caas review``; its document."""
    done = project.run(review_command(project, command, *arguments))
    assert done.code == code, done.text
    return json.loads(done.out)


def review_command(project: Project, command: str, *arguments: str) -> list[str]:
    python = project.caas_command("review")[:4]
    return [*python, command, "--json", "--directory", str(project.directory), *arguments]


def another_machine(project: Project, directory: Path) -> Project:
    """The project as a scheduled job checks it out: no file of a review stack, the same backend."""
    directory.mkdir()
    for name in ("Pulumi.yaml", "__main__.py", "components"):
        (directory / name).symlink_to(project.directory / name)
    return Project(directory, NAME, project.environment)


def test_it_is_made_found_and_removed_from_another_machine(aws: Aws, tmp_path: Path) -> None:
    project = aws.project
    secret = ("config", "set", "--secret", "--path", "caas:secrets.chat", "hidden-word")
    for made in (("stack", "init", "--no-select"), secret):
        done = project.pulumi(*made)
        assert done.code == 0, done.text
    # A name alone makes no review stack.
    other = Project(project.directory, "review-by-name-alone", project.environment)
    assert other.pulumi("stack", "init", "--no-select").code == 0

    up = review(project, "up", "--branch", BRANCH, "--ttl", "2h", "--from", project.stack)
    assert (up["stack"], up["branch"], up["expired"]) == (NAME, BRANCH, False)
    written = (project.directory / f"Pulumi.{NAME}.yaml").read_text()
    assert "not to be committed" in written
    assert "hidden-word" not in written

    job = another_machine(project, tmp_path / "job")
    (found,) = review(job, "list")["reviews"]
    assert found == {"stack": NAME, "branch": BRANCH, "expires": up["expires"], "expired": False}
    assert [one["stack"] for one in review(job, "reap")["kept"]] == [NAME]
    assert job.pulumi("stack", "tag", "set", EXPIRES, PAST).code == 0

    aws.fault(operation="delete")
    reaping = simulated.start(job, review_command(job, "reap"))
    until(aws.fault_met, reaping, "the cluster is being removed")
    engines = simulated.children(reaping.pid)
    for pid in (reaping.pid, *engines):
        os.kill(pid, signal.SIGKILL)
    assert ended(reaping).code == -signal.SIGKILL
    assert job.state()["pending_operations"] != []
    aws.no_fault()

    assert [one["stack"] for one in review(job, "reap")["removed"]] == [NAME]
    assert [processes.session_members(engine) for engine in engines] == [[]] * len(engines)
    assert review(job, "list") == {"reviews": []}
    assert stacks(project) == sorted([project.stack, other.stack])
    assert stacks(project, "--project", f"caas-test{ledger.SUFFIX}") == [], "its record is gone with it"
    with World(aws.home / "aws.json").open() as world:
        kinds = (simulated.CLUSTER, "aws:ecs/service:Service", "aws:ec2/vpc:Vpc")
        assert [dict(world.all(kind, REGION)) for kind in kinds] == [{}, {}, {}], "something stayed behind"
    refused = review(job, "down", "--branch", "by-name-alone", code=Exit.BAD_INPUT)
    assert refused["error"] == "Stack 'review-by-name-alone' is no review environment and was not touched."


def stacks(project: Project, *arguments: str) -> list[str]:
    """The names of the stacks in the backend."""
    listed = project.run(["pulumi", "stack", "ls", "--json", *arguments])
    assert listed.code == 0, listed.text
    return sorted(one["name"].rpartition("/")[2] for one in json.loads(listed.out))


@pytest.mark.parametrize("at", ["before-its-record-goes", "after-its-record-went"])
def test_a_removal_that_is_cut_off_is_finished_by_the_next_one(
    at: str, engine_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in engine_project.environment.items():
        monkeypatch.setenv(name, value)
    engine_project.write({}, {})
    directory, record = engine_project.directory, f"caas-test{ledger.SUFFIX}"
    stack = ProgramStack(directory, NAME, "caas-test", Engine())
    stack.opened_or_made(Masker())
    reviewing._mark(stack, Review(NAME, BRANCH, datetime(2026, 1, 1, tzinfo=UTC)))
    ledger.Ledger(stack).begin(ledger.Intent(Kind.UP, ledger.owner(), {}))
    assert stacks(engine_project, "--project", record) == [NAME]
    run = ProgramStack.run

    def cut_off(*arguments: Any) -> Any:
        if at == "before-its-record-goes" or arguments[1:3] == ("stack", "rm"):
            raise SystemExit
        return run(*arguments)

    with monkeypatch.context() as killed:
        if at == "before-its-record-goes":
            killed.setattr(ledger.Ledger, "remove", cut_off)
        else:
            killed.setattr(ProgramStack, "run", cut_off)
        with pytest.raises(SystemExit):
            reviewing.reap(directory, "caas-test", Output())
    assert stacks(engine_project, "--project", record) == ([NAME] if at == "before-its-record-goes" else [])
    assert [one.stack for one in reviewing.every(directory, "caas-test")] == [NAME], "still to be found"
    assert [one.stack for one in reviewing.reap(directory, "caas-test", Output()).removed] == [NAME]
    assert (stacks(engine_project), stacks(engine_project, "--project", record)) == ([], [])


def test_a_stack_of_the_same_name_that_is_none_is_not_taken_over(aws: Aws) -> None:
    project = aws.project
    mine = Project(project.directory, NAME, project.environment)
    shutil.copy(project.directory / f"Pulumi.{project.stack}.yaml", project.directory / f"Pulumi.{NAME}.yaml")
    assert mine.pulumi("stack", "init", "--no-select").code == 0
    refused = review(project, "up", "--branch", BRANCH, "--from", project.stack, code=Exit.BAD_INPUT)
    assert refused["error"] == f"Stack {NAME!r} exists and is no review environment."
    assert "not to be committed" not in (project.directory / f"Pulumi.{NAME}.yaml").read_text()


def test_only_a_stack_of_tier_dev_lends_its_configuration(aws: Aws) -> None:
    project = aws.project
    with_owner = {"owner": "team", "costCentre": "4711", "tier": "staging"}
    project.write({"thing": {**simulated.SERVICE, "replicas": 2}}, simulated.settings(**with_owner))
    refused = review(project, "up", "--branch", BRANCH, "--from", project.stack, code=Exit.BAD_INPUT)
    assert refused["error"] == "A review environment is made from a stack of tier dev; check is staging."
