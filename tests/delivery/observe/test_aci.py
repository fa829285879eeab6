"""What runs on Container Instances, put into words that are judged: from Azure's answers as they are."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from delivery.declared import DeclaredService
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.observe import Snapshot, Target
from delivery.observe import aci_objects as objects
from delivery.observe.aci import ENDPOINT, AciObserver
from delivery.verdict import State, judge
from sandbox.clouds.azure.management import serving
from sandbox.clouds.core.world import World

HOME = "/subscriptions/S/resourceGroups/shop/providers/Microsoft.ContainerInstance/containerGroupProfiles"
OLD, NEW = f"{HOME}/shop-web-aaaaaaaaaa", f"{HOME}/shop-web-bbbbbbbbbb"
IMAGE = "shopteam.azurecr.io/web@sha256:" + "a" * 64
TARGET = Target("shop", "shop-web", NEW)
UP = {"10.0.0.1": "Up", "10.0.0.2": "Up"}


def ngroup(profile: str = NEW, **changes: Any) -> dict[str, Any]:
    properties = {
        "provisioningState": "Succeeded",
        "elasticProfile": {"desiredCount": 2},
        "containerGroupProfiles": [{"resource": {"id": profile}}],
        **changes,
    }
    return {"name": "shop-web", "properties": properties}


def group(number: int, profile: str = NEW, state: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    view = {"currentState": state or {"state": "Running"}, "restartCount": 0}
    properties = {
        "provisioningState": "Succeeded",
        "containerGroupProfile": {"id": profile},
        "ipAddress": {"ip": f"10.0.0.{number}"},
        "containers": [{"name": "web", "properties": {"image": IMAGE, "instanceView": view}}],
        "instanceView": {"state": "Running"},
        **changes,
    }
    return {"name": f"web-{number}", "properties": properties}


def seen(
    given: dict[str, Any],
    *groups: dict[str, Any],
    update: dict[str, Any] | None = None,
    health: dict[str, str] | None = UP,
) -> Snapshot:
    return objects.snapshot(TARGET, given, update, groups, health)


def verdict(snapshot: Snapshot) -> tuple[State, str]:
    declared = DeclaredService("web", IMAGE, "https://web.example.com/", "shop", "shop-web", 80, 2, 4, "/ready", NEW)
    found = judge(declared, snapshot, {}, None)
    return found.state, "; ".join(found.reasons)


def test_what_was_declared_runs() -> None:
    assert verdict(seen(ngroup(), group(1), group(2))) == (State.PROVEN, "")


def test_an_instance_counts_once_its_balancer_sends_it_requests() -> None:
    state, why = verdict(seen(ngroup(), group(1), group(2), health={"10.0.0.1": "Up", "10.0.0.2": "Down"}))
    assert state is State.WAITING
    assert "1 of 2 instances are ready" in why


def test_without_the_balancers_word_the_service_itself_is_asked() -> None:
    found = seen(ngroup(), group(1), group(2), health=None)
    assert (found.ready, found.answered) == (2, False)
    assert "not asked through its ingress yet" in verdict(found)[1]


def test_an_update_that_goes_on_is_waited_for() -> None:
    state, why = verdict(seen(ngroup(provisioningState="Updating"), group(1), group(2, OLD)))
    assert state is State.WAITING
    assert "not taken note" in why


def test_instances_of_another_release_are_seen() -> None:
    state, why = verdict(seen(ngroup(), group(1), group(2), group(3, OLD)))
    assert state is State.WAITING
    assert "1 old instances are left" in why


def test_an_update_that_was_stopped_has_failed_with_its_reason() -> None:
    summary = {"succeededCount": 0, "failedCount": 1}
    progress = {
        "state": "Failed",
        "error": {"message": "too many are unhealthy"},
        "containerGroupsUpdateSummary": summary,
    }
    waiting = {"state": "Waiting", "detailStatus": "CrashLoopBackOff: restarting"}
    found = seen(ngroup(), group(1, state=waiting), group(2, OLD), update={"properties": {"progress": progress}})
    state, why = verdict(found)
    assert state is State.FAILED
    assert "rolling update failed: too many are unhealthy (0 updated, 1 failed)" in why
    assert "CrashLoopBackOff" in why


def test_another_release_in_its_place_is_a_failure() -> None:
    state, why = verdict(seen(ngroup(OLD), group(1, OLD), group(2, OLD)))
    assert state is State.FAILED
    assert "it runs shop-web-aaaaaaaaaa, declared is shop-web-bbbbbbbbbb" in why


def test_a_group_that_failed_without_an_update_says_why() -> None:
    found = seen(ngroup(provisioningState="Failed", errors=[{"message": "no quota left"}]))
    assert found.refused == "no quota left"


@pytest.mark.parametrize(
    ("profile", "mine"),
    [(NEW, True), (OLD, True), (f"{HOME}/shop-web-api-aaaaaaaaaa", False), (f"{HOME}/shop-api-aaaaaaaaaa", False)],
)
def test_a_service_knows_its_own_groups(profile: str, mine: bool) -> None:
    assert objects.belongs(group(1, profile), TARGET) is mine


def test_events_are_shown_oldest_first() -> None:
    events = [
        {"name": "BackOff", "message": "again", "count": 4, "lastTimestamp": "2026-01-02T00:00:00Z"},
        {"name": "Pulled", "message": "image", "lastTimestamp": "2026-01-01T00:00:00Z"},
    ]
    assert objects.events(group(1, instanceView={"state": "Running", "events": events})) == [
        "Pulled: image (x1)",
        "BackOff: again (x4)",
    ]


def test_a_service_that_is_not_there_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(World(tmp_path / "azure.json")) as variables:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        assert AciObserver("S").snapshot(TARGET).exists is False


def test_a_token_that_is_refused_names_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(World(tmp_path / "azure.json")) as variables, serving(World(tmp_path / "other.json")) as other:
        for name, value in {**variables, ENDPOINT: other[ENDPOINT]}.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(DeliveryError, match="401 InvalidAuthenticationToken") as refused:
            AciObserver("S").snapshot(TARGET)
    assert refused.value.code is Exit.NOT_PROVEN
    assert "log in again" in str(refused.value.remedy)


def test_nobody_answering_is_one_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with serving(World(tmp_path / "azure.json")) as variables:
            for name, value in {**variables, ENDPOINT: f"http://127.0.0.1:{taken.getsockname()[1]}"}.items():
                monkeypatch.setenv(name, value)
            with pytest.raises(DeliveryError, match="does not answer"):
                AciObserver("S").snapshot(TARGET)


def test_a_variable_that_means_nobody_is_bad_input(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET"):
        monkeypatch.setenv(name, "")
    with pytest.raises(DeliveryError, match="cannot be read") as refused:
        AciObserver("S")
    assert refused.value.code is Exit.BAD_INPUT
