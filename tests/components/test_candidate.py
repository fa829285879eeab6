"""Two versions of a service on Kubernetes: what a strategy declares that moves traffic, and what a new version is."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

from components import platform, release
from components.capabilities import capability
from components.kubernetes.candidate import Candidate, CandidateArgs
from components.kubernetes.service import TRIED, ServiceArgs
from components.spec import Environment
from tests.components.recorder import Recording, record
from tests.components.worlds import GIVEN, environment, service

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
ROUTE = "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute"
INGRESS = "kubernetes:networking.k8s.io/v1:Ingress"
POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
SERVICE = "kubernetes:core/v1:Service"
SECRET = "kubernetes:core/v1:Secret"
OWNER = "kubernetes:core/v1:ConfigMap"
BUDGET = "kubernetes:policy/v1:PodDisruptionBudget"
AUTOSCALER = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"
NEW = "web-candidate"
SETTINGS: dict[str, Any] = {
    "kubernetes": {"gateway": "ingress/front"},
    "gate": {"prometheus": "http://prometheus:9090"},
}


def world(strategy: str = "canary", **changes: Any) -> Environment:
    """One service `web` behind a host, with a strategy."""
    body = {"ingress": {"path": "/"}, "rollout": {"strategy": strategy}, **changes}
    return environment({"web": service(**body)}, secrets=("apiKey",), **SETTINGS)


def declared(spec: Environment) -> Recording:
    """Everything that the environment declares."""
    return record(lambda: platform.declare(spec, {"apiKey": pulumi.Output.secret("marker")}))


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> Recording:
    """A canary with a secret, while its new version runs with two instances."""
    monkeypatch.setenv(release.VARIABLE, json.dumps({"web": 2}))
    return declared(world(secrets={"API_KEY": {"config": "apiKey"}}))


def types(recording: Recording, prefix: str) -> list[str]:
    return sorted(one.type for one in recording.resources if one.name.startswith(prefix))


@pytest.mark.parametrize("strategy", ["blue-green", "canary", "linear"])
def test_a_route_with_all_traffic_stands_in_place_of_an_ingress(strategy: str) -> None:
    recording = declared(world(strategy))
    assert recording.of(INGRESS) == []
    route = recording.one(ROUTE, "web-route").inputs
    assert route["spec"] == {
        "parentRefs": [{"name": "front", "namespace": "ingress"}],
        "hostnames": ["web.example.com"],
        "rules": [
            {
                "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
                "backendRefs": [{"name": "web", "port": 80, "weight": 1}],
            }
        ],
    }
    assert route["metadata"]["annotations"]["pulumi.com/patchForce"] == "true"


def test_outside_a_release_there_is_one_version_and_no_mark_of_another() -> None:
    recording = declared(world())
    assert [one.name for one in recording.of(DEPLOYMENT)] == ["web-deployment"]
    assert TRIED not in recording.one(ROUTE, "web-route").inputs["metadata"]["annotations"]


def test_an_apply_without_the_new_version_writes_the_route_anew(tried: Recording) -> None:
    """Else its weights would lead to what that apply removes, and the engine would see nothing to change."""
    assert tried.one(ROUTE, "web-route").inputs["metadata"]["annotations"][TRIED] == "2"


def test_what_caas_writes_into_is_the_programs_again_at_the_end(tried: Recording) -> None:
    for type_, name in ((ROUTE, "web-route"), (AUTOSCALER, "web-autoscaler")):
        assert tried.one(type_, name).inputs["metadata"]["annotations"]["pulumi.com/patchForce"] == "true"
    # Also where the strategy has become rolling after a release that was killed.
    rolling = declared(world("rolling")).one(AUTOSCALER).inputs["metadata"]["annotations"]
    assert rolling["pulumi.com/patchForce"] == "true"


def test_rolling_has_an_ingress_and_no_second_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(release.VARIABLE, json.dumps({"web": 2}))
    recording = declared(world("rolling"))
    assert [one.name for one in recording.of(INGRESS)] == ["web-ingress"]
    assert recording.of(ROUTE) == []
    assert types(recording, NEW) == []


def test_the_inventory_of_a_new_version(tried: Recording) -> None:
    mine = types(tried, NEW)
    assert mine == sorted([DEPLOYMENT, SERVICE, POLICY, SECRET, OWNER, BUDGET, ROUTE, "caas:kubernetes:Candidate"])
    assert [one.name for one in tried.of(AUTOSCALER)] == ["web-autoscaler"]


def test_every_object_of_a_new_version_descends_from_it(tried: Recording) -> None:
    component = tried.one("caas:kubernetes:Candidate").urn
    children = [one for one in tried.resources if one.name.startswith(f"{NEW}-")]
    assert len(children) == 7
    assert {one.parent for one in children} == {component}


def test_a_new_version_has_a_fixed_count_and_the_services_own_container(tried: Recording) -> None:
    new = tried.one(DEPLOYMENT, f"{NEW}-deployment").inputs
    old = tried.one(DEPLOYMENT, "web-deployment").inputs
    assert new["metadata"]["name"] == NEW
    assert new["spec"]["replicas"] == 2
    new_pod, old_pod = (each["spec"]["template"]["spec"] for each in (new, old))
    assert new_pod["containers"][0]["name"] == old_pod["containers"][0]["name"] == "web"
    assert new_pod["containers"][0]["image"] == GIVEN
    assert new_pod["serviceAccountName"] == old_pod["serviceAccountName"]


def test_no_selector_of_the_service_finds_a_pod_of_the_new_version(tried: Recording) -> None:
    labels = tried.one(DEPLOYMENT, f"{NEW}-deployment").inputs["spec"]["template"]["metadata"]["labels"]
    for type_, name, at in (
        (SERVICE, "web-service", ("selector",)),
        (DEPLOYMENT, "web-deployment", ("selector", "matchLabels")),
        (BUDGET, "web-disruption-budget", ("selector", "matchLabels")),
        (POLICY, "web-policy", ("podSelector", "matchLabels")),
    ):
        wanted = tried.one(type_, name).inputs["spec"]
        for key in at:
            wanted = wanted[key]
        assert not wanted.items() <= labels.items(), type_
    own = tried.one(SERVICE, f"{NEW}-service").inputs["spec"]["selector"]
    assert own.items() <= labels.items()


def test_a_new_version_is_called_at_its_preview_host_only(tried: Recording) -> None:
    spec = tried.one(ROUTE, f"{NEW}-route").inputs["spec"]
    assert spec["hostnames"] == ["preview-web.example.com"]
    assert [each["name"] for each in spec["rules"][0]["backendRefs"]] == [NEW]
    assert tried.one(ROUTE, "web-route").inputs["spec"]["rules"][0]["backendRefs"] == [
        {"name": "web", "port": 80, "weight": 1}
    ]


def test_the_secret_of_a_new_version_is_its_own_and_secret(tried: Recording) -> None:
    secret = tried.one(SECRET, f"{NEW}-secret")
    assert secret.secret_paths == {"stringData"}
    assert secret.inputs["metadata"]["name"].startswith(f"{NEW}-")


def test_what_runs_is_asked_of_the_deployment_while_a_new_version_is_tried(tried: Recording) -> None:
    outputs = tried.result["services"]["web"]
    assert (outputs["image"], outputs["strategy"]) == (GIVEN, "canary")


@pytest.mark.parametrize("text", ["[]", '{"web": 0}', '{"web": "two"}', '{"web": true}'])
def test_candidates_that_are_no_counts_are_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(release.VARIABLE, text)
    with pytest.raises(ValueError, match="mapping of services to counts above 0"):
        release.candidates()


def test_a_candidate_without_a_namespace_is_refused() -> None:
    spec = world()

    def program() -> dict[str, Any]:
        args = ServiceArgs(spec=spec.services[0], environment=spec, image=GIVEN)
        Candidate("web", CandidateArgs(service=args, instances=1))
        return {}

    with pytest.raises(ValueError, match="candidate of web: a namespace is required"):
        record(program)


@pytest.mark.parametrize("strategy", ["blue-green", "canary", "linear"])
def test_gke_refuses_what_it_does_not_do_yet(strategy: str) -> None:
    answer = capability("gke", strategy)
    assert (answer.support, answer.alternative) == ("refused", "rollout.strategy rolling")
    assert capability("kubernetes", strategy).support == "emulated"
