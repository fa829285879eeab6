"""One push goes to dev, staging and prod on each of the three CI systems, really executed on the cluster under load."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sandbox import toolchain
from tests import forges
from tests.cluster import hello
from tests.cluster.load import Load, Requests, until
from tests.cluster.receiver import receiver
from tests.forges import Forge
from tests.pipelines import github, gitlab, repository
from tests.pipelines.jenkins import Build, stages
from tests.pipelines.repository import STACKS, Repository
from tests.pipelines.runners import Turns, applying, descendants
from tests.projects import Completed

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

APPROVER = "cat"
SYSTEMS = ("gitlab", "github", "jenkins")
ALL = os.environ.get("CAAS_PIPELINES") == "all"
"""A longer run, by hand: GitLab's delivery under load as well, and every refusal on every system."""


@dataclass
class World:
    """One repository that all three systems deliver in turn, and a forge of each kind that knows its commits."""

    repository: Repository
    scratch: Path
    gitlab: Forge
    github: Forge
    version: str = ""
    """What was pushed last."""

    def push(self, version: str, **changes: Any) -> str:
        """Another version of the service, known to the forges as ann's."""
        self.repository.describe(version, **changes)
        commit = self.repository.push(f"Version {version}")
        for forge in (self.gitlab, self.github):
            forge.authors[commit] = "ann"
        return commit

    def deliver(self, system: str, *, approver: str = APPROVER) -> Completed:
        """What that system does with the push."""
        return {"gitlab": self._gitlab, "github": self._github, "jenkins": self._jenkins}[system](approver)

    def on_gitlab(self, approver: str) -> dict[str, str]:
        """What GitLab would set in a pipeline in which this person pressed the button."""
        said = {"GITLAB_USER_LOGIN": approver, "GITLAB_USER_EMAIL": f"{approver}@example.com"}
        return {k: v for k, v in forges.variables(self.gitlab).items() if k != "GITLAB_CI"} | said

    def _gitlab(self, approver: str) -> Completed:
        return self.repository.run(*gitlab.command(manual=["prod"], variables=self.on_gitlab(approver)))

    def _github(self, approver: str) -> Completed:
        self.github.reviews = [(approver, "approved")]
        shown = {
            name: self.repository.environment[name]
            for name in (*github.PASSED_ON, "PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE", "NO_PROXY", "no_proxy")
            if name in self.repository.environment
        }
        place = {"CAAS_FORGE_API": self.github.url, "CAAS_FORGE_PROJECT": forges.PROJECT}
        event = {"ref": "refs/heads/main", "repository": {"default_branch": "main"}}
        line = github.command(self.scratch, "push", event, {**shown, **place})
        return self.repository.run(*line)

    def _jenkins(self, approver: str) -> Completed:
        api = f"{self.gitlab.url}/api/v4"
        place = {"CAAS_FORGE": "gitlab", "CAAS_FORGE_API": api, "CAAS_FORGE_PROJECT": forges.PROJECT}
        main = {"BRANCH_IS_PRIMARY": "true", "BRANCH_NAME": "main", **place}
        build = Build(environment=main, approver=approver, arguments={"test": "make test"})
        return build.run(self.repository.directory, self.repository.environment)

    def end(self) -> dict[str, Any]:
        """Where a delivery has left the three stacks: what they declare, without what names a release."""
        found = {}
        for stack in STACKS:
            outputs = json.loads(self.repository.pulumi("stack", "output", "--json", "--stack", stack))
            release = self.repository.history(stack)[-1]
            found[stack] = {
                "outputs": _without(outputs, self.digest(stack)),
                "kind": release["kind"],
                "outcome": release["outcome"],
                "version": "the pushed one" if self.repository.version(stack) == self.version else "another",
            }
        return found

    def digest(self, stack: str) -> str:
        """The digest of the image that a stack runs, by its record."""
        proven = [one for one in self.repository.history(stack) if one["outcome"] == "succeeded"]
        (image,) = proven[-1]["images"].values()
        return str(image).rpartition("@")[2]

    def serving(self) -> dict[str, tuple[str, str]]:
        """Which version answers in each stack, and the digest by its record."""
        return {stack: (self.repository.version(stack), self.digest(stack)) for stack in STACKS}


def _without(outputs: dict[str, Any], digest: str) -> Any:
    return json.loads(json.dumps(outputs, sort_keys=True).replace(digest, "the digest"))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, sandbox_variables: dict[str, str]) -> Iterator[World]:
    directory = tmp_path_factory.mktemp("pipelines")
    files = {**gitlab.files(test="make test"), **github.files()}
    with forges.running("gitlab") as one, forges.running("github") as two:
        kept = {k: v for k, v in sandbox_variables.items() if k not in ("PULUMI_BACKEND_URL",)}
        made = repository.make(directory, kept, files)
        try:
            yield World(made, directory / "act", one, two)
        finally:
            made.destroy()


def test_one_push_reaches_prod_on_each_system_and_leaves_the_same(world: World) -> None:
    """The first delivery makes everything; the others replace it under load on prod."""
    ends: dict[str, Any] = {}
    hey = str(toolchain.current().tool("hey"))
    for number, system in enumerate((*SYSTEMS, "gitlab") if ALL else SYSTEMS):
        world.version = str(number)
        world.push(world.version)
        if number == 0:
            done, requests = world.deliver(system), None
        else:
            with Load(hey, world.repository.host("prod"), workers=10, rate=5) as load:
                done = world.deliver(system)
            requests = load.result
        assert done.code == 0, done.text
        assert {stack: world.repository.version(stack) for stack in STACKS} == dict.fromkeys(STACKS, world.version)
        assert len({world.digest(stack) for stack in STACKS}) == 1
        if requests is not None:
            _served(system, requests)
        ends[system] = world.end()
    assert ends["github"] == ends["gitlab"]
    assert ends["jenkins"] == ends["gitlab"]


def _served(system: str, requests: Requests) -> None:
    print(f"{system}: {requests.failed} of {requests.sent} requests to prod failed")
    assert requests.sent > 500
    assert requests.failed == 0


@pytest.mark.parametrize("system", SYSTEMS if ALL else ["jenkins"])
def test_prod_keeps_what_it_runs_where_an_author_approves(world: World, system: str) -> None:
    before = world.digest("prod")
    world.push(f"own-{system}")
    done = world.deliver(system, approver="ann")
    assert done.code != 0
    assert "who wrote it" in done.text
    assert world.digest("staging") != before
    assert world.digest("prod") == before
    assert world.repository.version("prod") != f"own-{system}"


@pytest.mark.parametrize(("system", "file"), [("github", "broken"), ("gitlab", "wrong.go")], ids=["test", "build"])
def test_everything_keeps_what_it_runs_where_a_test_or_the_build_fails(world: World, system: str, file: str) -> None:
    before = world.serving()
    added = world.repository.directory / "hello" / file
    added.write_text("package main\n\nfunc (\n", encoding="utf-8")
    try:
        world.push(f"{file}-{system}")
        done = world.deliver(system)
    finally:
        added.unlink()
    assert done.code != 0
    assert file in done.text
    assert world.serving() == before


def test_prod_keeps_what_it_runs_where_a_policy_refuses(world: World) -> None:
    before = world.serving()
    levels = world.repository.directory / "policies" / "levels.yaml"
    lenient = levels.read_text(encoding="utf-8")
    levels.write_text(lenient.replace("prod: advisory", "prod: mandatory", 1), encoding="utf-8")
    try:
        world.push("refused")
        done = world.deliver("jenkins")
    finally:
        levels.write_text(lenient, encoding="utf-8")
    assert done.code != 0
    assert stages(done)[-1] == "prod"
    assert "violates a mandatory policy" in done.text
    assert world.serving()["prod"] == before["prod"]
    assert world.serving()["staging"] != before["staging"]


def test_a_job_that_was_killed_in_its_apply_is_made_good_by_the_next(world: World) -> None:
    world.push("killed")
    line = gitlab.command("dev", variables=world.on_gitlab(APPROVER))
    job = subprocess.Popen(
        line, cwd=world.repository.directory, env=world.repository.environment, stdout=subprocess.DEVNULL
    )
    until(lambda: applying(job.pid) or job.poll() is not None, 300, "the job applies")
    assert job.poll() is None
    for process in (job.pid, *descendants(job.pid)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    job.wait(60)
    world.push("next")
    done = world.repository.run(*gitlab.command("dev", variables=world.on_gitlab(APPROVER)))
    assert done.code == 0, done.text
    assert world.repository.version("dev") == "next"
    assert [one["outcome"] for one in world.repository.history("dev")][-2:] == ["interrupted", "succeeded"]


def test_two_pushes_at_once_are_applied_in_their_order(world: World) -> None:
    """Two pipelines under way together; as on GitLab, of each resource group one job runs, the oldest first."""
    count = {stack: len(world.repository.history(stack)) for stack in STACKS}
    trees = [
        world.repository.checkout(world.scratch / f"tree-{version}", world.push(version))
        for version in ("first", "second")
    ]
    groups = {job: Turns() for job in ("dev", "staging")}

    def pipeline(number: int) -> list[Completed]:
        ran = []
        for job, turns in groups.items():
            with turns.of(number):
                ran.append(trees[number].run(*gitlab.command(job, variables=world.on_gitlab(APPROVER))))
        return ran

    with ThreadPoolExecutor(2) as runners:
        both = list(runners.map(pipeline, range(2)))
    assert [done.code for ran in both for done in ran] == [0, 0, 0, 0], [d.text for r in both for d in r if d.code]
    assert [world.repository.version(stack) for stack in ("dev", "staging")] == ["second", "second"]
    for stack in ("dev", "staging"):
        new = world.repository.history(stack)[count[stack] :]
        assert [one["outcome"] for one in new] == ["succeeded"] * len(new)
        assert all(one["ended"] <= other["began"] for one, other in itertools.pairwise(new))
    assert len(world.repository.history("dev")) == count["dev"] + 2


def test_prod_keeps_what_it_runs_where_its_canary_fails(world: World) -> None:
    """The last one: it leaves another strategy behind. Nobody asks anything of dev and staging; prod is under load."""
    shifting = hello.shifting("canary")
    world.repository.describe("good", rollout=shifting["rollout"])
    world.repository.caas("up", "--stack", "prod")  # The first one with a strategy makes the route.
    before = world.digest("prod")
    bad = {**shifting["environment"], "HELLO_ERROR_RATE": "0.2"}
    world.push("bad", rollout=shifting["rollout"], environment=bad)
    hey = str(toolchain.current().tool("hey"))
    with receiver() as webhook, Load(hey, world.repository.host("prod"), workers=10, rate=20):
        world.repository.environment = {**world.repository.environment, "CAAS_WEBHOOK_URL": webhook.url}
        done = world.deliver("jenkins")
    assert done.code != 0
    assert stages(done)[-1] == "prod"
    assert "did not pass with 10 % of the traffic" in done.text
    # Staging answers with the errors of the bad one, whatever it is asked.
    assert world.digest("staging") != before
    assert (world.repository.version("prod"), world.digest("prod")) == ("good", before)
    told = [one["text"] for one in webhook.told if one["text"].startswith("prod: ")]
    assert "did not pass with 10 % of the traffic" in told[-1]
