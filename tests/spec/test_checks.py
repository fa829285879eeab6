"""Rules and conversions one by one, where the catalogue of wrong configurations does not reach every side."""

from __future__ import annotations

import pytest

from components.spec import checks, cron, defaults
from components.spec.checks_names import PLATFORM_NAMES, _reserved
from components.spec.errors import Finding, Shown
from components.spec.fields import suggest
from components.spec.merge import Placed
from components.spec.quantities import convert
from components.spec.secrecy import secret_name, secret_value, shown
from components.spec.service import Health, Probe, Scaling, Schedule, Service

IMAGE = "registry.example.org/hello@sha256:" + "0" * 64


def service(**changes: object) -> Service:
    fields = {
        "name": "hello",
        "image": IMAGE,
        "port": 8080,
        "replicas": 2,
        "health": Health(readiness=Probe(path="/readyz")),
        **changes,
    }
    return Service.model_validate(fields)


def findings(spec: Service) -> list[Finding]:
    return list(checks.service(Placed(spec)))


@pytest.mark.parametrize(
    "text", ["* * * * *", "0 18 * * 1-5", "*/5 0,12 1 JAN-MAR mon", "59 23 31 12 7", "0 0 1-7/2 * 0"]
)
def test_a_cron_expression_that_is_one(text: str) -> None:
    assert cron.fault(text) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "this has 0"),
        ("0 18 * *", "this has 4"),
        ("60 * * * *", "minute from 0 to 59"),
        ("* 24 * * *", "hour from 0 to 23"),
        ("* * 0 * *", "day of the month from 1 to 31"),
        ("* * * 13 *", "month from 1 to 12"),
        ("* * * * 8", "day of the week from 0 to 7"),
        ("*/0 * * * *", "minute"),
        ("5-1 * * * *", "minute"),
        ("* * * FOO *", "month"),
        ("1,,2 * * * *", "minute"),
        ("@daily x x x x", "minute"),
    ],
)
def test_a_cron_expression_that_is_none(text: str, why: str) -> None:
    fault = cron.fault(text)
    assert fault is not None
    assert why in fault


def test_schedules_are_judged_one_by_one() -> None:
    schedules = (
        Schedule(cron="0 1 * * *", minimum=1, maximum=2),
        Schedule(cron="0 25 * * *", minimum=5, maximum=2),
    )
    spec = service(replicas=None, scaling=Scaling(minimum=1, maximum=2, schedules=schedules))
    place = ("services", "hello", "scaling", "schedules", 1)
    assert [(f.path, f.value) for f in findings(spec)] == [((*place, "cron"), "0 25 * * *"), ((*place, "minimum"), 5)]


def test_a_correct_service_has_no_findings() -> None:
    assert findings(service()) == []


@pytest.mark.parametrize(
    ("liveness", "wrong"),
    [
        (Probe(), False),
        (Probe(path="/livez"), False),
        (Probe(path="/readyz", port=9090), False),
        (Probe(path="/readyz"), True),
        (Probe(path="/readyz", port=8080), True),
        (Probe(path="/readyz", interval=60, failures=9), True),
    ],
)
def test_readiness_and_liveness_ask_different_things(liveness: Probe, wrong: bool) -> None:
    found = findings(service(health=Health(readiness=Probe(path="/readyz"), liveness=liveness)))
    assert [f.path for f in found] == ([("services", "hello", "health", "liveness")] if wrong else [])


def test_probes_resolve_to_the_documented_defaults() -> None:
    spec = service()
    assert defaults.probe(spec, "readiness") == defaults.ResolvedProbe("/readyz", 8080, 15, 5, 3)
    assert defaults.probe(spec, "liveness") == defaults.ResolvedProbe(None, 8080, 30, 5, 3)
    assert defaults.probe(spec, "startup") == defaults.ResolvedProbe("/readyz", 8080, 10, 5, 12)


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        ("256Mi", "MiB", "256"),
        ("1GiB", "MiB", "1024"),
        ("512M", "MiB", "489"),
        ("256", "MiB", "256"),
        ("500m", "vCPU", "0.5"),
        ("2", "vCPU", "2"),
        ("1 core", "vCPU", "1"),
        ("5m", "seconds", "300"),
        ("500ms", "seconds", "1"),
        ("2 hours", "seconds", "7200"),
        ("70%", "percent", "70"),
        (0.7, "percent", "70"),
        ("2w", "days", "14"),
        ("8080", None, "8080"),
        ("8080tcp", None, None),
        ("256Mi", "seconds", None),
        ("many", "MiB", None),
        (True, "MiB", None),
        (float("inf"), "MiB", None),
        (None, "MiB", None),
    ],
)
def test_quantities_of_other_tools_are_converted(value: object, unit: str | None, expected: str | None) -> None:
    assert convert(value, unit) == expected


@pytest.mark.parametrize(
    "name", ["DB_PASSWORD", "apiKey", "API_KEY", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "PWD", "client-secret"]
)
def test_names_of_secrets(name: str) -> None:
    assert secret_name(name)


@pytest.mark.parametrize(
    "name", ["TOKEN_TTL", "PASSWORD_FILE", "KEYBOARD", "TOKENIZER", "LOG_LEVEL", "SECRET_NAME", "KEY", ""]
)
def test_names_of_harmless_variables(name: str) -> None:
    assert not secret_name(name)


def test_values_that_give_a_secret_away() -> None:
    assert secret_value("postgres://u:p@db:5432/x")
    assert secret_value("-----BEGIN RSA PRIVATE KEY-----\n…")
    assert secret_value("--db-password=x")
    assert not secret_value("--db-password=$(DB_PASSWORD)")
    assert not secret_value("--token-ttl=60")
    assert not secret_value("https://example.org:8443/a@b")
    assert not secret_value("postgres://user@db/x")


def test_values_beside_secrets_are_hidden() -> None:
    assert shown(("services", "a", "secrets", "X", "config"), "k") is Shown.HIDDEN
    assert shown(("registry", "password"), "k") is Shown.HIDDEN
    assert shown(("services", "a", "environment", "API_TOKEN"), 3) is Shown.HIDDEN
    assert shown(("services", "a", "environment", "LEVEL"), 3) == 3


def test_suggestions() -> None:
    assert suggest("maxReplicas", ["minimum", "maximum"]) == "maximum"
    assert suggest("log_retention", ["logRetention"]) == "logRetention"
    assert suggest("zzz", ["port", "cpu"]) is None


@pytest.mark.parametrize("name", ["PORT", "HOSTNAME", "KUBERNETES_SERVICE_HOST", "ECS_X", "CAAS_X", "AWS_ROLE_ARN"])
def test_names_that_a_platform_sets(name: str) -> None:
    assert _reserved(name) in PLATFORM_NAMES.values()


@pytest.mark.parametrize("name", ["AWS_REGION", "PORTS", "MY_PORT", "KUBERNETES"])
def test_names_that_no_platform_sets(name: str) -> None:
    assert _reserved(name) is None
