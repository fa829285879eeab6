"""A load balancer of a class for each service on Kubernetes, in place of an Ingress."""

from __future__ import annotations

from tests.components.declared_services import DEPLOYMENT, INGRESS, POLICY, SERVICE, declared
from tests.components.worlds import environment, service

BALANCED = {
    "loadBalancer": {
        "className": "service.k8s.aws/nlb",
        "sources": ["203.0.113.0/24", "198.51.100.7/32"],
        "annotations": {"service.beta.kubernetes.io/aws-load-balancer-scheme": "internet-facing"},
    }
}


def test_a_load_balancer_of_a_class_stands_in_place_of_an_ingress() -> None:
    services = {"web": service(ingress={"path": "/"}), "inside": service()}
    recording = declared(environment(services, kubernetes=BALANCED))
    assert recording.of(INGRESS) == []
    balancers = [one for one in recording.of(SERVICE) if one.inputs["spec"]["type"] == "LoadBalancer"]
    assert [one.inputs["metadata"]["name"] for one in balancers] == ["web-balancer"]
    spec, metadata = balancers[0].inputs["spec"], balancers[0].inputs["metadata"]
    assert spec["loadBalancerClass"] == "service.k8s.aws/nlb"
    assert spec["loadBalancerSourceRanges"] == ["203.0.113.0/24", "198.51.100.7/32"]
    assert spec["externalTrafficPolicy"] == "Local"
    assert spec["selector"] == recording.one(DEPLOYMENT, "web-deployment").inputs["spec"]["selector"]["matchLabels"]
    assert spec["ports"] == [{"name": "https", "port": 443, "targetPort": "http", "protocol": "TCP"}]
    assert metadata["annotations"]["service.beta.kubernetes.io/aws-load-balancer-scheme"] == "internet-facing"
    assert metadata["annotations"]["external-dns.alpha.kubernetes.io/hostname"] == "web.example.com"
    inside = recording.one(SERVICE, "web-service").inputs["spec"]
    assert (inside["type"], inside["ports"][0]["port"]) == ("ClusterIP", 80)
    assert recording.result["services"]["web"]["url"] == "https://web.example.com/"


def test_only_the_balancers_sources_reach_the_service_from_outside() -> None:
    services = {"web": service(ingress={"path": "/"}), "inside": service()}
    recording = declared(environment(services, kubernetes=BALANCED))
    (rule,) = recording.one(POLICY, "web-policy").inputs["spec"]["ingress"]
    metrics = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
    assert [one for one in rule["from"] if one != metrics] == [
        {"podSelector": {}},
        {"ipBlock": {"cidr": "203.0.113.0/24"}},
        {"ipBlock": {"cidr": "198.51.100.7/32"}},
    ]
    (internal,) = recording.one(POLICY, "inside-policy").inputs["spec"]["ingress"]
    assert [one for one in internal["from"] if one != metrics] == [{"podSelector": {}}]


def test_without_tls_the_balancer_listens_on_port_80() -> None:
    plain = {"loadBalancer": {"className": "metallb.io/metallb", "sources": ["10.0.0.0/8"]}}
    body = service(ingress={"tls": False, "path": "/"})
    recording = declared(environment({"web": body}, stack="dev", kubernetes=plain))
    (port,) = recording.one(SERVICE, "web-balancer").inputs["spec"]["ports"]
    assert (port["name"], port["port"]) == ("http", 80)
    assert recording.result["services"]["web"]["url"] == "http://web.example.com/"


def test_traffic_that_moves_between_versions_stays_with_the_gateway() -> None:
    body = service(ingress={"path": "/"}, rollout={"strategy": "canary"})
    kubernetes = {**BALANCED, "gateway": "ingress/front"}
    gate = {"prometheus": "http://prometheus:9090"}
    recording = declared(environment({"web": body}, kubernetes=kubernetes, gate=gate))
    assert [one.inputs["spec"]["type"] for one in recording.of(SERVICE)] == ["ClusterIP"]
    assert len(recording.of("kubernetes:gateway.networking.k8s.io/v1:HTTPRoute")) == 1
