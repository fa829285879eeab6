"""The policy pack on the real engine: what it lets through, what it refuses, and in which words."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.projects import ROOT
from tests.sandbox.engine import Engine, project

pytestmark = pytest.mark.engine

PACK = ROOT / "policies"
DIGEST = "registry.example.com/team/shop@sha256:" + "a" * 64
TAG = "registry.example.com/team/shop:1.0"

PROGRAM = """
    from pulumi_kubernetes.apps.v1 import Deployment

    labels = {{"app": "shop"}}
    Deployment(
        "shop-deployment",
        metadata={{"name": "shop", "namespace": "shop"}},
        spec={{
            "selector": {{"match_labels": labels}},
            "template": {{
                "metadata": {{"labels": labels}},
                "spec": {{"containers": [{{"name": "shop", "image": "{image}"}}]}},
            }},
        }},
    )
"""


def deployed(directory: Path, image: str) -> Engine:
    """A project of one Deployment, whose engine finds no cluster."""
    return project(directory, PROGRAM.format(image=image), KUBECONFIG=str(directory / "none"))


def test_an_image_by_digest_passes(tmp_path: Path) -> None:
    shown = deployed(tmp_path, DIGEST).must("preview", "--policy-pack", str(PACK))
    assert "caas" in shown.partition("Policies:")[2]
    assert "image-digest" not in shown
    assert "+ 2 to create" in shown


def test_an_image_by_tag_is_refused_with_the_policy_the_resource_and_the_remedy(tmp_path: Path) -> None:
    answer = deployed(tmp_path, TAG).pulumi("preview", "--policy-pack", str(PACK))
    assert answer.code != 0, answer.text
    violation = answer.text.partition("Policies:")[2]
    assert "[mandatory]  image-digest  (kubernetes:apps/v1:Deployment: shop-deployment)" in violation
    assert "An image is named by digest, so that what was tested is what runs." in violation
    assert f"container 'shop' runs '{TAG}'; name it as repository@sha256:…" in violation
    assert "Traceback" not in answer.text


def test_without_the_pack_the_same_preview_passes(tmp_path: Path) -> None:
    assert "+ 2 to create" in deployed(tmp_path, TAG).must("preview")


def test_the_pack_runs_with_the_project_s_own_packages() -> None:
    """A path is relative to the pack's directory, for the official language host as for ours."""
    options = YAML(typ="safe").load(PACK / "PulumiPolicy.yaml")["runtime"]["options"]
    program = YAML(typ="safe").load(ROOT / "Pulumi.yaml")["runtime"]["options"]
    assert (PACK / options["virtualenv"]).resolve() == (ROOT / program["virtualenv"]).resolve()
    assert options["toolchain"] == program["toolchain"]
