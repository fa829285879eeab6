"""What an Elasticsearch that exists, and its Kibana, are told before the first line arrives."""

from __future__ import annotations

from typing import Any

import pytest

from components.logging import access, install, kibana
from components.spec import Environment
from delivery import log_setup
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.output import Output
from tests.components.azure import worlds as on_azure
from tests.components.worlds import environment
from tests.delivery.listening import Server, server
from tests.delivery.quotas.answers import serving

AGENT = "registry.example.com/team/collector@sha256:" + "c" * 64


def world(url: str, **more: Any) -> Environment:
    return environment(secrets=("logs",), stack="dev", logging={"agent": AGENT, "elasticsearch": url, **more})


def told(listening: Server) -> list[str]:
    return [one.path.lstrip("/") for one in listening.heard]


def test_everything_is_told_in_order_with_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(log_setup.KEY, "word")
    with server() as listening:
        done = log_setup.install(world(listening.url, kibana=listening.url), Output())
    wanted = [one.path for one in install.requests("dev", retention=14, replicas=1)]
    assert told(listening) == [*wanted, kibana.IMPORT]
    assert {one.headers["Authorization"] for one in listening.heard} == {"ApiKey word"}
    assert {one.method for one in listening.heard[:-1]} == {"PUT"}
    last = listening.heard[-1]
    assert last.method == "POST"
    assert last.headers["Content-Type"] == f"multipart/form-data; boundary={kibana.BOUNDARY}"
    assert last.body == kibana.upload("dev")
    assert done.kibana[0] == "caas-logs-dev"


def test_what_is_busy_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(log_setup.KEY, raising=False)
    with server() as listening:
        listening.answers = [503]
        log_setup.install(world(listening.url), Output())
    assert told(listening)[0] == told(listening)[1] == "_ilm/policy/caas-logs-dev"
    assert "Authorization" not in listening.heard[0].headers


def test_a_key_that_may_not_is_named() -> None:
    with server() as listening:
        listening.answers = [403]
        with pytest.raises(DeliveryError) as caught:
            log_setup.install(world(listening.url), Output())
    assert caught.value.code is Exit.DEPLOYMENT_FAILED
    assert caught.value.message == "Elasticsearch did not take _ilm/policy/caas-logs-dev: it answered 403."
    assert log_setup.KEY in (caught.value.remedy or "")


def test_a_stack_without_an_elasticsearch_of_others_has_nobody_to_tell() -> None:
    with pytest.raises(DeliveryError) as caught:
        log_setup.install(environment(), Output())
    assert caught.value.code is Exit.BAD_INPUT


def test_keys_may_do_what_they_are_for_and_end() -> None:
    found = log_setup.keys(world("https://logs.example.com"))
    assert {key: body["expiration"] for key, body in found.items()} == {"agent": "30d", "setup": "30d"}
    (agent,) = found["agent"]["role_descriptors"].values()
    assert agent["indices"] == [{"names": ["logs-caas.app-dev"], "privileges": ["auto_configure", "create_doc"]}]
    (setup,) = found["setup"]["role_descriptors"].values()
    assert setup["indices"] == []


def test_what_carries_lines_on_container_instances_sees_what_has_arrived() -> None:
    found = log_setup.keys(on_azure.environment(logging=on_azure.LOGS, secrets=("apiKey",)))
    (role,) = found["agent"]["role_descriptors"].values()
    assert role == access.forwarder_role("staging")
    wanted = ["auto_configure", "create_doc", "read"]
    assert role["indices"] == [{"names": ["logs-caas.app-staging"], "privileges": wanted}]
    assert role["cluster"] == []


PATHS = [one.path for one in install.requests("dev", retention=14, replicas=1)]


def test_what_was_not_told_yet_is_found_with_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(log_setup.KEY, "word")
    heard: list[tuple[str, str | None]] = []
    with serving({f"/{path}": (404 if path.startswith("_ingest") else 200, {}) for path in PATHS}, heard) as url:
        assert log_setup.missing(world(url)) == ["_ingest/pipeline/caas-logs"]
    assert heard == [(f"/{path}", "ApiKey word") for path in PATHS]


def test_a_server_without_lifecycles_lacks_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(log_setup.KEY, raising=False)
    with serving({f"/{path}": (400 if path.startswith("_ilm") else 200, {}) for path in PATHS}, []) as url:
        assert log_setup.missing(world(url)) == []


def test_one_that_does_not_say_is_an_error_without_its_address() -> None:
    with serving({f"/{PATHS[0]}": (401, {})}, []) as url, pytest.raises(DeliveryError, match="answered 401") as caught:
        log_setup.missing(world(url))
    assert log_setup.KEY in (caught.value.remedy or "")
    with pytest.raises(DeliveryError, match="does not answer") as caught:
        log_setup.missing(world("http://127.0.0.1:9"))
    assert "127.0.0.1" not in caught.value.message


def test_a_stack_that_names_none_lacks_nothing() -> None:
    assert log_setup.missing(environment(stack="dev")) == []
