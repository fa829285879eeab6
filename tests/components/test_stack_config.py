"""The one reader of Pulumi's configuration: values as the engine hands them over, secrets that stay secret."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime.config import CONFIG, set_all_config

from components import stack_config
from tests.spec.wrong_case import SERVICE, changed

SECRET = "hunter2"  # a marker that no message may repeat


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "Dockerfile").write_text("FROM scratch\n")
    monkeypatch.setattr(pulumi, "get_root_directory", lambda: str(tmp_path))
    monkeypatch.setattr(pulumi, "get_stack", lambda: "dev")
    monkeypatch.setattr(pulumi, "get_project", lambda: "caas")
    yield tmp_path
    set_all_config({}, [])


def configure(secret_keys: tuple[str, ...] = ("caas:secrets",), **values: Any) -> None:
    """Set the configuration in the engine's form: text, and JSON text for collections."""
    everything = {"services": {"hello": SERVICE}, "registry": {"address": "registry.example.org"}, **values}
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in everything.items()}
    set_all_config({f"caas:{key}": text for key, text in texts.items()}, list(secret_keys))


def refused() -> str:
    with pytest.raises(pulumi.RunError) as caught:
        stack_config.load()
    assert caught.value.__cause__ is None
    return str(caught.value)


def test_values_arrive_in_their_types() -> None:
    configure(
        domain="example.org",
        logRetention="7",
        overrides={"hello": {"cpu": 2}},
        owner="1234",
        tier="staging",
        costCentre="1",
    )
    environment = stack_config.load().environment

    assert (environment.project, environment.stack, environment.tier) == ("caas", "dev", "staging")
    assert (environment.domain, environment.log_retention, environment.owner) == ("example.org", 7, "1234")
    assert environment.services[0].cpu == 2.0
    assert environment.registry.address == "registry.example.org"


def test_secrets_are_secret_outputs_and_their_names_are_known() -> None:
    spec = changed(SERVICE, {"secrets.API_KEY.config": "apiKey"})
    configure(services={"hello": spec}, secrets={"apiKey": SECRET})

    async def resolve() -> tuple[stack_config.StackConfig, bool, str | None]:
        loaded = stack_config.load()
        output = loaded.secrets["apiKey"]
        return loaded, await output.is_secret(), await output.future()

    loaded, secret, value = asyncio.run(resolve())
    assert (secret, value) == (True, SECRET)
    assert loaded.environment.secret_keys == {"apiKey"}
    assert SECRET not in repr(loaded.environment)


def test_every_fault_ends_the_program_with_one_message() -> None:
    configure(services={"hello": {**SERVICE, "prot": 1}}, logRetenton="3", platform="k8s")
    message = refused()
    assert message.startswith("3 problems in the configuration; nothing was declared.")
    for key in ("caas:services.hello.prot", "caas:logRetenton", "caas:platform"):
        assert key in message


def test_faults_name_the_line_of_the_file(project: Path) -> None:
    (project / "Pulumi.dev.yaml").write_text(
        "config:\n  caas:registry:\n    address: r.example.org\n  caas:tiers: dev\n"
    )
    configure(tiers="dev")
    assert "Pulumi.dev.yaml:4: caas:tiers" in refused()


def test_a_secret_in_another_place_is_refused_and_not_shown() -> None:
    configure(("caas:domain",), domain=SECRET)
    message = refused()
    assert "caas:domain" in message
    assert "below caas:secrets only" in message
    assert SECRET not in message


@pytest.mark.parametrize(
    ("secrets", "encrypted", "why"),
    [
        ({"apiKey": SECRET}, False, "plain and readable"),
        (SECRET, True, "one encrypted value per key"),
        ([SECRET], True, "one encrypted value per key"),
        ({"apiKey": {"inner": SECRET}}, True, "one text per key"),
    ],
)
def test_secrets_in_a_wrong_form_are_refused_and_not_shown(secrets: Any, encrypted: bool, why: str) -> None:
    configure(("caas:secrets",) if encrypted else (), secrets=secrets)
    message = refused()
    assert message.startswith("1 problem in")
    assert why in message
    assert SECRET not in message


def test_no_secrets_are_no_fault() -> None:
    configure()
    assert dict(stack_config.load().secrets) == {}


def test_text_where_a_collection_belongs_is_told_as_such() -> None:
    configure(services="hello", registry="registry.example.org")
    message = refused()
    assert message.startswith("2 problems")
    assert "caas:services" in message
    assert "caas:registry" in message


def test_other_namespaces_are_left_alone() -> None:
    configure()
    set_all_config({"aws:region": "x", **settings_of_caas()}, [])
    assert stack_config.load().environment.project == "caas"


def settings_of_caas() -> dict[str, str]:
    return {key: value for key, value in CONFIG.get().items() if key.startswith("caas:")}
