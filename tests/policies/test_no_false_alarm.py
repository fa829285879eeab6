"""Whatever valid environment is described, on whichever platform: the pack finds nothing wrong in it.

Each environment is declared in memory, through the project's own loader and components, and judged whole.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from components.spec import Environment
from components.spec.checks_names import PLATFORM_NAMES
from components.spec.secrecy import secret_name
from tests.components import worlds
from tests.components.aws import worlds as aws
from tests.components.azure import worlds as azure
from tests.components.gcp import worlds as gcp
from tests.policies.review import declared, judged, violations

TIERS = {"dev": 1, "staging": 2, "prod": 3}
"""Stack -> the fewest instances that it admits."""

WORDS = st.text(string.ascii_lowercase, min_size=1, max_size=12)
NAMES = WORDS.map(lambda text: f"s{text}")
VARIABLES = WORDS.map(str.upper).filter(lambda name: not secret_name(name) and name not in PLATFORM_NAMES)
VALUES = st.sampled_from(["", "on", "info", "8080", "https://example.com/a", "eu-central-1", "a,b,c", "Hello, world"])
PATHS = WORDS.map(lambda text: f"/{text}")


@st.composite
def services(draw: st.DrawFn, fewest: int) -> dict[str, Any]:
    """What a user may change of a service, in every combination."""
    least = draw(st.integers(fewest, 12))
    ready, live = draw(st.lists(PATHS, min_size=2, max_size=2, unique=True))
    interval = draw(st.integers(5, 30))
    health: dict[str, Any] = {"readiness": {"path": ready, "interval": interval, "timeout": interval - 1}}
    if draw(st.booleans()):
        health["liveness"] = {"path": live}
    count: dict[str, Any] = {"replicas": least, "scaling": None}
    if draw(st.booleans()):
        count = {"scaling": {"minimum": least, "maximum": least + draw(st.integers(0, 9)), "cpu": 60}}
    optional = {
        "environment": draw(st.dictionaries(VARIABLES, VALUES, max_size=4)),
        "secrets": draw(st.sampled_from([{}, {"API_KEY": {"config": "apiKey"}}])),
        "volumes": draw(st.sampled_from([{}, {"tmp": {"path": "/tmp"}}])),
        "rollout": draw(st.sampled_from([{}, {"drain": 20}, {"progressDeadline": 300}])),
        "labels": draw(st.dictionaries(WORDS, WORDS, max_size=2)),
    }
    body = {"port": draw(st.integers(1024, 65535)), "health": health, **count}
    ingress = draw(st.sampled_from([None, {"path": "/"}, {"path": "/api"}]))
    return {**body, "ingress": ingress, **{key: value for key, value in optional.items() if value}}


World = Callable[..., Environment]
PLATFORMS: dict[str, tuple[World, Callable[..., dict[str, Any]], int]] = {
    "kubernetes": (worlds.environment, worlds.service, 350),
    "gke": (gcp.environment, gcp.service, 50),
    "aws-ecs": (aws.environment, aws.service, 50),
    "azure-aci": (azure.environment, azure.service, 50),
}
"""Platform -> what makes an environment and a service of it, and how many are tried: 500 in all."""


PROD: dict[str, dict[str, Any]] = {
    "gke": {"gcp": {"kmsKey": gcp.KEY, "binaryAuthorization": True}},
    "azure-aci": {"azure": {"quarantine": True}},
}
"""What the rules ask of prod and the description leaves to the user."""


@pytest.mark.slow
@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_valid_environment_raises_no_alarm(platform: str) -> None:
    environment, service, count = PLATFORMS[platform]
    tried = []

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate,),
    )
    @given(st.data(), st.sampled_from(sorted(TIERS)), st.booleans())
    def none(data: st.DataObject, stack: str, preview: bool) -> None:
        described = data.draw(st.dictionaries(NAMES, services(TIERS[stack]), min_size=1, max_size=2))
        for body in described.values():
            if platform == "aws-ecs" and body["ingress"] is None:
                body["health"]["command"] = ["/app", "healthcheck"]  # nothing else would ask
        world = environment(
            {name: service(**body) for name, body in described.items()},
            secrets=("apiKey",),
            stack=stack,
            **(PROD.get(platform, {}) if stack == "prod" else {}),
        )
        resources = declared(world, preview=preview)
        tried.append(len(resources))
        found = violations(judged(world, resources, preview=preview))
        assert found == [], found

    none()
    assert len(tried) >= count
    assert min(tried) > 5
