"""Whatever stands in the configuration: it loads, or it is refused with problems. Nothing else comes out."""

from __future__ import annotations

import string
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.spec import Environment, Source, SpecError, load_environment
from components.spec.secrecy import secret_name
from tests.spec.wrong_case import IMAGE, SERVICE

SOURCE = Source("Pulumi.yaml", "Pulumi.dev.yaml")
CALM = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

KEYS = st.sampled_from([*SERVICE, "image", "replicas", "secrets", "volumes", "sidecars", "labels", "rollout", "args"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.just("\ud800")
JUNK = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=8), inner, max_size=4)
)
NAMES = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=20).map(lambda text: "s" + text)

VARIABLES = NAMES.map(lambda name: f"V_{name.upper()}").filter(lambda name: not secret_name(name))


def load(services: Any, **stack: Any) -> Environment:
    config = {"services": services, "registry": {"address": "registry.example.org"}, "domain": "x.org", **stack}
    return load_environment(config, project="caas", stack="dev", source=SOURCE)


def refusal(services: Any, **stack: Any) -> SpecError | None:
    try:
        load(services, **stack)
    except SpecError as error:
        return error
    return None


def refused_or_loaded(services: Any, **stack: Any) -> None:
    error = refusal(services, **stack)
    if error is None:
        return
    assert error.problems
    text = str(error)
    assert "pydantic" not in text
    assert all(line.isprintable() for line in text.split("\n"))
    for problem in error.problems:
        assert problem.limit
        assert problem.remedy


@CALM
@given(JUNK)
def test_junk_as_services_is_refused(junk: Any) -> None:
    refused_or_loaded(junk)


@CALM
@given(st.dictionaries(KEYS | st.text(max_size=8), JUNK, max_size=5))
def test_junk_in_a_service_is_refused(junk: dict[str, Any]) -> None:
    refused_or_loaded({"hello": {**SERVICE, **junk}})


@CALM
@given(st.dictionaries(st.sampled_from(["overrides", "registry", "kubernetes", "tier", "owner", "secrets", "x"]), JUNK))
def test_junk_in_the_stack_is_refused(junk: dict[str, Any]) -> None:
    refused_or_loaded({"hello": SERVICE}, **junk)


@st.composite
def services(draw: st.DrawFn) -> dict[str, Any]:
    """A correct service, as a user might write it."""
    least = draw(st.integers(1, 20))
    drain, lag = draw(st.integers(0, 600)), draw(st.integers(0, 60))
    interval = draw(st.integers(2, 20))
    count: dict[str, Any] = {"replicas": least}
    if draw(st.booleans()):
        count = {"scaling": {"minimum": least, "maximum": least + draw(st.integers(0, 50)), "cpu": 60}}
    return {
        "image": IMAGE,
        "port": draw(st.integers(1, 65535)),
        "cpu": draw(st.floats(0.01, 64) | st.integers(1, 64)),
        "memory": draw(st.integers(16, 524288)),
        "environment": draw(st.dictionaries(VARIABLES, st.text(max_size=10))),
        "health": {"readiness": {"path": "/ready", "interval": interval, "timeout": interval - 1}},
        "rollout": {"drain": drain, "endpointLag": lag, "stopTimeout": max(1, drain + lag)},
        **draw(st.sampled_from([{}, {"ingress": {}}, {"ingress": {"tls": False, "path": "/api"}}])),
        **count,
    }


@CALM
@given(st.dictionaries(NAMES, services(), min_size=1, max_size=5))
def test_every_correct_environment_loads(described: dict[str, Any]) -> None:
    environment = load(described)

    assert [service.name for service in environment.services] == list(described)
    for service, written in zip(environment.services, described.values(), strict=True):
        assert service.port == written["port"]
        assert service.memory == written["memory"]
        assert service.environment == written["environment"]
        if service.ingress is not None:
            assert service.ingress.host == f"{service.name}.x.org"
    assert load(described) == environment
