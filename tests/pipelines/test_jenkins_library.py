"""Which stages of the Jenkins pipeline run for whom, with every command replaced by one that only says itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.pipelines import jenkins
from tests.pipelines.jenkins import Build
from tests.projects import ROOT, Completed

pytestmark = pytest.mark.slow

SAYS = {"caas": "echo caas", "test": "echo tested"}
CHANGE = {"CHANGE_ID": "7", "CHANGE_BRANCH": "feature; touch gone", "CHANGE_URL": "https://x.invalid/a/b/pull/7"}
MAIN = {"BRANCH_IS_PRIMARY": "true", "BRANCH_NAME": "main"}


def ran(directory: Path, **build: Any) -> Completed:
    return Build(arguments=SAYS, **build).run(directory, {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})


def test_a_push_delivers_where_somebody_approves(tmp_path: Path) -> None:
    done = ran(tmp_path, environment=MAIN, approver="cat")
    assert done.code == 0, done.text
    assert jenkins.stages(done) == ["validate", "dev", "staging", "prod"]
    assert jenkins.commands(done)[-2:] == [
        'echo caas approved --from staging --to prod --by "$APPROVER"',
        "echo caas promote --from staging --to prod",
    ]
    assert "caas approved --from staging --to prod --by cat" in done.out
    assert [line for line in done.out.splitlines() if line.startswith("lock ")] == [
        "lock stack-dev",
        "lock stack-staging",
        "lock stack-prod",
    ]


def test_prod_waits_for_a_word(tmp_path: Path) -> None:
    done = ran(tmp_path, environment=MAIN)
    assert done.code == 3
    assert not any("--to prod" in command for command in jenkins.commands(done))


def test_a_change_request_is_previewed_and_gets_its_environment(tmp_path: Path) -> None:
    done = ran(tmp_path, environment=CHANGE)
    assert done.code == 0, done.text
    assert jenkins.stages(done) == ["validate", "preview", "review"]
    assert "caas review up --branch feature; touch gone --ttl 4h" in done.out
    assert not (tmp_path / "gone").exists()


def test_a_fork_s_change_request_is_validated_without_any_credential(tmp_path: Path) -> None:
    done = ran(tmp_path, environment={**CHANGE, "CHANGE_FORK": "mallory"}, credentials={})
    assert done.code == 0, done.text
    assert jenkins.stages(done) == ["validate"]


def test_another_branch_is_validated(tmp_path: Path) -> None:
    done = ran(tmp_path, environment={"BRANCH_NAME": "feature"}, credentials={})
    assert jenkins.stages(done) == ["validate"]


def test_the_timer_looks_for_drift_and_reaps(tmp_path: Path) -> None:
    done = ran(tmp_path, environment=MAIN, timer=True)
    assert jenkins.stages(done) == ["drift"]
    assert jenkins.commands(done)[-1] == "echo caas review reap"


def test_a_rollback_is_all_that_its_build_does(tmp_path: Path) -> None:
    done = ran(tmp_path, environment=MAIN, parameters={"ROLLBACK": "prod"})
    assert jenkins.stages(done) == ["rollback"]
    assert "caas rollback --stack prod" in done.out


def test_a_failed_test_keeps_everything_else_from_running(tmp_path: Path) -> None:
    build = Build(arguments={**SAYS, "test": "false"}, environment=MAIN, approver="cat")
    done = build.run(tmp_path, {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
    assert done.code == 1
    assert jenkins.stages(done) == ["validate"]


def test_what_a_failed_step_left_is_kept(tmp_path: Path) -> None:
    broken = 'f() { echo "caas $*"; [ "$1" != up ]; }; f'
    build = Build(arguments={**SAYS, "caas": broken}, environment=MAIN, approver="cat")
    done = build.run(tmp_path, {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
    assert done.code == 1
    assert jenkins.stages(done) == ["validate", "dev"]
    assert "archive preview-*.md, plan-*.json" in done.out


def test_the_jenkinsfile_calls_the_library() -> None:
    text = (ROOT / "Jenkinsfile").read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if line and not line.startswith("//")] == [
        "@Library('caas') _",
        "caasDeliver()",
    ]
