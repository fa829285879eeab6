"""Limits of a namespace, as the API has them, against what the services' pods really ask for."""

from __future__ import annotations

from typing import Any

import pytest

from components.kubernetes.pod import pod_template, resources
from components.spec import Environment
from delivery.checks import Check, State
from delivery.quotas import platforms
from delivery.quotas.kubernetes import checks, needs
from delivery.quotas.model import Need
from tests.components.worlds import SIDECAR, environment, service

MIB = 1024**2
HELPED = {"sidecars": {"helper": {"image": SIDECAR, "cpu": 0.05, "memory": 32}}, "cpu": 0.5, "memory": 256}


def world() -> Environment:
    """2 to 4 instances of 0.55 vCPU and 288 MiB; 3 and 8 with what an update adds."""
    return environment({"web": service(**HELPED)})


def quota(hard: dict[str, str], **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "team"}, "spec": {"hard": hard, **spec}}


def limit_range(**limit: Any) -> dict[str, Any]:
    return {"metadata": {"name": "sizes"}, "spec": {"limits": [{"type": "Container", **limit}]}}


def asked(*quotas: dict[str, Any], ranges: tuple[dict[str, Any], ...] = ()) -> list[Check]:
    return checks(world(), "shop", quotas, ranges)


def test_it_counts_what_the_pods_have() -> None:
    web = world().services[0]
    pod: Any = pod_template(web, "image", labels={}, selector={}, secret=None, pull_secret=None)["spec"]
    assert resources(web) == [one["resources"] for one in (*pod["containers"], *pod["init_containers"])]
    found = needs(world())
    assert found["pods"] == Need(3, 8)
    assert found["requests.cpu"] == Need(1.65, 4.4)
    assert found["limits.memory"] == found["requests.memory"] == Need(3 * 288 * MIB, 8 * 288 * MIB)
    assert found["limits.ephemeral-storage"] == Need(3 * 256 * MIB, 8 * 256 * MIB)
    assert "limits.cpu" not in found


def test_where_nothing_limits_that_is_said() -> None:
    assert asked() == [Check("quota", State.OK, "nothing limits namespace shop")]
    assert asked(quota({"count/configmaps": "1"}))[0].what == "nothing limits namespace shop"


@pytest.mark.parametrize(
    ("resource", "fits", "short", "fails", "remedy"),
    [
        ("requests.cpu", "4400m", "4", "1600m", '"requests.cpu": "5"'),
        ("cpu", "4400m", "4", "1600m", '"cpu": "5"'),
        ("pods", "8", "7", "2", '"pods": "8"'),
        ("count/pods", "8", "7", "2", '"count/pods": "8"'),
        ("limits.memory", "2304Mi", "2303Mi", "800Mi", f'"limits.memory": "{2304 * MIB}"'),
    ],
)
def test_a_quota_holds_the_maximum_or_the_minimum_or_neither(
    resource: str, fits: str, short: str, fails: str, remedy: str
) -> None:
    for amount, state in ((fits, State.OK), (short, State.WARNING), (fails, State.FAILING)):
        (found,) = asked(quota({resource: amount}))
        assert found.state is state
        assert found.what.startswith(f"{resource} of ResourceQuota shop/team: ")
    assert 'kubectl --namespace shop patch resourcequota team --type merge --patch \'{"spec"' in (found.remedy or "")
    assert remedy in (found.remedy or "")


def test_a_quota_of_other_pods_does_not_count() -> None:
    tight = {"pods": "1"}
    chosen = {"matchExpressions": [{"scopeName": "PriorityClass", "operator": "In", "values": ["high"]}]}
    for other in ({"scopes": ["Terminating"]}, {"scopes": ["BestEffort"]}, {"scopeSelector": chosen}):
        assert asked(quota(tight, **other))[0].state is State.OK
    assert asked(quota(tight, scopes=["NotTerminating", "NotBestEffort"]))[0].state is State.FAILING


def test_a_limit_of_cpu_that_no_pod_states_refuses_every_pod() -> None:
    (found,) = asked(quota({"limits.cpu": "100"}))
    assert found.state is State.FAILING
    assert found.what == "ResourceQuota shop/team asks each container for a limit of CPU, and the services state none"
    assert "LimitRange with default.cpu" in (found.remedy or "")


@pytest.mark.parametrize("given", [{"default": {"cpu": "1"}}, {"max": {"cpu": "1"}}])
def test_a_limit_of_cpu_that_the_namespace_gives_is_counted(given: dict[str, Any]) -> None:
    (found,) = asked(quota({"limits.cpu": "15"}), ranges=(limit_range(**given),))
    # Two containers of each of eight pods.
    assert (found.state, found.what.split("; ")[1]) == (State.WARNING, "the services need 16 at their maximum")


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ({"max": {"memory": "128Mi"}}, f"web: memory {256 * MIB:g} of a container, and LimitRange shop/sizes has max"),
        ({"min": {"cpu": "100m"}}, "web: cpu 0.05 of a container, and LimitRange shop/sizes has min 0.1"),
        ({"type": "Pod", "max": {"cpu": "500m"}}, "web: cpu 0.55 of a pod, and LimitRange shop/sizes has max 0.5"),
    ],
)
def test_a_size_that_is_not_admitted_fails(limit: dict[str, Any], said: str) -> None:
    (found,) = asked(ranges=(limit_range(**limit),))
    assert found.state is State.FAILING
    assert found.what.startswith(said)
    assert "LimitRange shop/sizes changed" in (found.remedy or "")


def test_sizes_within_are_admitted() -> None:
    within = limit_range(max={"memory": "256Mi", "cpu": "500m"}, min={"cpu": "50m"})
    assert asked(ranges=(within,)) == [Check("quota", State.OK, "nothing limits namespace shop")]


def test_the_services_own_namespace_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Any] = []

    class Observer:
        def __init__(self, *where: Any) -> None:
            heard.append(where)

        def limits(self, namespace: str) -> tuple[list[Any], list[Any]]:
            heard.append(namespace)
            return [quota({"pods": "7"})], []

    monkeypatch.setattr(platforms, "KubernetesObserver", Observer)
    (found,) = platforms.checks_in(environment(kubernetes={"namespace": "mine", "context": "there"}))
    assert heard == [(None, "there"), "mine"]
    assert found.what == "pods of ResourceQuota mine/team: 7; the services need 8 at their maximum"
    assert found.name == "quota"
