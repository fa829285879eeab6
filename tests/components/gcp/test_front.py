"""The front: who may reach a service, by what, and how a certificate comes to be."""

from __future__ import annotations

from typing import Any

import pytest

from components.spec import Environment
from tests.components.gcp.worlds import ACCOUNT, FULL, PROJECT, declared, environment, full, service, web
from tests.components.recorder import Recording

GATEWAY = "kubernetes:gateway.networking.k8s.io/v1:Gateway"
ROUTE = "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute"
INGRESS = "kubernetes:networking.k8s.io/v1:Ingress"
POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"


def callers(recording: Recording, name: str = "web-policy") -> list[dict[str, Any]]:
    """Who may call the service."""
    found: list[dict[str, Any]] = recording.one(POLICY, name).inputs["spec"]["ingress"][0]["from"]
    return found


def test_tls_is_served_by_one_gateway_with_a_managed_certificate() -> None:
    world = environment({"web": service(), "shop": service(ingress={"host": "web.example.com", "path": "/shop"})})
    recording = declared(world)
    gateway = recording.one(GATEWAY).inputs
    assert gateway["metadata"]["annotations"]["networking.gke.io/certmap"] == "caas-staging"
    assert [one["port"] for one in gateway["spec"]["listeners"]] == [443, 80]
    entry = recording.one("gcp:certificatemanager/certificateMapEntry:CertificateMapEntry").inputs
    assert (entry["hostname"], entry["map"]) == ("web.example.com", "caas-staging")
    assert recording.of(INGRESS) == []
    route = recording.one(ROUTE, "shop-route").inputs["spec"]
    assert route["hostnames"] == ["web.example.com"]
    assert route["rules"][0]["matches"] == [{"path": {"type": "PathPrefix", "value": "/shop"}}]
    assert recording.result["services"]["shop"]["url"] == "https://web.example.com/shop"
    assert recording.result["gke"]["address"] == "198.51.100.1"


def test_old_tls_is_refused_and_http_is_led_to_https() -> None:
    recording = web()
    policy = recording.one("gcp:compute/sSLPolicy:SSLPolicy").inputs
    assert policy["minTlsVersion"] == "TLS_1_2"
    applied = recording.one("kubernetes:networking.gke.io/v1:GCPGatewayPolicy").inputs["spec"]
    assert applied["default"] == {"sslPolicy": policy["name"]}
    rules = recording.one(ROUTE, "front-redirect").inputs["spec"]["rules"]
    assert rules[0]["filters"][0]["requestRedirect"] == {"scheme": "https", "statusCode": 301}


def test_the_load_balancer_asks_the_readiness_path() -> None:
    health = {"readiness": {"path": "/ready", "interval": 7, "timeout": 2, "failures": 4}}
    spec = web(health=health).one("kubernetes:networking.gke.io/v1:HealthCheckPolicy").inputs["spec"]["default"]
    assert (spec["checkIntervalSec"], spec["timeoutSec"], spec["unhealthyThreshold"]) == (7, 2, 4)
    assert spec["config"]["httpHealthCheck"]["requestPath"] == "/ready"


@pytest.mark.parametrize(
    ("world", "ingresses"),
    [
        (environment({"web": service(ingress={"tls": False})}, stack="dev"), 1),
        (environment({"web": service(ingress={"className": "nginx"})}), 1),
        (environment({"web": service()}, kubernetes={"ingressClass": "nginx"}), 1),
        (environment({"web": service(ingress=None)}), 0),
    ],
    ids=["without TLS", "its own class", "the environment's class", "internal"],
)
def test_there_is_no_gateway_where_none_is_asked_for(world: Environment, ingresses: int) -> None:
    recording = declared(world)
    assert len(recording.of(INGRESS)) == ingresses
    assert not recording.of(GATEWAY) + recording.of("gcp:compute/globalAddress:GlobalAddress")


def test_googles_front_may_call_and_no_other() -> None:
    blocks = {one["ipBlock"]["cidr"] for one in callers(web()) if "ipBlock" in one}
    assert blocks == {"130.211.0.0/22", "35.191.0.0/16"}
    own = declared(environment({"web": service()}, kubernetes={"ingressClass": "nginx"}))
    assert not [one for one in callers(own) if "ipBlock" in one]
    internal = web(ingress=None)
    assert not [one for one in callers(internal) if "ipBlock" in one]


def test_a_zone_gets_the_proof_and_the_address() -> None:
    recording = web(gcp={"zone": "example"})
    records = {one.inputs["type"]: one.inputs for one in recording.of("gcp:dns/recordSet:RecordSet")}
    assert (records["A"]["name"], records["A"]["rrdatas"]) == ("web.example.com.", ["198.51.100.1"])
    assert records["CNAME"]["name"].startswith("_proof.")
    certificate = recording.one("gcp:certificatemanager/certificate:Certificate").inputs["managed"]
    assert certificate["dnsAuthorizations"] == ["front-web.example.com-proof-id"]
    assert "dnsAuthorizations" not in web().one("gcp:certificatemanager/certificate:Certificate").inputs["managed"]


def test_a_service_may_act_as_the_account_that_it_names() -> None:
    recording = declared(full())
    binding = recording.one("gcp:serviceaccount/iAMMember:IAMMember").inputs
    assert binding["serviceAccountId"] == f"projects/{PROJECT}/serviceAccounts/{ACCOUNT}"
    assert binding["member"] == f"serviceAccount:{PROJECT}.svc.id.goog[caas-staging/web]"
    assert binding["role"] == "roles/iam.workloadIdentityUser"
    ways = recording.one(POLICY, "web-policy").inputs["spec"]["egress"]
    assert {"cidr": "169.254.169.254/32"} in [to["ipBlock"] for one in ways for to in one["to"] if "ipBlock" in to]
    assert "169.254" not in str(web().one(POLICY, "web-policy").inputs)


def test_no_secret_stands_in_a_document_of_google() -> None:
    recording = declared(full())
    assert FULL["secrets"]
    for one in recording.resources:
        if one.type.startswith("gcp:"):
            assert "marker" not in str(one.inputs)
