"""On the sandbox's Kubernetes: a review environment from its making to its reaping, and a freeze by what a real
Prometheus has counted."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from delivery.exit_codes import Exit
from delivery.notify import WEBHOOK_URL
from delivery.observe.kubernetes import KubernetesObserver
from delivery.review_stack import EXPIRES, host, stack_name
from tests.cluster import hello
from tests.cluster.load import until
from tests.cluster.scene import scene
from tests.delivery.listening import server
from tests.projects import Completed, Project

pytestmark = [pytest.mark.cluster, pytest.mark.slow]


def answer(name: str) -> int:
    """The status with which a host answers through the ingress."""
    request = urllib.request.Request(f"{hello.INGRESS}/", headers={"Host": name})
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def review(project: Project, command: str, *arguments: str) -> Any:
    """A command of ``caas review``, which must succeed; its document."""
    python = project.caas_command("review")[:4]
    done = project.run([*python, command, "--json", "--directory", str(project.directory), *arguments])
    assert done.code == 0, done.text
    return json.loads(done.out)


def test_a_branch_gets_its_own_namespace_and_host_and_loses_them(
    tmp_path: Path, sandbox_variables: dict[str, str]
) -> None:
    with scene(tmp_path, sandbox_variables, "lend") as lend:
        lend.describe()
        project, branch = lend.project, f"try/{lend.project.stack}"
        name = stack_name(branch)
        up = review(project, "up", "--branch", branch, "--ttl", "1h", "--from", project.stack)
        assert up["stack"] == name
        namespace = f"/api/v1/namespaces/caas-test-{name}"
        observer = KubernetesObserver(sandbox_variables["KUBECONFIG"])
        assert observer._find(namespace) is not None
        assert answer(host(lend.host, name)) == 200
        assert not lend.namespace_exists(), "the stack that lends its configuration is left alone"

        of_review = Project(project.directory, name, project.environment)
        assert of_review.pulumi("stack", "tag", "set", EXPIRES, "2026-01-01T00:00:00+00:00").code == 0
        assert [one["stack"] for one in review(project, "reap")["removed"]] == [name]
        assert observer._find(namespace) is None
        assert not (project.directory / f"Pulumi.{name}.yaml").exists()
        assert review(project, "list") == {"reviews": []}


def test_a_spent_budget_refuses_what_has_no_reason(tmp_path: Path, sandbox_variables: dict[str, str]) -> None:
    frozen = {**hello.GATE, "minimumRequests": 30, "freeze": "refuse"}
    with scene(tmp_path, sandbox_variables, "freeze") as spent, server() as chat:
        project = spent.project
        project.environment[WEBHOOK_URL] = chat.url
        project.write(
            {"hello": hello.with_environment(HELLO_ERROR_RATE="1")}, hello.settings(project.stack, gate=frozen)
        )
        # What was never applied has spent nothing.
        spent.up()
        assert colours(chat.heard) == ["#439fe0", "good"]

        def up(*arguments: str) -> Completed:
            # More than minimumRequests each time: Prometheus guesses what lies beside its first and last look.
            assert [answer(spent.host) for _ in range(40)] == [500] * 40
            done = project.caas("up", *arguments)
            assert "Traceback" not in done.text
            return done

        def refused() -> bool:
            done = up()
            return done.code == Exit.POLICY and "is spent, so up is refused" in done.err

        def mended() -> bool:
            done = up("--reason", "mends the outage")
            assert done.code == 0, done.text
            return "up goes on, its reason: mends the outage." in done.err

        until(refused, 120, "Prometheus has counted what failed")
        assert colours(chat.heard)[-1] == "warning"
        until(mended, 60, "what goes on says why")
        fields = {one["title"]: one["value"] for one in chat.heard[-1].document["attachments"][0]["fields"]}
        assert fields["Reason"] == "mends the outage"


def colours(heard: list[Any]) -> list[str]:
    return [one.document["attachments"][0]["color"] for one in heard]
