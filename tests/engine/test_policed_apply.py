"""`caas up` and the policy pack on the real engine: refused before anything is changed, or at the value that only the
update knew; and what the history says of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from delivery.exit_codes import Exit
from tests.cluster import hello
from tests.engine.test_policy_pack import DIGEST, PROGRAM, TAG, pack_of_one
from tests.engine.test_refusals import IMAGE, kubeconfig
from tests.projects import ROOT, Completed, Project

pytestmark = [pytest.mark.engine, pytest.mark.slow]


def arranged(project: Project, directory: Path, image: str, *, tier: str = "prod", made: str = DIGEST) -> Project:
    """A project with a pack of one rule beside it, and a program of one Deployment; its cluster is not there."""
    described = {k: v for k, v in hello.service(image=IMAGE).items() if k not in ("build", "replicas")}
    described |= {"scaling": {"minimum": 3, "maximum": 6}, "ingress": {"path": "/"}}
    project.write({"hello": described}, hello.settings("check", tier=tier, owner="team", costCentre="1"))
    main = project.directory / "__main__.py"
    main.unlink()
    program = PROGRAM.format(statements=f"deployment('shop', {image})", made=made)
    main.write_text("\n".join(line[4:] for line in program.splitlines()))
    pack_of_one(directory).rename(project.directory / "policies")
    (project.directory / ".venv").symlink_to(ROOT / ".venv")
    kubeconfig(project, directory)
    project.environment["BUILDX_CONFIG"] = str(directory / "buildx")
    made_ = project.pulumi("stack", "init", "--no-select")
    assert made_.code == 0, made_.text
    return project


def last(project: Project) -> dict[str, Any]:
    """The newest entry of the history."""
    done = project.caas("history", "--json")
    assert done.code == 0, done.text
    found: dict[str, Any] = json.loads(done.out)["releases"][0]
    return found


def types(project: Project) -> list[str]:
    return [one["type"] for one in project.state().get("resources", [])]


DEPLOYMENT = "kubernetes:apps/v1:Deployment"
RULE = "image-digest shop-deployment"


def refused(done: Completed) -> None:
    assert done.code == Exit.POLICY, done.text
    (line,) = [line for line in done.err.splitlines() if line.startswith("error: ")]
    assert "Stack 'check' violates a mandatory policy" in line
    assert "image-digest (shop-deployment): " in done.err
    assert TAG in done.err


def went_on(done: Completed) -> None:
    """It came as far as to the Deployment, and found no cluster there."""
    assert done.code == Exit.NOT_PROVEN, done.text
    assert re.search(r"create   Deployment +shop-deployment .*FAILED", done.err), done.text


def test_prod_refuses_before_anything_is_changed_and_goes_on_with_a_reason(
    engine_project: Project, tmp_path: Path
) -> None:
    project = arranged(engine_project, tmp_path, repr(TAG))
    # A plan that was made without the pack is no way round it.
    plan = str(tmp_path / "plan.json")
    assert project.caas("preview", "--no-policies", "--save-plan", plan).code == Exit.FINE
    refused(project.caas("up", "--plan", plan))
    refused(project.caas("up"))
    assert types(project) == []
    release = last(project)
    assert (release["outcome"], release["policies"]["violation"]) == ("refused", [RULE])

    done = project.caas("up", "--override-policies", "the vendor has no digest")
    went_on(done)
    assert "up goes on, and this is recorded: the vendor has no digest." in done.err
    release = last(project)
    assert (release["policies"]["violation"], release["policies"]["because"]) == ([RULE], "the vendor has no digest")
    assert "against 1 policies: the vendor has no digest" in project.caas("history").out


def test_what_only_the_update_knows_stops_it_before_the_resource_is_made(
    engine_project: Project, tmp_path: Path
) -> None:
    project = arranged(engine_project, tmp_path, "later()", made=TAG)
    done = project.caas("up")
    refused(done)
    assert "Policies: 1 undecided (caas" in done.err
    assert "the update was stopped there, with 1 resources changed before" in done.err
    assert DEPLOYMENT not in types(project)
    assert "docker:index/buildxBuilder:BuildxBuilder" in types(project)
    release = last(project)
    assert (release["outcome"], release["policies"]["violation"]) == ("failed", [RULE])


def test_what_turns_out_well_goes_on(engine_project: Project, tmp_path: Path) -> None:
    project = arranged(engine_project, tmp_path, "later()")
    done = project.caas("up")
    went_on(done)
    assert "needs every rule decided" in done.err
    found = last(project)["policies"]
    assert (found["violation"], found["undecided"]) == ([], [])


def test_dev_is_advised_without_a_preview(engine_project: Project, tmp_path: Path) -> None:
    project = arranged(engine_project, tmp_path, repr(TAG), tier="dev")
    done = project.caas("up")
    went_on(done)
    assert "Policies: " not in done.err
    assert last(project)["policies"]["violation"] == []
