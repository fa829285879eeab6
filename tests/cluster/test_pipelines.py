"""One push goes to dev, staging and prod on each of the three CI systems, really executed on the cluster under load."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sandbox import toolchain
from tests import forges
from tests.cluster.load import Load, Requests
from tests.forges import Forge
from tests.pipelines import github, gitlab, repository
from tests.pipelines.jenkins import Build
from tests.pipelines.repository import STACKS, Repository
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

    def _gitlab(self, approver: str) -> Completed:
        said = {"GITLAB_USER_LOGIN": approver, "GITLAB_USER_EMAIL": f"{approver}@example.com"}
        sets = {k: v for k, v in forges.variables(self.gitlab).items() if k != "GITLAB_CI"}
        line = gitlab.command(manual=["prod"], variables={**sets, **said})
        return self.repository.run(*line)

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
        (image,) = self.repository.history(stack)[-1]["images"].values()
        return str(image).rpartition("@")[2]


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


@pytest.mark.parametrize("system", SYSTEMS if ALL else ["github"])
def test_prod_keeps_what_it_runs_where_a_test_fails(world: World, system: str) -> None:
    before = {stack: world.digest(stack) for stack in STACKS}
    (world.repository.directory / "hello" / "broken").write_text("", encoding="utf-8")
    try:
        world.push(f"broken-{system}")
        done = world.deliver(system)
        assert done.code != 0
        assert {stack: world.digest(stack) for stack in STACKS} == before
    finally:
        (world.repository.directory / "hello" / "broken").unlink()
