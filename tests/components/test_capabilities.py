"""What a platform cannot do is refused with the configuration's other faults, naming the way out."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from components import platform
from components.capabilities import FEATURES, PLATFORMS, capability, markdown
from components.capabilities.aws import AWS_ECS
from components.capabilities.azure import AZURE_ACI
from components.capabilities.gke import GKE
from components.capabilities.kubernetes import KUBERNETES
from components.spec import SpecError
from tests.components.worlds import environment, service


def test_every_platform_answers_to_every_feature() -> None:
    keys = [feature.key for feature in FEATURES]
    assert len(set(keys)) == len(keys)
    assert set(KUBERNETES) == set(AWS_ECS) == set(GKE) == set(AZURE_ACI) == set(keys)
    for name in PLATFORMS:
        for key in keys:
            answer = capability(name, key)
            assert bool(answer.alternative) == (answer.support == "refused"), (name, key)
            assert bool(answer.by) == (answer.support != "refused"), (name, key)


@pytest.mark.parametrize(
    ("changes", "key", "remedy"),
    [
        (
            {"scaling": {"minimum": 2, "maximum": 4, "requests": 100}},
            "caas:services.web.scaling.requests",
            "use scaling.cpu",
        ),
        (
            {"scaling": {"minimum": 2, "maximum": 4, "scaleOutCooldown": 3600}},
            "caas:services.web.scaling.scaleOutCooldown",
            "set 1800 or less",
        ),
    ],
)
def test_a_refused_feature_names_its_place_and_the_alternative(changes: dict[str, Any], key: str, remedy: str) -> None:
    with pytest.raises(SpecError) as caught:
        environment({"web": service(**changes)})
    (problem,) = caught.value.problems
    assert (problem.file, problem.key) == ("Pulumi.yaml", key)
    assert problem.remedy.startswith(remedy)


def test_the_table_has_a_row_for_each_feature() -> None:
    lines = markdown().splitlines()
    assert len(lines) == len(FEATURES) + 2
    assert "| Canary update | emulated: a second Deployment, an HTTPRoute's weights" in markdown()
    assert "| native: ECS service" in markdown()


def test_every_declared_platform_has_a_room() -> None:
    assert set(platform.ROOMS) == set(PLATFORMS)


@pytest.mark.parametrize(
    ("room", "sdks"),
    [
        ("kubernetes", {"pulumi_kubernetes"}),
        ("aws", {"pulumi_aws"}),
        ("gcp", {"pulumi_gcp", "pulumi_kubernetes"}),
        ("azure", {"pulumi_azure_native"}),
    ],
)
def test_only_the_named_platforms_sdk_is_imported(room: str, sdks: set[str]) -> None:
    code = (
        "import sys\n"
        "from components import platform, stack_config\n"
        "assert not [m for m in sys.modules if m.startswith('pulumi_')], 'before a platform is named'\n"
        f"import components.{room}.environment\n"
        "found = {m.partition('.')[0] for m in sys.modules if m.startswith('pulumi_')}\n"
        f"assert found == {sdks!r}, found\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
