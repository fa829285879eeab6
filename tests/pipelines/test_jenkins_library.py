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


TERRAFORM = {"CAAS_TERRAFORM": "network"}


def test_a_terraform_root_is_planned_before_each_preview(tmp_path: Path) -> None:
    done = ran(tmp_path, environment={**CHANGE, **TERRAFORM})
    assert done.code == 0, done.text
    told = [command for command in jenkins.commands(done) if " terraform " in command or " preview " in command]
    assert told[0::2] == [f"echo caas terraform plan --stack {stack}" for stack in ("dev", "staging", "prod")]
    assert all(command.startswith("echo caas preview --stack ") for command in told[1::2])


def test_a_terraform_root_is_applied_by_its_plan_before_pulumi_within_the_stack_s_lock(tmp_path: Path) -> None:
    done = ran(tmp_path, environment={**MAIN, **TERRAFORM}, approver="cat")
    assert done.code == 0, done.text
    told = [line for line in done.out.splitlines() if line.startswith(("+ echo caas ", "lock "))]
    lines = [line.removeprefix("+ echo ") for line in told]
    after = {
        "dev": ["caas up --stack dev --markdown preview-dev.md --save-plan plan-dev.json"],
        "staging": ["caas promote --from dev --to staging"],
        "prod": ["caas promote --from staging --to prod"],
    }
    for stack, commands in after.items():
        begin = lines.index(f"lock stack-{stack}") + (2 if stack == "prod" else 1)
        expected = [
            f"caas terraform plan --stack {stack} --save-plan {stack}.tfplan",
            f"caas terraform apply --stack {stack} --plan {stack}.tfplan",
            *commands,
        ]
        for line, start in zip(lines[begin : begin + len(expected)], expected, strict=True):
            assert line.startswith(start)


def test_a_terraform_apply_that_fails_keeps_pulumi_from_running(tmp_path: Path) -> None:
    broken = 'f() { echo "caas $*"; [ "$1 $2" != "terraform apply" ]; }; f'
    build = Build(arguments={**SAYS, "caas": broken}, environment={**MAIN, **TERRAFORM}, approver="cat")
    done = build.run(tmp_path, {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
    assert done.code == 1
    assert jenkins.stages(done) == ["validate", "dev"]
    assert not any(" up " in command or " preview " in command for command in jenkins.commands(done))


def test_a_fork_s_terraform_is_never_run(tmp_path: Path) -> None:
    done = ran(tmp_path, environment={**CHANGE, **TERRAFORM, "CHANGE_FORK": "mallory"}, credentials={})
    assert not any("terraform" in command for command in jenkins.commands(done))
