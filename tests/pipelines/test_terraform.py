"""GitLab's apply of dev, really run with a command that only says itself: with a Terraform root, and without one."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.pipelines import gitlab
from tests.projects import Completed, completed

pytestmark = pytest.mark.slow

SAYS = """\
#!/bin/sh
echo "caas $*"
[ "$1 $2" != "$FAILS" ]
"""
PULUMI = [
    "up --stack dev --markdown preview-dev.md --save-plan plan-dev.json",
]
TERRAFORM = [
    "terraform plan --stack dev --save-plan dev.tfplan",
    "terraform apply --stack dev --plan dev.tfplan",
]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return gitlab.repository(tmp_path_factory.mktemp("gitlab"), {**gitlab.files(), ".ci/caas": SAYS})


def ran(repository: Path, **variables: str) -> tuple[Completed, list[str]]:
    """The job dev with these variables, and the commands of caas that it came to."""
    given = {"CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main", "CI_PIPELINE_SOURCE": "push", **variables}
    done = completed(gitlab.command("dev", variables=given), repository, os.environ, 120)
    return done, re.findall(r"^dev +> caas (.*)$", done.out, re.MULTILINE)


def test_who_has_no_root_sees_nothing_of_terraform(repository: Path) -> None:
    done, commands = ran(repository)
    assert (done.code, commands) == (0, PULUMI), done.text


def test_terraform_s_plan_and_apply_go_before_pulumi_s(repository: Path) -> None:
    done, commands = ran(repository, CAAS_TERRAFORM="network")
    assert (done.code, commands) == (0, [*TERRAFORM, *PULUMI]), done.text


@pytest.mark.parametrize("count", [1, 2], ids=["plan", "apply"])
def test_what_fails_of_terraform_stops_the_job_before_pulumi(repository: Path, count: int) -> None:
    fails = " ".join(TERRAFORM[count - 1].split()[:2])
    done, commands = ran(repository, CAAS_TERRAFORM="network", FAILS=fails)
    assert done.code != 0
    assert commands == TERRAFORM[:count], done.text
