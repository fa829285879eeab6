"""Cores and groups of a location, asked as Azure's management API is asked."""

from __future__ import annotations

import time
from typing import Any

import pytest

from components.spec import Environment
from delivery.checks import Check, State
from delivery.observe.aci import ENDPOINT
from delivery.quotas import azure, platforms
from delivery.quotas.model import Need
from tests.components.azure.worlds import LOCATION, LOGS, SUBSCRIPTION, environment, service
from tests.delivery.quotas.answers import serving

USAGES = (
    f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.ContainerInstance/locations/{LOCATION}/usages"
    "?api-version=2025-09-01"
)


def usage(name: str, used: int, limit: int) -> dict[str, Any]:
    return {"name": {"value": name, "localizedValue": name}, "currentValue": used, "limit": limit, "unit": "Count"}


class Token:
    """A token of nobody: who gives tokens is another test's."""

    def __init__(self, **_: Any) -> None:
        self.token, self.expires_on = "given", time.time() + 3600

    def get_token(self, _: str) -> Token:
        return self


def asked(monkeypatch: pytest.MonkeyPatch, answer: tuple[int, Any], world: Environment | None = None) -> list[Check]:
    heard: list[tuple[str, str | None]] = []
    monkeypatch.setattr("delivery.observe.aci.DefaultAzureCredential", Token)
    with serving({USAGES: answer}, heard) as address:
        monkeypatch.setenv(ENDPOINT, address)
        found = list(platforms.checks_in(world or environment()))
    assert heard == [(USAGES, "Bearer given")]
    return found


def test_an_instance_has_a_core_at_the_least() -> None:
    # 3 to 6 instances, 4 and 12 with what an update adds.
    assert azure.needs(environment()) == {"StandardCores": Need(4, 12), "ContainerGroups": Need(4, 12)}
    carried = environment(logging=LOGS, secrets=("apiKey",))
    assert azure.needs(carried) == {"StandardCores": Need(5, 13), "ContainerGroups": Need(5, 13)}
    assert azure.needs(environment({"web": service(cpu=1.5)}))["StandardCores"] == Need(6, 18)


def test_cores_and_groups_of_the_location(monkeypatch: pytest.MonkeyPatch) -> None:
    usages = [usage("ContainerGroups", 2, 100), usage("StandardCores", 2, 10), usage("StandardK80Cores", 0, 0)]
    cores, groups = asked(monkeypatch, (200, {"value": usages}))
    assert (cores.state, cores.what) == (
        State.WARNING,
        f"StandardCores of Container Instances in {LOCATION}: 10, 2 in use; the services need 12 at their maximum",
    )
    assert (cores.remedy or "").startswith(f"Ask for 14 StandardCores in {LOCATION}: Azure portal, Help + support, ")
    assert groups.state is State.OK


def test_a_limit_that_azure_does_not_say(monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = asked(monkeypatch, (200, {"value": [usage("ContainerGroups", 2, 100)]}))
    said = f"cannot be asked: Azure does not say how many StandardCores there may be in {LOCATION}."
    assert found == Check("quota", State.WARNING, said)


@pytest.mark.parametrize(
    ("status", "said"),
    [(403, "Azure refused GET"), (404, f"Azure knows no usages of Container Instances in {LOCATION}.")],
)
def test_what_azure_refuses_is_a_warning(monkeypatch: pytest.MonkeyPatch, status: int, said: str) -> None:
    (found,) = asked(monkeypatch, (status, {"error": {"code": "No", "message": "no."}}))
    assert found.state is State.WARNING
    assert said in found.what
