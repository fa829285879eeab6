"""What Elasticsearch is told: the index, its lifecycle, its pipeline, and who may do what."""

from __future__ import annotations

import pytest

from components.logging import access, install, names, templates
from components.spec.logging import Snapshots


def test_a_line_may_hold_any_field_and_none_conflicts() -> None:
    mappings = templates.mappings()
    assert mappings["dynamic"] is False
    assert mappings["date_detection"] is False
    assert mappings["properties"]["app"]["type"] == "flattened"
    assert mappings["properties"]["labels"]["type"] == "flattened"
    assert mappings["properties"]["service"]["properties"]["version"]["type"] == "keyword"


def test_a_long_value_refuses_no_line() -> None:
    def keywords(properties: dict[str, dict[str, object]]) -> list[dict[str, object]]:
        found = []
        for field in properties.values():
            inner = field.get("properties")
            found += keywords(inner) if isinstance(inner, dict) else []
            found += [field] if field.get("type") in ("keyword", "flattened") else []
        return found

    every = keywords(templates.mappings()["properties"])
    assert len(every) > 20
    assert {field["ignore_above"] for field in every} == {1024}


def test_without_basic_features_nothing_of_them_is_asked_for() -> None:
    text = repr(templates.index_template("dev", replicas=0, basic=False))
    for word in ("data_stream': {}", "lifecycle", "flattened", "match_only_text"):
        assert word not in text


@pytest.mark.parametrize(
    ("days", "turn"), [(1, "1d"), (14, "2d"), (30, "4d"), (90, "12d"), (400, "30d")], ids=lambda value: str(value)
)
def test_lines_are_kept_for_as_long_as_the_environment_says(days: int, turn: str) -> None:
    phases = templates.lifecycle(days)["policy"]["phases"]
    assert phases["delete"] == {"min_age": f"{days}d", "actions": {"delete": {}}}
    assert phases["hot"]["actions"]["rollover"] == {"max_primary_shard_size": "50gb", "max_age": turn}


def test_what_refers_to_another_is_sent_after_it() -> None:
    paths = [request.path for request in install.requests("prod", retention=90, replicas=1)]
    assert paths == [
        "_ilm/policy/caas-logs-prod",
        "_ingest/pipeline/caas-logs",
        "_index_template/caas-logs-prod",
        "_index_template/caas-logs-events",
    ]


def test_indices_are_copied_every_night_to_the_place_that_is_named() -> None:
    spec = Snapshots(kind="azure", bucket="logs", kept=7)
    place, policy = install.requests("prod", retention=90, replicas=1, snapshots=spec)[-2:]
    assert place.path == "_snapshot/caas-logs-prod"
    assert place.body == {"type": "azure", "settings": {"container": "logs", "base_path": "caas-logs-prod"}}
    assert policy.path == "_slm/policy/caas-logs-prod"
    assert policy.body["repository"] == "caas-logs-prod"
    assert policy.body["retention"] == {"expire_after": "7d"}
    assert policy.body["config"] == {"indices": ["logs-*-prod"], "include_global_state": False}


def test_an_environments_template_is_for_its_own_lines() -> None:
    assert templates.index_template("prod", replicas=1)["index_patterns"] == ["logs-caas.app-prod"]
    assert names.stream("Feature/X").startswith("logs-caas.app-feature-x-")


def test_the_agent_adds_lines_and_nothing_else() -> None:
    (index,) = access.agent_role("prod")["indices"]
    assert index == {"names": ["logs-caas.app-prod"], "privileges": ["auto_configure", "create_doc"]}
    assert access.agent_role("prod")["cluster"] == []


def test_nobody_may_do_everything() -> None:
    roles = (access.agent_role("prod"), access.deployment_role(), access.reader_role(), access.setup_role())
    for role in roles:
        assert "all" not in role["cluster"]
        for index in role["indices"]:
            assert "*" not in index["names"]
            assert not {"all", "delete", "delete_index", "manage", "write"} & set(index["privileges"])


def test_a_key_ends() -> None:
    key = access.api_key("agent", access.agent_role("prod"), days=90)
    assert key["expiration"] == "90d"
    assert key["role_descriptors"] == {"agent": access.agent_role("prod")}
