"""What the pipelines' definitions promise whoever may start them: judged from the files, and by GitLab's own schema."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.pipelines import gitlab
from tests.projects import ROOT, completed

pytestmark = pytest.mark.slow

WORKFLOW = YAML(typ="safe").load((ROOT / ".github" / "workflows" / "deliver.yml").read_text(encoding="utf-8"))
GITHUB_JOBS: dict[str, Any] = WORKFLOW["jobs"]
OWN = "github.event.pull_request.head.repo.full_name == github.repository"
CHANGING = {"dev", "staging", "prod", "rollback"}

MAIN = {"CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main", "CI_PROJECT_ID": "12"}
PUSH = {**MAIN, "CI_PIPELINE_SOURCE": "push"}
SCHEDULE = {**MAIN, "CI_PIPELINE_SOURCE": "schedule"}
CHANGE = {
    "CI_COMMIT_BRANCH": "",
    "CI_DEFAULT_BRANCH": "main",
    "CI_PROJECT_ID": "12",
    "CI_PIPELINE_SOURCE": "merge_request_event",
    "CI_MERGE_REQUEST_IID": "7",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "feature",
    "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "12",
}
FORK = {**CHANGE, "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "99"}
PREVIEWS = {f"preview: [{stack}]" for stack in ("dev", "staging", "prod")}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with nothing but the pipeline."""
    return gitlab.repository(tmp_path_factory.mktemp("gitlab"), gitlab.files())


def listed(repository: Path, variables: dict[str, str]) -> dict[str, str]:
    """The jobs of a pipeline, by GitLab's rules: name -> when it runs."""
    line = [*gitlab.command(variables=variables, checked=True), "--list-csv"]
    done = completed(line, repository, os.environ, 120)
    assert done.code == 0, done.text
    rows = [row for row in re.findall(r'^("?)(.+?)\1;.*?;(\w+);(\w+);', done.out, re.MULTILINE) if row[1] != "name"]
    return {name: when for _, name, _, when in rows}


def test_a_push_to_main_delivers_and_prod_waits_for_a_person(repository: Path) -> None:
    assert listed(repository, PUSH) == {
        "validate": "on_success",
        "dev": "on_success",
        "staging": "on_success",
        "prod": "manual",
        **{f"rollback: [{stack}]": "manual" for stack in ("dev", "staging", "prod")},
    }


def test_a_merge_request_is_previewed_and_gets_its_environment(repository: Path) -> None:
    assert listed(repository, CHANGE) == {
        "validate": "on_success",
        **dict.fromkeys(PREVIEWS, "on_success"),
        "review": "on_success",
        "review-stop": "manual",
    }


def test_a_fork_s_merge_request_is_validated_and_nothing_else(repository: Path) -> None:
    assert listed(repository, FORK) == {"validate": "on_success"}


def test_a_schedule_looks_for_drift_and_reaps(repository: Path) -> None:
    assert set(listed(repository, SCHEDULE)) == {*(f"drift: [{s}]" for s in ("dev", "staging", "prod")), "reap"}


def test_nothing_that_anybody_may_start_has_an_identity() -> None:
    jobs = _gitlab_jobs()
    assert "id_tokens" not in jobs["validate"]
    assert "environment" not in jobs["validate"]
    assert {name for name, job in jobs.items() if "id_tokens" in job} == set(jobs) - {"validate"}
    audiences = {name: job["id_tokens"]["CAAS_ID_TOKEN"]["aud"] for name, job in jobs.items() if "id_tokens" in job}
    assert {name for name, audience in audiences.items() if audience == "caas-preview"} == {"preview"}
    assert {name for name, audience in audiences.items() if audience == "caas-review"} == {
        "review",
        "review-stop",
        "reap",
    }


def test_gitlab_s_applies_wait_for_each_other_and_are_never_cancelled() -> None:
    for name, job in _gitlab_jobs().items():
        if name in (*CHANGING, "drift", "reap", "review", "review-stop"):
            assert job["interruptible"] is False, name
            assert job["resource_group"], name
        assert "timeout" in job, name


def _gitlab_jobs() -> dict[str, Any]:
    """The jobs with what they extend laid below them."""
    text = (ROOT / "delivery" / "pipelines" / "gitlab.yml").read_text(encoding="utf-8")
    _, content = YAML(typ="safe").load_all(text)
    hidden = {name: job for name, job in content.items() if name.startswith(".")}
    words = {"stages", "workflow", "default", "variables"}
    return {
        name: {**hidden.get(job.get("extends"), {}), **job}
        for name, job in content.items()
        if name not in words and not name.startswith(".")
    }


def test_a_workflow_has_no_rights_that_a_job_did_not_ask_for() -> None:
    assert WORKFLOW["permissions"] == {}
    assert GITHUB_JOBS["validate"]["permissions"] == {"contents": "read"}
    assert "env" not in GITHUB_JOBS["validate"]


def test_a_fork_s_pull_request_starts_no_job_that_holds_a_credential() -> None:
    for name in GITHUB_JOBS.keys() - {"validate"}:
        guard = str(_guard(name))
        assert "pull_request'" not in guard or OWN in guard, name
        assert "github.event_name == " in guard, name


def _guard(name: str) -> Any:
    """A job's condition, or that of the job which has to succeed before it."""
    job = GITHUB_JOBS[name]
    return job["if"] if "if" in job else _guard(job["needs"])


def test_github_s_applies_wait_for_each_other_and_are_never_cancelled() -> None:
    for name in (*CHANGING, "drift", "reap", "review"):
        job = GITHUB_JOBS[name]
        assert job["concurrency"]["cancel-in-progress"] is False, name
        assert job["concurrency"]["group"], name
    assert [GITHUB_JOBS[name]["concurrency"]["group"] for name in ("dev", "staging", "prod")] == [
        "stack-dev",
        "stack-staging",
        "stack-prod",
    ]
    assert all(job["timeout-minutes"] <= 90 for job in GITHUB_JOBS.values())


def test_an_apply_of_github_stands_behind_its_environment() -> None:
    for name in ("dev", "staging", "prod"):
        assert GITHUB_JOBS[name]["environment"] == name
    assert GITHUB_JOBS["rollback"]["environment"] == "${{ inputs.rollback }}"


def test_actions_are_pinned_by_commit_and_leave_no_credential_behind() -> None:
    for name, job in GITHUB_JOBS.items():
        for step in job["steps"]:
            if "uses" in step:
                assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", step["uses"]), (name, step)
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False, name


def test_no_command_holds_what_a_contributor_may_write() -> None:
    """A branch or a title inside ``${{ }}`` of a script would be executed as shell."""
    for name, job in GITHUB_JOBS.items():
        for command in _commands(job):
            inside = re.findall(r"\$\{\{(.*?)\}\}", command)
            assert all("github." not in expression for expression in inside), (name, command)


def _commands(job: dict[str, Any]) -> Iterator[str]:
    yield from (step["run"] for step in job["steps"] if "run" in step)


BEFORE = {
    "dev": " up --stack dev",
    "staging": " promote --from dev --to staging",
    "prod": " promote --from staging --to prod",
}
"""An apply's job -> Pulumi's own command there."""


def _terraform(stack: str) -> list[str]:
    """What goes before it, where a Terraform root is named."""
    return [
        f" terraform plan --stack {stack} --save-plan {stack}.tfplan",
        f" terraform apply --stack {stack} --plan {stack}.tfplan",
    ]


@pytest.mark.parametrize("stack", BEFORE)
def test_a_terraform_root_is_applied_by_its_plan_before_pulumi_in_the_same_job(stack: str) -> None:
    """In one job: what fails ends it, nobody else's apply is between, and the plan leaves the machine nowhere."""
    gitlab_job, guard = _gitlab_jobs()[stack], 'if [ -n "${CAAS_TERRAFORM:-}" ]; then '
    steps = [step for step in GITHUB_JOBS[stack]["steps"] if "run" in step]
    own = [step for step in steps if step.get("if") == "env.CAAS_TERRAFORM != ''"]
    guarded = [line for step in own for line in step["run"].splitlines()]
    lines = gitlab_job["script"]
    assert [line for line in lines if line.startswith(guard)] == [
        f"{guard}$[[ inputs.caas ]]{command}; fi" for command in _terraform(stack)
    ]
    assert guarded == [f"$CAAS{command}" for command in _terraform(stack)]
    for order in (lines, [line for step in steps for line in step["run"].splitlines()]):
        places = [_place(order, command) for command in (*_terraform(stack), BEFORE[stack])]
        assert places == sorted(places)
        assert sum("terraform" in line for line in order) == 2
    kept = [*gitlab_job["artifacts"]["paths"], *(s["with"]["path"] for s in GITHUB_JOBS[stack]["steps"] if _keeps(s))]
    assert not any("tfplan" in path or path.startswith("*") for path in kept)


def _keeps(step: dict[str, Any]) -> bool:
    return "upload-artifact" in str(step.get("uses"))


def _place(lines: list[str], part: str) -> int:
    (found,) = [index for index, line in enumerate(lines) if part in line]
    return found


def test_a_merge_request_s_terraform_plan_goes_before_its_preview_and_saves_nothing() -> None:
    first, second, *_ = _gitlab_jobs()["preview"]["script"]
    assert first == 'if [ -n "${CAAS_TERRAFORM:-}" ]; then $[[ inputs.caas ]] terraform plan --stack $STACK; fi'
    assert " preview --stack $STACK" in second
    plan, preview = [step for step in GITHUB_JOBS["preview"]["steps"] if "run" in step][:2]
    assert plan == {"if": "env.CAAS_TERRAFORM != ''", "run": '$CAAS terraform plan --stack "$STACK"'}
    assert preview["run"].startswith('$CAAS preview --stack "$STACK"')


def test_terraform_runs_in_no_job_of_a_fork_and_in_none_that_looks_or_goes_back() -> None:
    allowed = {"preview", "dev", "staging", "prod"}
    assert {name for name, job in _gitlab_jobs().items() if "terraform" in str(job.get("script"))} == allowed
    assert {name for name, job in GITHUB_JOBS.items() if "terraform" in str(list(_commands(job)))} == allowed
