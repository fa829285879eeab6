"""The commands on releases where there is no cluster: what they say, refuse and record, each in one line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from delivery.exit_codes import Exit
from tests.cluster import hello
from tests.engine.test_refusals import IMAGE, kubeconfig, refused
from tests.projects import Completed, Project

pytestmark = pytest.mark.engine


@pytest.fixture
def project(engine_project: Project) -> Project:
    """A valid project whose stack does not exist yet."""
    described = {key: value for key, value in hello.service(image=IMAGE).items() if key != "build"}
    for stack in ("other", "check"):
        engine_project.stack = stack
        engine_project.write({"hello": described}, hello.settings(stack))
    return engine_project


def promote(project: Project, source: str, to: str) -> Completed:
    command = [sys.executable, "-m", "delivery", "promote", "--from", source, "--to", to]
    return project.run([*command, "--directory", str(project.directory)])


def test_a_stack_without_releases_has_a_history_and_figures(project: Project, tmp_path: Path) -> None:
    told = project.caas("history")
    assert (told.code, told.out) == (
        0,
        "Stack check has no recorded release: `caas up --stack check` makes the first.\n",
    )
    file = tmp_path / "caas.prom"
    told = project.caas("dora", "--textfile", str(file))
    assert told.code == 0, told.text
    assert "lead time for changes  not known yet" in told.out
    assert 'caas_dora_deployments{project="caas-test",stack="check"} 0\n' in file.read_text()


@pytest.mark.parametrize("command", ["status", "rollback"])
def test_a_stack_that_does_not_exist(project: Project, command: str) -> None:
    refused(project.caas(command), Exit.BAD_INPUT, "There is no stack 'check' in file://")


def test_a_promotion_from_what_is_not_there(project: Project) -> None:
    refused(promote(project, "other", "check"), Exit.BAD_INPUT, "There is no stack 'other' in file://")
    refused(promote(project, "check", "check"), Exit.BAD_INPUT, "--from and --to both name 'check'")
    assert project.pulumi("stack", "init", "--no-select").code == 0
    refused(promote(project, "check", "other"), Exit.NOT_PROVEN, "has proven nothing", "it has no recorded release")
    refused(project.caas("rollback"), Exit.BAD_INPUT, "has nothing to go back to: it has no recorded release")


@pytest.mark.parametrize("command", ["history", "status", "dora", "rollback"])
def test_a_backend_that_cannot_be_reached(project: Project, command: str) -> None:
    project.environment["PULUMI_BACKEND_URL"] = "file:///no/such/directory"
    refused(project.caas(command), Exit.BAD_INPUT, "The state backend file:///no/such/directory", "PULUMI_BACKEND_URL")


def test_a_deployment_that_fails_is_on_record_and_is_nothing_to_go_back_to(project: Project, tmp_path: Path) -> None:
    kubeconfig(project, tmp_path)
    failed = project.caas("up")
    assert failed.code == Exit.DEPLOYMENT_FAILED, failed.text
    assert "This is release 1 of stack check." in failed.err
    (release,) = json.loads(project.caas("history", "--json").out)["releases"]
    assert (release["release"], release["what"], release["outcome"]) == (1, "up", "failed")
    assert "cannot be reached" in release["reason"]
    refused(project.caas("rollback", "--to", "1"), Exit.BAD_INPUT, "Release 1 of stack 'check' failed")
    refused(promote(project, "check", "other"), Exit.NOT_PROVEN, "its last release, 1, is failed")
    told = project.caas("status")
    assert told.code == 0, told.text
    assert "Stack check: release 1 (up)" in told.out
    assert "What runs could not be seen:" in told.out
    row = project.caas("history").out.splitlines()[1]
    assert row.startswith("1 ")
    assert "failed: " in row


def test_a_wrong_passphrase_is_on_record_as_refused(project: Project, tmp_path: Path) -> None:
    kubeconfig(project, tmp_path)
    assert project.pulumi("stack", "init", "--no-select").code == 0
    project.environment["PULUMI_CONFIG_PASSPHRASE"] = "not the one"
    refused(project.caas("up"), Exit.BAD_INPUT, "The passphrase of stack 'check' is wrong")
    (release,) = json.loads(project.caas("history", "--json").out)["releases"]
    assert (release["outcome"], release["changed"]) == ("refused", None)
