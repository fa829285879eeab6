"""Sealed plans on the real engine: no false refusal where the engine's own plan misjudges, and a true one by name.

Cases where saved plans of the engine fail: a value that only the apply knows, a digest that comes out of a build, a
count that an autoscaler has set since, a registry's login that is renewed with every run.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from delivery.exit_codes import Exit
from sandbox import toolchain
from sandbox.clouds import job
from sandbox.clouds.core.world import World
from tests.cluster import hello
from tests.engine.test_refusals import IMAGE, kubeconfig
from tests.projects import ROOT, Completed, Project

pytestmark = pytest.mark.engine

SERVICE = "aws:ecs/service:Service"
REGION = "eu-central-1"


@pytest.fixture
def project(engine_project: Project, tmp_path: Path) -> Project:
    """A project whose stack exists and to which nothing was applied; its cluster is not there."""
    return with_image(engine_project, tmp_path, image=IMAGE)


def with_image(project: Project, directory: Path, **image: object) -> Project:
    described = {key: value for key, value in hello.service(image=IMAGE).items() if key not in ("build", "image")}
    project.write({"hello": {**described, **image}}, hello.settings("check"))
    made = project.pulumi("stack", "init", "--no-select")
    assert made.code == 0, made.text
    kubeconfig(project, directory)
    return project


def sealed(project: Project, *arguments: str) -> str:
    """Preview, and seal; the plan's file."""
    file = str(project.directory / "plan.json")
    done = project.caas("preview", "--save-plan", file, *arguments)
    assert done.code == Exit.FINE, done.text
    return file


def test_a_plan_holds_and_only_then_the_apply_begins(project: Project) -> None:
    plan = sealed(project)
    done = project.caas("up", "--plan", plan)
    # It goes on past the seal, and then finds no cluster.
    assert "The plan holds." in done.err, done.text
    assert done.code == Exit.DEPLOYMENT_FAILED
    # What that apply has made before it failed is in the state: the plan is used up.
    again = project.caas("up", "--plan", plan)
    assert again.code == Exit.REFUSED_PLAN, again.text
    assert "moved: state" in again.err


def test_an_apply_that_previews_first_writes_down_what_it_then_applies(project: Project) -> None:
    promised = json.loads(Path(sealed(project)).read_text(encoding="utf-8"))["plan"]
    plan, comment = project.directory / "applied.json", project.directory / "comment.md"
    done = project.caas("up", "--save-plan", str(plan), "--markdown", str(comment))
    # It goes on past the preview, and then finds no cluster.
    assert done.code == Exit.DEPLOYMENT_FAILED, done.text
    assert f"Plan written to {plan}: {promised['summary']}." in done.out
    assert "Previewing again" not in done.err
    applied = json.loads(plan.read_text(encoding="utf-8"))["plan"]
    assert promised["steps"]
    assert {**applied, "made": None} == {**promised, "made": None}
    assert f"Preview of `check`: {promised['summary']}" in comment.read_text(encoding="utf-8")


def test_a_value_that_moved_is_named_from_what_to_what(project: Project) -> None:
    plan = sealed(project)
    described = {key: value for key, value in hello.service(image=IMAGE).items() if key != "build"}
    project.write({"hello": described}, {**hello.settings("check"), "owner": "ada"})
    done = project.caas("up", "--plan", plan, "--json")
    assert done.code == Exit.REFUSED_PLAN, done.text
    details = json.loads(done.out)["details"]
    assert any(line.endswith('config["caas:owner"]: (not there) -> ada') for line in details), details
    assert len(done.err.splitlines()) >= 2
    assert "Make a new one: `caas preview --stack check --save-plan FILE`." in done.err


def test_a_program_that_would_do_something_else_is_refused_though_no_file_of_the_plan_moved(project: Project) -> None:
    plan = sealed(project)
    main = project.directory / "__main__.py"
    text = main.read_text(encoding="utf-8")
    main.unlink()
    main.write_text(
        f"{text}\nfrom pulumi_kubernetes.core.v1 import ConfigMap\n"
        "ConfigMap('more', metadata={'name': 'more', 'namespace': 'x'})\n"
    )
    done = project.caas("up", "--plan", plan)
    assert done.code == Exit.REFUSED_PLAN, done.text
    assert "moved: steps" in done.err
    assert "kubernetes:core/v1:ConfigMap more: (not there) -> create" in done.err


def test_a_changed_byte_is_refused(project: Project) -> None:
    plan = Path(sealed(project))
    content = plan.read_text(encoding="utf-8")
    plan.write_text(content.replace('"operation": "create"', '"operation": "update"', 1), encoding="utf-8")
    done = project.caas("up", "--plan", str(plan))
    assert done.code == Exit.REFUSED_PLAN
    assert "its content does not fit its hash" in done.err


def test_a_digest_that_only_the_build_gives_is_no_refusal(engine_project: Project, tmp_path: Path) -> None:
    project = with_image(engine_project, tmp_path, build={"context": "hello"})
    file = sealed(project)
    plan = json.loads(Path(file).read_text(encoding="utf-8"))["plan"]
    assert any(digest.startswith("built by the apply as ") for digest in plan["images"].values()), plan["images"]
    assert "The plan holds." in project.caas("up", "--plan", file).err


ROTATING = """
import uuid
import pulumi
import pulumi_docker_build as build

build.Image(
    "thing",
    push=True,
    tags=["registry.test/thing:1"],
    context={"location": "hello"},
    registries=[{"address": "registry.test", "username": "AWS", "password": LOGIN}],
)
"""


@pytest.mark.parametrize("login", ["str(uuid.uuid4())", "pulumi.Output.secret(str(uuid.uuid4()))"])
def test_a_registry_s_login_that_is_renewed_is_no_refusal(project: Project, login: str) -> None:
    main = project.directory / "__main__.py"
    main.unlink()
    main.write_text(ROTATING.replace("LOGIN", login))
    plan = sealed(project)
    assert "registry.test/thing" in Path(plan).read_text(encoding="utf-8")
    assert "The plan holds." in project.caas("up", "--plan", plan).err


def test_a_violated_policy_seals_nothing_and_is_exit_code_three(project: Project, tmp_path: Path) -> None:
    main = project.directory / "__main__.py"
    main.unlink()
    main.write_text(
        "from pulumi_kubernetes.core.v1 import Pod\n"
        "rights = {'privileged': True}\n"
        "inside = [{'name': 'one', 'image': 'shop:1.0', 'security_context': rights}]\n"
        "Pod('one', metadata={'name': 'one'}, spec={'containers': inside})\n"
    )
    plan = tmp_path / "plan.json"
    arguments = ("preview", "--save-plan", str(plan), "--json", "--policy-pack", str(ROOT / "policies"))
    done = project.caas(*arguments)
    assert done.code == Exit.POLICY, done.text
    document = json.loads(done.out)
    results = {(r["verdict"], r["rule"]) for r in document["policies"]["results"]}
    # The stack is a dev one: most rules advise there, and what hands over the machine is refused.
    assert {rule for verdict, rule in results if verdict == "violation"} == {"k8s-no-privileged"}
    assert ("warning", "image-digest") in results
    assert (document["exitCode"], document["counts"]) == (Exit.POLICY, {"create": 2})
    assert not plan.exists()
    assert project.caas("preview", "--no-policies").code == Exit.FINE
    # No pack is beside this program. One that is judges before anything is changed, where a plan is to be written.
    for name in ("policies", ".venv"):
        (project.directory / name).symlink_to(ROOT / name)
    done = project.caas("up", "--save-plan", str(plan))
    assert done.code == Exit.POLICY, done.text
    assert not plan.exists()
    assert json.loads(project.pulumi("stack", "export").out)["deployment"].get("resources") is None


@pytest.mark.parametrize("command", ["preview", "drift"])
def test_a_stack_that_is_not_there_is_one_line(engine_project: Project, tmp_path: Path, command: str) -> None:
    engine_project.write(
        {"hello": {k: v for k, v in hello.service(image=IMAGE).items() if k != "build"}}, hello.settings("check")
    )
    done = engine_project.caas(command)
    assert done.code == Exit.BAD_INPUT, done.text
    assert [line for line in done.err.splitlines() if line.startswith("error: ")] == done.err.splitlines()
    assert "There is no stack 'check'" in done.err


def platforms(home: Path, *command: str) -> Completed:
    """``caas`` on the example for all platforms, against the simulated AWS."""
    tools = toolchain.current((toolchain.ENGINE,)).environment()
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PULUMI_")}
    directory = str(home / "platforms" / "examples" / "platforms")
    simulated = [sys.executable, "-m", "sandbox.clouds.run", "aws", "--"]
    called = (
        command if command[0] == "pulumi" else (sys.executable, "-m", "delivery", *command, "--directory", directory)
    )
    variables = {**kept, **tools, "CAAS_SANDBOX": str(home), "PULUMI_CONFIG_PASSPHRASE": "x", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*simulated, *called, "--stack", "prod"],
        cwd=directory if command[0] == "pulumi" else ROOT,
        env={**variables, "PULUMI_BACKEND_URL": f"file://{home}/state"},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    return Completed(done.returncode, done.stdout, done.stderr)


@pytest.mark.slow
def test_a_count_that_an_autoscaler_set_is_neither_a_refusal_nor_drift(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAAS_SANDBOX", str(tmp_path))
    (tmp_path / "state").mkdir()
    directory = job.project()
    made = platforms(tmp_path, "pulumi", "stack", "init")
    assert made.code == 0, made.text
    # Values that only the apply knows: everything is new.
    plan = str(tmp_path / "plan.json")
    first = platforms(tmp_path, "preview", "--save-plan", plan, "--json")
    assert first.code == Exit.FINE, first.text
    assert json.loads(first.out)["cost"]["difference"] > 100
    applied = platforms(tmp_path, "up", "--plan", plan)
    assert applied.code == Exit.FINE, applied.text
    assert "The plan holds." in applied.err

    # A new image is planned; before it is applied, load moves the scaled service, and a refresh writes that down.
    file = directory / "Pulumi.prod.yaml"
    file.write_text(re.sub(r"shop@sha256:0+", f"shop@sha256:{'1' * 64}", file.read_text(encoding="utf-8")))
    assert platforms(tmp_path, "preview", "--save-plan", plan).code == Exit.FINE
    counts(tmp_path, shop=7)
    clean = platforms(tmp_path, "drift", "--json", "--fail-on-drift")
    assert (clean.code, json.loads(clean.out)["drifted"]) == (Exit.FINE, False), clean.text
    refreshed = platforms(tmp_path, "pulumi", "refresh", "--yes", "--skip-preview", "--non-interactive")
    assert refreshed.code == 0, refreshed.text
    written = json.loads(platforms(tmp_path, "pulumi", "stack", "export").out)["deployment"]["resources"]
    assert [one["inputs"]["desiredCount"] for one in written if one["urn"].endswith("::shop-service")] == [7]
    applied = platforms(tmp_path, "up", "--plan", plan)
    assert (applied.code, "The plan holds." in applied.err) == (Exit.FINE, True), applied.text

    # The other service has no autoscaler: its count is drift.
    counts(tmp_path, stock=9)
    shown = tmp_path / "drift.md"
    drifted = platforms(tmp_path, "drift", "--fail-on-drift", "--json", "--markdown", str(shown))
    assert drifted.code == Exit.NOT_PROVEN, drifted.text
    (difference,) = json.loads(drifted.out)["differences"]
    assert difference["name"] == "stock-service"
    assert difference["properties"] == [{"path": "desiredCount", "old": "3", "new": "9", "replaces": False}]
    assert "`desiredCount`: `3` → `9`" in shown.read_text(encoding="utf-8")


def counts(home: Path, **services: int) -> None:
    """What somebody else than the program did to the number of tasks."""
    with World(home / "clouds" / "aws.json").open() as world:
        for name, count in services.items():
            (id_,) = (i for i, one in world.all(SERVICE, REGION).items() if one["state"]["name"] == name)
            record = world.all(SERVICE, REGION)[id_]
            state = {**record["state"], "desiredCount": float(count)}
            world.put(SERVICE, REGION, id_, {**record, "state": state})
