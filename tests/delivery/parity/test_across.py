"""Environments on different platforms are compared by what describes them, and reports say what was found."""

from __future__ import annotations

from typing import Any

from components.spec import Environment
from delivery.parity import report
from delivery.parity.graph import Graph
from delivery.parity.run import report as compared
from tests.components import worlds
from tests.components.aws import worlds as aws
from tests.delivery.parity.environments import ALLOWED

HEALTH = {"readiness": {"path": "/ready"}, "command": ["/app", "healthcheck"]}
SERVICE = {"image": aws.GIVEN, "ingress": None, "scaling": {"minimum": 3, "maximum": 6}, "health": HEALTH}


NOTHING_PREVIEWED: dict[str, Graph] = {}
"""Two platforms declare nothing that could be compared one by one."""


def on_kubernetes(**changes: Any) -> Environment:
    registry = {"address": aws.REGISTRY}
    services = {"web": worlds.service(**{**SERVICE, **changes})}
    return worlds.environment(services, stack="dev", registry=registry, domain="dev.example.com")


def on_ecs() -> Environment:
    return aws.environment({"web": worlds.service(**SERVICE)}, stack="prod")


def test_the_same_description_on_two_platforms_is_the_same() -> None:
    found = compared([on_kubernetes(), on_ecs()], ALLOWED, NOTHING_PREVIEWED)
    assert found.refused == ()
    assert any(note.startswith("Rolling update: aws-ecs: native (") for note in found.notes)
    assert report.verdict(found) == "dev, prod are the same but for 0 differences that may be."


def test_sizes_may_differ_across_platforms_and_probes_may_not() -> None:
    changed = on_kubernetes(cpu=1, health={**HEALTH, "readiness": {"path": "/other"}})
    found = compared([changed, on_ecs()], ALLOWED, NOTHING_PREVIEWED)
    assert [(one.type, one.name, one.path) for one in found.refused] == [("spec", "web", "health.readiness.path")]
    assert [one.path for one in found.accepted] == ["cpu"]
    text = report.markdown(found)
    assert text.startswith(
        "### Parity of dev, prod\n\ndev, prod are not the same: 1 differences that may not be, 1 that"
    )
    assert "| spec web | health.readiness.path | dev / prod | /other / /ready | REFUSED |" in text
    assert found.document()["same"] is False
