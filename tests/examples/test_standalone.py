"""The program that uses the component classes directly, previewed by the real engine; no cluster is needed."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from components.kubernetes.rollout import REVISIONS_KEPT
from tests.projects import PASSPHRASE, ROOT, Completed, Project

pytestmark = pytest.mark.engine

EXAMPLE = ROOT / "examples" / "standalone"
IMAGE = "registry.example.com/team/shop@sha256:" + "0" * 64
OF_SERVICE = {
    "kubernetes:apps/v1:Deployment": "shop-deployment",
    "kubernetes:core/v1:Namespace": "shop-namespace",
    "kubernetes:core/v1:Service": "shop-service",
    "kubernetes:core/v1:ServiceAccount": "shop-account",
    "kubernetes:networking.k8s.io/v1:Ingress": "shop-ingress",
}


@pytest.fixture
def example(tmp_path: Path, engine_environment: dict[str, str]) -> Project:
    """A copy: the engine writes into the stack's file. What lies beside it in the repository is linked."""
    directory = tmp_path / "examples" / "standalone"
    shutil.copytree(EXAMPLE, directory)
    (tmp_path / "components").symlink_to(ROOT / "components")
    (tmp_path / ".venv").symlink_to(sys.prefix)
    state = tmp_path / "state"
    state.mkdir()
    variables = {
        **engine_environment,
        "HOME": str(tmp_path),
        "KUBECONFIG": str(tmp_path / "none"),
        "PULUMI_BACKEND_URL": f"file://{state}",
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_HOME": str(tmp_path / "home"),
    }
    project = Project(directory, "dev", variables)
    made = project.pulumi("stack", "init", "--no-select")
    assert made.code == 0, made.text
    return project


def planned(done: Completed) -> dict[tuple[str, str], dict[str, Any]]:
    """(type, name) -> the resource that the preview would make."""
    assert done.code == 0, done.text
    states = [step["newState"] for step in json.loads(done.out)["steps"]]
    return {(state["type"], state["urn"].rpartition("::")[2]): state for state in states}


def test_what_it_would_declare(example: Project) -> None:
    found = planned(example.pulumi("preview", "--json"))
    names = {type_: name for type_, name in found if type_.startswith("kubernetes:") and "NetworkPolicy" not in type_}
    assert names == OF_SERVICE
    policies = {name for type_, name in found if type_ == "kubernetes:networking.k8s.io/v1:NetworkPolicy"}
    assert policies == {"shop-policy", "shop-default-deny"}
    # Every object descends from the service; the components themselves stand at the stack's root.
    root = found["pulumi:pulumi:Stack", "standalone-dev"]["urn"]
    service = found["caas:kubernetes:Service", "shop"]["urn"]
    assert {one["parent"] for (type_, _), one in found.items() if type_.startswith("kubernetes:")} == {service}
    components = {key: one["parent"] for key, one in found.items() if key[0].startswith("caas:")}
    assert components == {
        ("caas:registry:ContainerRegistry", "registry"): root,
        ("caas:image:ContainerImage", "shop"): root,
        ("caas:kubernetes:Service", "shop"): root,
    }


def test_the_transform_changes_one_value_of_one_child(example: Project) -> None:
    changed = planned(example.pulumi("preview", "--json"))
    program = example.directory / "__main__.py"
    text = program.read_text(encoding="utf-8")
    assert text.count("transforms=[keep_two_revisions]") == 1
    program.write_text(text.replace("transforms=[keep_two_revisions]", "transforms=[]"), encoding="utf-8")
    plain = planned(example.pulumi("preview", "--json"))
    different = [key for key in plain if plain[key].get("inputs") != changed[key].get("inputs")]
    deployment = "kubernetes:apps/v1:Deployment", "shop-deployment"
    assert different == [deployment]
    before, after = plain[deployment]["inputs"]["spec"], changed[deployment]["inputs"]["spec"]
    assert (before.pop("revisionHistoryLimit"), after.pop("revisionHistoryLimit")) == (REVISIONS_KEPT, 2)
    assert before == after
    assert after["template"]["spec"]["containers"][0]["image"] == IMAGE


def test_it_stays_short() -> None:
    assert len((EXAMPLE / "__main__.py").read_text(encoding="utf-8").splitlines()) <= 40
