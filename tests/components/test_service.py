"""A service on Kubernetes: which objects are declared, and what stands in them."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.kubernetes.service import Service, ServiceArgs
from tests.components import declared_services
from tests.components.declared_services import (
    ACCOUNT,
    AUTOSCALER,
    BUDGET,
    CLAIM,
    DEPLOYMENT,
    INGRESS,
    NAMESPACE,
    OWNER,
    POLICY,
    SECRET,
    SERVICE,
    container,
    declared,
    objects,
    pod,
    web,
)
from tests.components.recorder import DIGEST, UNKNOWN, Recording, record
from tests.components.worlds import GIVEN, SIDECAR, environment, service


@pytest.fixture(scope="module")
def full() -> Recording:
    return declared_services.full()


def test_the_inventory_of_a_service_that_uses_everything(full: Recording) -> None:
    mine = sorted(one.type for one in full.resources if one.name.startswith("web-"))
    assert mine == sorted([DEPLOYMENT, AUTOSCALER, BUDGET, POLICY, INGRESS, SERVICE, SECRET, OWNER, ACCOUNT, CLAIM])


def test_every_child_descends_from_its_component(full: Recording) -> None:
    components = {one.urn: one.name for one in full.resources if not one.custom}
    for one in objects(full):
        assert one.parent in components, one.urn
        assert one.name.startswith(f"{components[one.parent]}-"), one.urn


def test_every_component_registers_its_outputs(full: Recording) -> None:
    assert set(full.outputs) >= {one.urn for one in full.resources if not one.custom}
    (urn,) = (one.urn for one in full.resources if one.type == "caas:kubernetes:Service" and one.name == "web")
    assert full.outputs[urn] == {
        "deployment": "web",
        "image": GIVEN,
        "namespace": "caas-staging",
        "url": "https://web.example.com/",
    }


def test_exports_of_an_environment(full: Recording) -> None:
    assert full.result["environment"] == "staging"
    assert full.result["platform"] == "kubernetes"
    assert full.result["services"]["web"] == {
        "image": GIVEN,
        "url": "https://web.example.com/",
        "namespace": "caas-staging",
        "deployment": "web",
        "port": 8080,
        "minimum": 2,
        "maximum": 4,
        "healthPath": "/ready",
    }
    assert full.result["services"]["api"]["url"] is None


def test_names_namespace_and_field_manager_are_explicit_everywhere(full: Recording) -> None:
    for one in objects(full):
        metadata = one.inputs["metadata"]
        assert metadata["name"], one.urn
        assert metadata["annotations"]["pulumi.com/patchFieldManager"] == "caas-caas-staging", one.urn
        assert metadata.get("namespace") == (None if one.type == NAMESPACE else "caas-staging"), one.urn


def test_all_objects_go_through_the_clusters_provider(full: Recording) -> None:
    assert {one.provider.partition("::cluster-provider::")[1] for one in objects(full)} == {"::cluster-provider::"}


def test_two_declarations_are_equal() -> None:
    assert [one.inputs for one in web().resources] == [one.inputs for one in web().resources]


def test_selectors_find_exactly_their_own_pods(full: Recording) -> None:
    labels = {name: pod(full, name)["metadata"]["labels"] for name in ("web", "api")}
    for name, other in (("web", "api"), ("api", "web")):
        selectors = [
            full.one(DEPLOYMENT, f"{name}-deployment").inputs["spec"]["selector"]["matchLabels"],
            full.one(SERVICE, f"{name}-service").inputs["spec"]["selector"],
            full.one(BUDGET, f"{name}-disruption-budget").inputs["spec"]["selector"]["matchLabels"],
            full.one(POLICY, f"{name}-policy").inputs["spec"]["podSelector"]["matchLabels"],
            *(c["labelSelector"]["matchLabels"] for c in pod(full, name)["spec"]["topologySpreadConstraints"]),
        ]
        for selector in selectors:
            assert selector.items() <= labels[name].items()
            assert not selector.items() <= labels[other].items()


def test_selection_does_not_change_with_what_may_change() -> None:
    plain, changed = web(), web(labels={"team.example.com/name": "x"}, cpu=0.5)
    for recording in (plain, changed):
        selector = recording.one(DEPLOYMENT).inputs["spec"]["selector"]["matchLabels"]
        assert selector == {"app.kubernetes.io/name": "web", "app.kubernetes.io/instance": "caas-staging-web"}
    assert pod(changed)["metadata"]["labels"]["team.example.com/name"] == "x"


def test_no_count_is_declared_where_load_decides() -> None:
    assert "replicas" not in web().one(DEPLOYMENT).inputs["spec"]


def test_a_fixed_count_is_declared_and_nothing_scales() -> None:
    recording = web(scaling=None, replicas=3)
    assert recording.one(DEPLOYMENT).inputs["spec"]["replicas"] == 3
    assert recording.of(AUTOSCALER) == []


def test_the_autoscaler_targets_the_deployment_and_its_container() -> None:
    recording = web(scaling={"minimum": 2, "maximum": 9, "cpu": 60, "memory": 80, "scaleInCooldown": 120})
    deployment, spec = recording.one(DEPLOYMENT), recording.one(AUTOSCALER).inputs["spec"]
    assert spec["scaleTargetRef"] == {
        "apiVersion": deployment.inputs["apiVersion"],
        "kind": deployment.inputs["kind"],
        "name": deployment.inputs["metadata"]["name"],
    }
    assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 9)
    targets = {m["containerResource"]["name"]: m["containerResource"]["target"] for m in spec["metrics"]}
    assert targets == {
        "cpu": {"type": "Utilization", "averageUtilization": 60},
        "memory": {"type": "Utilization", "averageUtilization": 80},
    }
    assert {m["containerResource"]["container"] for m in spec["metrics"]} == {container(recording)["name"]}
    assert spec["behavior"]["scaleDown"]["stabilizationWindowSeconds"] == 120
    assert {p["periodSeconds"] for p in spec["behavior"]["scaleUp"]["policies"]} == {60}


@pytest.mark.parametrize(
    ("changes", "budget"),
    [
        ({"scaling": {"minimum": 3, "maximum": 5}}, 1),
        ({"scaling": {"minimum": 2, "maximum": 2}}, 1),
        ({"scaling": None, "replicas": 2}, 1),
    ],
)
def test_a_drain_may_take_one_instance_and_leaves_at_least_one(changes: dict[str, Any], budget: int) -> None:
    recording = web(**changes)
    spec = recording.one(BUDGET).inputs["spec"]
    assert spec["maxUnavailable"] == budget
    assert spec["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
    assert recording.result["services"]["web"]["minimum"] > budget


def test_one_instance_has_no_budget_because_it_would_forbid_every_drain() -> None:
    world = environment({"web": service(scaling={"minimum": 1, "maximum": 3})}, stack="dev")
    assert declared(world).of(BUDGET) == []


def test_containers_cannot_become_root_or_write_their_image(full: Recording) -> None:
    spec = pod(full)["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert full.one(ACCOUNT, "web-account").inputs["automountServiceAccountToken"] is False
    security = spec["securityContext"]
    assert (security["runAsNonRoot"], security["runAsUser"], security["runAsGroup"]) == (True, 10001, 10001)
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    for one in [*spec["containers"], *spec["initContainers"]]:
        assert one["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "privileged": False,
            "readOnlyRootFilesystem": True,
        }


def test_probes_have_the_designs_defaults() -> None:
    one = container(web())
    figures = {
        key: (one[key]["periodSeconds"], one[key]["timeoutSeconds"], one[key]["failureThreshold"])
        for key in ("readinessProbe", "livenessProbe", "startupProbe")
    }
    assert figures == {"readinessProbe": (15, 5, 3), "livenessProbe": (30, 5, 3), "startupProbe": (10, 5, 12)}
    assert one["readinessProbe"]["httpGet"] == {"path": "/ready", "port": 8080, "scheme": "HTTP"}
    assert one["startupProbe"]["httpGet"]["path"] == "/ready"
    assert one["livenessProbe"]["tcpSocket"] == {"port": 8080}


def test_probes_take_what_the_service_says() -> None:
    health = {
        "readiness": {"path": "/r", "interval": 2, "timeout": 1, "failures": 4},
        "liveness": {"path": "/l", "port": 8081},
        "startup": {"path": "/s", "failures": 30},
    }
    one = container(web(health=health))
    assert (one["readinessProbe"]["periodSeconds"], one["readinessProbe"]["failureThreshold"]) == (2, 4)
    assert one["livenessProbe"]["httpGet"] == {"path": "/l", "port": 8081, "scheme": "HTTP"}
    assert (one["startupProbe"]["httpGet"]["path"], one["startupProbe"]["failureThreshold"]) == ("/s", 30)


def test_rollout_shutdown_and_the_limit_of_waiting() -> None:
    rollout = {"progressDeadline": 120, "maxSurge": 50, "maxUnavailable": 25, "endpointLag": 7, "stopTimeout": 90}
    recording = web(rollout=rollout)
    deployment = recording.one(DEPLOYMENT)
    assert deployment.inputs["spec"]["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": "50%", "maxUnavailable": "25%"},
    }
    assert deployment.inputs["spec"]["progressDeadlineSeconds"] == 120
    assert deployment.inputs["metadata"]["annotations"]["pulumi.com/timeoutSeconds"] == "130"
    assert deployment.timeouts == {"create": "130s", "update": "130s", "delete": "130s"}
    assert container(recording)["lifecycle"] == {"preStop": {"sleep": {"seconds": 7}}}
    assert pod(recording)["spec"]["terminationGracePeriodSeconds"] == 90


def test_without_endpoint_lag_there_is_no_pause() -> None:
    assert "lifecycle" not in container(web(rollout={"endpointLag": 0}))


def test_the_pods_carry_the_images_version() -> None:
    recording = web()
    assert container(recording)["image"] == GIVEN
    assert pod(recording)["metadata"]["labels"]["caas/digest"] == "a" * 12


def test_environment_port_and_resources(full: Recording) -> None:
    one = container(full)
    plain = {entry["name"]: entry["value"] for entry in one["env"] if "value" in entry}
    assert plain == {"GREETING": "Hello", "PORT": "8080"}
    # 64 MiB of scratch and 128 for the log; what lies on the persistent volume is not the node's.
    fixed = {"memory": "256Mi", "ephemeral-storage": "192Mi"}
    assert one["resources"] == {"limits": fixed, "requests": {"cpu": "250m", **fixed}}


def test_volumes(full: Recording) -> None:
    volumes = {volume["name"]: volume for volume in pod(full)["spec"]["volumes"]}
    claim = full.one(CLAIM)
    assert volumes["tmp"]["emptyDir"] == {"sizeLimit": "64Mi"}
    assert volumes["data"]["persistentVolumeClaim"]["claimName"] == claim.inputs["metadata"]["name"] == "web-data"
    assert claim.inputs["spec"]["resources"] == {"requests": {"storage": "512Mi"}}
    assert claim.inputs["spec"]["accessModes"] == ["ReadWriteMany"]
    assert {m["name"]: m["mountPath"] for m in container(full)["volumeMounts"]} == {"tmp": "/tmp", "data": "/data"}


def test_sidecars_are_native(full: Recording) -> None:
    (sidecar,) = pod(full)["spec"]["initContainers"]
    assert (sidecar["name"], sidecar["image"], sidecar["restartPolicy"]) == ("helper", SIDECAR, "Always")
    assert sidecar["resources"]["limits"] == {"memory": "32Mi", "ephemeral-storage": "128Mi"}


def test_the_policy_admits_only_who_has_business_here(full: Recording) -> None:
    spec = full.one(POLICY, "web-policy").inputs["spec"]
    (rule,) = spec["ingress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": 8080}]
    namespaces = [peer["namespaceSelector"]["matchLabels"] for peer in rule["from"] if "namespaceSelector" in peer]
    assert namespaces == [{"kubernetes.io/metadata.name": name} for name in ("ingress", "monitoring")]
    assert spec["egress"] == [{"to": [{"podSelector": {}}]}]
    internal = full.one(POLICY, "api-policy").inputs["spec"]["ingress"][0]["from"]
    assert {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress"}}} not in internal


def test_egress_is_open_only_to_what_is_named() -> None:
    recording = web(egress=[{"cidr": "10.20.0.0/16", "ports": [5432]}])
    assert recording.one(POLICY, "web-policy").inputs["spec"]["egress"] == [
        {"to": [{"podSelector": {}}]},
        {"to": [{"ipBlock": {"cidr": "10.20.0.0/16"}}], "ports": [{"protocol": "TCP", "port": 5432}]},
    ]


def test_ingress_with_and_without_a_certificate_of_its_own() -> None:
    named = web(ingress={"host": "shop.example.org", "tlsSecret": "shop-tls", "path": "/api"}).one(INGRESS)
    assert named.inputs["spec"]["tls"] == [{"hosts": ["shop.example.org"], "secretName": "shop-tls"}]
    (rule,) = named.inputs["spec"]["rules"]
    assert rule["host"] == "shop.example.org"
    assert rule["http"]["paths"] == [
        {"path": "/api", "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"name": "http"}}}}
    ]
    world = environment({"web": service(ingress={"path": "/"})}, kubernetes={"ingressClass": "traefik"})
    default = declared(world).one(INGRESS).inputs["spec"]
    assert default["tls"] == [{"hosts": ["web.example.com"]}]
    assert default["ingressClassName"] == "traefik"


def test_without_tls_the_address_says_so() -> None:
    recording = declared(environment({"web": service(ingress={"tls": False, "path": "/"})}, stack="dev"))
    assert "tls" not in recording.one(INGRESS).inputs["spec"]
    assert recording.result["services"]["web"]["url"] == "http://web.example.com/"


def test_waiting_is_the_deployments_business_alone(full: Recording) -> None:
    for type_ in (SERVICE, INGRESS, CLAIM):
        for one in full.of(type_):
            assert one.inputs["metadata"]["annotations"]["pulumi.com/skipAwait"] == "true", one.urn
    assert "pulumi.com/skipAwait" not in full.one(DEPLOYMENT, "web-deployment").inputs["metadata"]["annotations"]


def test_the_deployment_waits_for_what_its_pods_need(full: Recording) -> None:
    before = {urn.rpartition("::")[2] for urn in full.one(DEPLOYMENT, "web-deployment").depends_on}
    assert before >= {"web-account", "web-policy", "web-secret", "web-data-claim"}


def test_service_account_annotations() -> None:
    recording = web(serviceAccountAnnotations={"iam.example.com/role": "reader"})
    assert recording.one(ACCOUNT).inputs["metadata"]["annotations"]["iam.example.com/role"] == "reader"


def test_transforms_change_one_child_of_one_service() -> None:
    def annotate(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if args.type_ != SERVICE:
            return None
        spec = args.props["spec"]
        assert isinstance(spec, dict)
        changed = {**args.props, "spec": {**spec, "sessionAffinity": "ClientIP"}}
        return pulumi.ResourceTransformResult(changed, args.opts)

    def program() -> None:
        world = environment()
        changed = ServiceArgs(spec=world.services[0], environment=world, image=GIVEN, transforms=[annotate])
        Service("changed", changed)
        Service("plain", ServiceArgs(spec=world.services[0], environment=world, image=GIVEN))

    recording = record(program, transforms=True)
    assert recording.one(SERVICE, "changed-service").inputs["spec"]["sessionAffinity"] == "ClientIP"
    assert "sessionAffinity" not in recording.one(SERVICE, "plain-service").inputs["spec"]
    assert (
        recording.one(DEPLOYMENT, "changed-deployment").inputs == recording.one(DEPLOYMENT, "plain-deployment").inputs
    )


def test_alone_a_service_brings_its_own_closed_namespace() -> None:
    def program() -> pulumi.Output[str]:
        world = environment()
        return Service("web", ServiceArgs(spec=world.services[0], environment=world, image=GIVEN)).namespace

    recording = record(program)
    assert recording.result == "caas-staging"
    namespace = recording.one(NAMESPACE, "web-namespace")
    assert namespace.inputs["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert recording.one(POLICY, "web-default-deny").inputs["spec"]["podSelector"] == {}


def test_a_build_leaves_the_image_unknown_in_a_preview_and_by_digest_in_an_update() -> None:
    body = service(image=None, build={"context": "examples/hello"})
    world = environment({"web": body})
    assert container(declared(world, preview=True))["image"] == UNKNOWN
    applied = declared(world)
    assert container(applied)["image"] == f"registry.example.com/team/web@{DIGEST}"
    assert pod(applied)["metadata"]["labels"]["caas/digest"] == "d" * 12


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("http://127.0.0.1:18080", "http://web.example.com:18080/"),
        ("https://127.0.0.1:18443", "http://web.example.com/"),
        ("http://127.0.0.1", "http://web.example.com/"),
    ],
)
def test_the_url_names_the_port_where_the_ingress_has_one_of_its_own(endpoint: str, url: str) -> None:
    plain = service(ingress={"tls": False, "path": "/"})
    world = environment({"web": plain}, stack="dev", kubernetes={"ingressEndpoint": endpoint})
    assert declared(world).result["services"]["web"]["url"] == url
