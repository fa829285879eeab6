"""The shared load balancer: TLS, redirect, logs, and the order of the services' rules."""

from __future__ import annotations

from typing import Any

import pytest

from components.aws.load_balancer import SLOTS, priorities
from tests.components.aws.worlds import ACCOUNT, CERTIFICATE, OTHER_CERTIFICATE, declared, environment, service, web
from tests.components.recorder import Recording

BALANCER = "aws:lb/loadBalancer:LoadBalancer"
LISTENER = "aws:lb/listener:Listener"
RULE = "aws:lb/listenerRule:ListenerRule"
NOT_FOUND = {
    "type": "fixed-response",
    "fixedResponse": {"contentType": "text/plain", "messageBody": "Not found", "statusCode": "404"},
}


def listener(recording: Recording, name: str) -> dict[str, Any]:
    return recording.one(LISTENER, f"balancer-{name}").inputs


def test_https_with_modern_tls_and_the_certificate() -> None:
    https = listener(web(), "https")
    assert (https["port"], https["protocol"]) == (443, "HTTPS")
    assert https["sslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    assert https["certificateArn"] == CERTIFICATE
    assert https["defaultActions"] == [NOT_FOUND], "an address that nobody has leads nowhere"


def test_plain_http_leads_to_https() -> None:
    (action,) = listener(web(), "http")["defaultActions"]
    assert action == {
        "type": "redirect",
        "redirect": {"port": "443", "protocol": "HTTPS", "statusCode": "HTTP_301"},
    }


def test_without_tls_there_is_no_https_and_no_redirect() -> None:
    recording = web(stack="dev", ingress={"tls": False}, aws={"certificate": None})
    assert len(recording.of(LISTENER)) == 1
    assert listener(recording, "http")["defaultActions"] == [NOT_FOUND]
    assert recording.one(RULE).inputs["listenerArn"] == "arn:aws:balancer-http"
    assert recording.result["services"]["web"]["url"] == "http://web.example.com/"
    ports = [one.inputs["fromPort"] for one in recording.resources if one.name.startswith("balancer-in-")]
    assert ports == [80]


def test_a_service_s_own_certificate_is_served_beside_the_other() -> None:
    recording = web(ingress={"tlsSecret": OTHER_CERTIFICATE})
    assert listener(recording, "https")["certificateArn"] == CERTIFICATE
    extra = recording.one("aws:lb/listenerCertificate:ListenerCertificate").inputs
    assert extra["certificateArn"] == OTHER_CERTIFICATE
    alone = web(ingress={"tlsSecret": OTHER_CERTIFICATE}, aws={"certificate": None})
    assert listener(alone, "https")["certificateArn"] == OTHER_CERTIFICATE


@pytest.mark.parametrize(("stack", "protected"), [("dev", False), ("staging", False), ("prod", True)])
def test_the_balancer_is_hardened_and_protected_in_prod(stack: str, protected: bool) -> None:
    inputs = web(stack=stack).one(BALANCER).inputs
    assert inputs["dropInvalidHeaderFields"] is True
    assert inputs["desyncMitigationMode"] == "defensive"
    assert inputs["enableDeletionProtection"] is protected
    assert inputs["accessLogs"] == {"bucket": "balancer-logs-id", "enabled": True}
    assert inputs["loadBalancerType"] == "application"


def test_the_bucket_of_the_access_logs_is_closed() -> None:
    recording = web()
    bucket = recording.one("aws:s3/bucket:Bucket").inputs
    assert bucket == {"bucket": f"caas-staging-access-logs-{ACCOUNT}-eu-central-1", "forceDestroy": False}
    closed = recording.one("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock").inputs
    assert {key for key, value in closed.items() if value is True} == {
        "blockPublicAcls",
        "blockPublicPolicy",
        "ignorePublicAcls",
        "restrictPublicBuckets",
    }
    (rule,) = recording.one(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    ).inputs["rules"]
    assert rule == {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}
    (expiry,) = recording.one("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration").inputs["rules"]
    assert expiry["expiration"] == {"days": 30}
    assert [urn for urn in recording.one(BALANCER).depends_on if urn.endswith("::balancer-logs-policy")]


def test_rules_lead_by_host_and_path() -> None:
    recording = web(ingress={"path": "/shop"})
    rule = recording.one(RULE).inputs
    assert rule["listenerArn"] == "arn:aws:balancer-https"
    assert rule["conditions"] == [
        {"hostHeader": {"values": ["web.example.com"]}},
        {"pathPattern": {"values": ["/shop", "/shop/*"]}},
    ]
    assert rule["actions"] == [{"type": "forward", "targetGroupArn": "arn:aws:web-target-group"}]
    assert web().one(RULE).inputs["conditions"] == [{"hostHeader": {"values": ["web.example.com"]}}]


def many(count: int) -> dict[str, Any]:
    return {f"s{index}": service(ingress={"host": f"s{index}.example.com"}) for index in range(count)}


def test_longer_paths_come_first_and_no_two_share_a_place() -> None:
    paths = {
        "root": service(ingress={"host": "a.example.com", "path": "/"}),
        "shop": service(ingress={"host": "a.example.com", "path": "/shop"}),
        "cart": service(ingress={"host": "a.example.com", "path": "/shop/cart"}),
    }
    found = priorities(environment(paths).services)
    assert found["cart"] < found["shop"] < found["root"]
    crowd = priorities(environment(many(100)).services)
    assert len(set(crowd.values())) == 100
    assert all(1 <= place <= 50000 for place in [*crowd.values(), *found.values()])
    assert SLOTS * 10 <= 50000


def test_a_new_service_moves_hardly_any_other() -> None:
    before, after = priorities(environment(many(60)).services), priorities(environment(many(61)).services)
    assert sum(after[name] != place for name, place in before.items()) <= 1


def test_the_first_rule_exists_before_the_service() -> None:
    recording = declared(environment())
    waits = recording.one("aws:ecs/service:Service").depends_on
    assert [urn for urn in waits if urn.endswith("::web-rule")]
