"""Terraform for one stack: what it is asked, in which order, and how each of its ends is told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from delivery import cli
from delivery.exit_codes import Exit
from tests.projects import ROOT

STAND_IN = """\
#!/bin/sh
# Says what it was asked, makes what an init makes, and ends as it is told.
echo "$TF_DATA_DIR $*" >>"$ASKED"
case "$*" in
*" init "*) mkdir -p "$TF_DATA_DIR" && [ -z "$NO_BACKEND" ] && : >"$TF_DATA_DIR/terraform.tfstate"; exit "${INIT:-0}" ;;
*" plan "*) echo "a token of-hunter2"; exit "${PLAN:-0}" ;;
*" apply "*) trap 'echo ended cleanly; exit 0' INT; [ -z "$SLOW" ] || { echo begun; while :; do sleep 0.05; done; }
    exit "${APPLY:-0}" ;;
esac
exit 9
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root of staging, and a Terraform that writes down what it is asked."""
    directory, programs = tmp_path / "network", tmp_path / "bin"
    directory.mkdir()
    programs.mkdir()
    (directory / "main.tf").write_text('terraform {\n  backend "s3" {}\n}\n')
    (directory / "staging.tfbackend").write_text('key = "staging"\n')
    (programs / "terraform").write_text(STAND_IN)
    (programs / "terraform").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("ASKED", str(tmp_path / "asked"))
    monkeypatch.setenv("CAAS_FORGE_TOKEN", "of-hunter2")
    monkeypatch.setenv("CAAS_TERRAFORM", str(directory))
    monkeypatch.delenv("CAAS_TERRAFORM_BINARY", raising=False)
    return directory


def caas(*arguments: str, stack: str = "staging") -> Result:
    return CliRunner().invoke(cli.app, ["terraform", *arguments, "--stack", stack, "--directory", str(ROOT)])


def asked(root: Path) -> list[str]:
    """What Terraform was asked, without the root's path."""
    text = (root.parent / "asked").read_text() if (root.parent / "asked").exists() else ""
    return [line.replace(str(root), "ROOT") for line in text.splitlines()]


BEGIN = "ROOT/.terraform-staging -chdir=ROOT"
INIT = f"{BEGIN} init -input=false -no-color -backend-config=ROOT/staging.tfbackend -reconfigure"


@pytest.mark.parametrize(("code", "told"), [("0", "has nothing to change"), ("2", "would change what stands above")])
def test_a_look_takes_no_lock(root: Path, monkeypatch: pytest.MonkeyPatch, code: str, told: str) -> None:
    monkeypatch.setenv("PLAN", code)
    done = caas("plan")
    assert done.exit_code == Exit.FINE, done.output
    assert done.stdout == f"Terraform {told} for staging.\n"
    assert asked(root) == [INIT, f"{BEGIN} plan -input=false -no-color -detailed-exitcode -lock=false"]
    assert "of-hunter2" not in done.output
    assert "a token [secret]" in done.stderr


def test_a_saved_plan_is_the_owner_s_and_is_what_is_applied(root: Path) -> None:
    (root / "staging.tfvars").write_text("")
    (root / ".terraform.lock.hcl").write_text("")
    plan = root.parent / "saved.tfplan"
    assert caas("plan", "--save-plan", str(plan)).exit_code == Exit.FINE
    assert plan.stat().st_mode & 0o777 == 0o600
    assert caas("apply", "--plan", str(plan)).exit_code == Exit.FINE
    assert not plan.exists()
    init = f"{INIT} -lockfile=readonly"
    assert asked(root) == [
        init,
        f"{BEGIN} plan -input=false -no-color -detailed-exitcode -var-file=ROOT/staging.tfvars -out={plan}",
        init,
        f"{BEGIN} apply -input=false -no-color {plan}",
    ]


@pytest.mark.parametrize(
    ("fails", "exit_code", "told"),
    [
        ("INIT", Exit.BAD_INPUT, "Terraform's init of "),
        ("PLAN", Exit.BAD_INPUT, "Terraform's plan of "),
        ("APPLY", Exit.DEPLOYMENT_FAILED, "Terraform's apply of "),
    ],
)
def test_a_failure_is_not_success(
    root: Path, monkeypatch: pytest.MonkeyPatch, fails: str, exit_code: Exit, told: str
) -> None:
    monkeypatch.setenv(fails, "1")
    plan = root.parent / "saved.tfplan"
    plan.write_text("")
    done = caas("apply", "--plan", str(plan)) if fails == "APPLY" else caas("plan")
    assert done.exit_code == exit_code
    assert f"error: {told}" in done.stderr


def test_a_stack_without_a_state_of_its_own_is_refused(root: Path) -> None:
    assert "stacks with one:" in caas("plan", stack="pord").stderr
    done = caas("plan", stack="prod")
    assert done.exit_code == Exit.BAD_INPUT
    assert "has no prod.tfbackend, so stack 'prod' has no state of its own." in done.stderr
    assert asked(root) == []


def test_a_root_without_a_backend_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_BACKEND", "true")
    monkeypatch.setenv("INIT", "0")
    done = caas("plan")
    assert done.exit_code == Exit.BAD_INPUT
    assert "has no backend block, so its state would be lost with this job." in done.stderr


def test_what_is_missing_is_said(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = caas("apply", "--plan", "none.tfplan")
    assert (done.exit_code, "none.tfplan is no file." in done.stderr) == (Exit.BAD_INPUT, True)
    assert "is no Terraform root" in caas("plan", "--root", str(root.parent)).stderr
    monkeypatch.setenv("PATH", str(root))
    done = caas("plan")
    assert done.exit_code == Exit.BAD_INPUT
    assert "terraform and tofu: not on the PATH." in done.stderr


def test_an_interrupt_lets_terraform_end_what_is_under_way(root: Path) -> None:
    plan = root.parent / "saved.tfplan"
    plan.write_text("")
    process = subprocess.Popen(
        [sys.executable, "-m", "delivery", "terraform", "apply", "--stack", "staging", "--plan", str(plan)],
        cwd=ROOT,
        env={**os.environ, "SLOW": "true"},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    with process.stderr as lines:
        said = []
        for line in lines:
            said.append(line.strip())
            if said == ["begun"]:
                process.send_signal(signal.SIGTERM)
    assert process.wait() == Exit.INTERRUPTED
    assert said[:2] == ["begun", "ended cleanly"]
    assert "Stopped. Terraform ended what was under way" in said[2]
