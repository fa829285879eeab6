"""The Collector beside the forwarder: what it listens to, and that a document is the one of every platform."""

from __future__ import annotations

import re

from components.logging import intake, router
from components.logging.forwarder import settings

INTAKE = intake.Intake(environment="dev", platform="azure-aci", namespace="shop-dev", endpoint="https://e")
ROUTER = router.Router(environment="dev", platform="aws-ecs", service="web", namespace="shop-dev", endpoint="https://e")


def fields(configuration: dict[str, object]) -> set[str]:
    """Names of the fields that a configuration's statements set."""
    return set(re.findall(r'set\((?:resource\.attributes\["document"\]|log\.body)\["([^"]+)"\]', repr(configuration)))


def test_documents_have_the_fields_that_they_have_on_ecs() -> None:
    here, there = fields(intake.configuration(INTAKE)), fields(router.configuration(ROUTER))
    assert here - there == {"event.created"}
    assert there - here == set()


def test_only_the_loopback_is_listened_to() -> None:
    (receiver,) = intake.configuration(INTAKE)["receivers"].values()
    assert receiver["listen_address"] == f"127.0.0.1:{intake.PORT}"


def test_an_id_is_the_forwarder_s() -> None:
    statements = repr(intake.configuration(INTAKE))
    assert 'set(log.attributes["elasticsearch.document_id"], log.attributes["id"])' in statements
    assert "UUID()" not in statements


def test_both_programs_of_the_group_mean_the_same_port() -> None:
    assert settings.Settings.collector == intake.PORT


def test_the_expression_for_a_line_that_goes_on_is_python_s_too() -> None:
    expression = re.compile(intake.continues())
    for text in ("", "  at Shop.buy(Shop.java:7)", "Caused by: x", "ValueError: x", "goroutine 1 [running]:"):
        assert expression.match(text), text
    for text in ("GET / 200", '{"msg": "x"}', "Listening on :8080", "A sentence."):
        assert not expression.match(text), text
