"""What the simulated Route 53, Certificate Manager and WAF refuse, in AWS's words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandbox.clouds.aws import tokens
from sandbox.clouds.core.errors import CloudError
from tests.sandbox.clouds.desk import Desk

VALIDATION = "aws:acm/certificateValidation:CertificateValidation"
ASSOCIATION = "aws:wafv2/webAclAssociation:WebAclAssociation"
SEEN = {"cloudwatchMetricsEnabled": True, "metricName": "m", "sampledRequestsEnabled": True}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def record(desk: Desk, zone: dict[str, Any], **changes: Any) -> dict[str, Any]:
    usual = {"name": "www.example.org", "type": "A", "ttl": 60.0, "records": ["10.0.0.1"]}
    return desk.create(tokens.RECORD, zoneId=zone["id"], **{**usual, **changes})


def acl(desk: Desk, *groups: str, **rule: Any) -> dict[str, Any]:
    usual = {"overrideAction": {"none": {}}, "visibilityConfig": SEEN}
    rules = [
        {
            "name": name,
            "priority": float(index),
            "statement": {"managedRuleGroupStatement": {"name": name, "vendorName": "AWS"}},
            **usual,
            **rule,
        }
        for index, name in enumerate(groups)
    ]
    return desk.create(
        tokens.WEB_ACL,
        name="own",
        scope="REGIONAL",
        defaultAction={"allow": {}},
        visibilityConfig=SEEN,
        rules=rules,
    )


def test_a_name_is_relative_to_its_zone_and_taken_once(desk: Desk) -> None:
    zone = desk.create(tokens.HOSTED_ZONE, name="example.org")
    assert record(desk, zone)["fqdn"] == "www.example.org"
    assert record(desk, zone, name="other")["fqdn"] == "other.example.org"
    with pytest.raises(CloudError, match="but it already exists"):
        record(desk, zone)
    record(desk, zone, allowOverwrite=True)
    with pytest.raises(CloudError, match="HostedZoneNotEmpty"):
        desk.delete(tokens.HOSTED_ZONE, zone)


def test_a_record_needs_a_zone_and_values(desk: Desk) -> None:
    with pytest.raises(CloudError, match="No hosted zone found with ID: Z1"):
        record(desk, {"id": "Z1"})
    found = "\n".join(desk.check(tokens.RECORD, zoneId="Z1", name="a", type="A"))
    assert "one of `aliases,records` must be specified" in found
    found = "\n".join(desk.check(tokens.RECORD, zoneId="Z1", name="a", type="A", records=["10.0.0.1"]))
    assert "all of `records,ttl` must be specified" in found


def test_a_certificate_is_issued_once_every_name_is_proven(desk: Desk) -> None:
    zone = desk.create(tokens.HOSTED_ZONE, name="example.org")
    names = {"domainName": "a.example.org", "subjectAlternativeNames": ["b.example.org"]}
    certificate = desk.create(tokens.CERTIFICATE, validationMethod="DNS", **names)
    first, second = certificate["domainValidationOptions"]
    for proof in (first, second):
        with pytest.raises(CloudError, match="last state: 'PENDING_VALIDATION'"):
            desk.create(VALIDATION, certificateArn=certificate["arn"])
        value = [proof["resourceRecordValue"]]
        record(desk, zone, name=proof["resourceRecordName"], type=proof["resourceRecordType"], records=value)
    desk.create(VALIDATION, certificateArn=certificate["arn"])
    with desk.cloud.world.open() as world:
        found = world.find(tokens.CERTIFICATE, "eu-central-1", "arn", certificate["arn"])
    assert found is not None
    assert found["state"]["status"] == "ISSUED"


def test_a_certificate_holds_ten_names(desk: Desk) -> None:
    more = [f"s{index}.example.org" for index in range(10)]
    with pytest.raises(CloudError, match="limited to 10"):
        desk.create(tokens.CERTIFICATE, domainName="a.example.org", subjectAlternativeNames=more)
    with pytest.raises(CloudError, match="no longer than 64"):
        desk.create(tokens.CERTIFICATE, domainName=f"{'a' * 60}.example.org")


def test_a_web_acl_takes_known_groups_with_an_override(desk: Desk) -> None:
    with pytest.raises(CloudError, match="couldn't find the managed rule group AWSManagedRulesNothing"):
        acl(desk, "AWSManagedRulesNothing")
    with pytest.raises(CloudError, match="priority more than once"):
        acl(desk, *["AWSManagedRulesUnixRuleSet"] * 2, priority=1.0)
    with pytest.raises(CloudError, match="a rule group takes an override action"):
        acl(desk, "AWSManagedRulesUnixRuleSet", overrideAction=None)
    made = acl(desk, "AWSManagedRulesCommonRuleSet", "AWSManagedRulesAmazonIpReputationList")
    assert made["capacity"] == 725
    with pytest.raises(CloudError, match="WAFDuplicateItemException"):
        acl(desk, "AWSManagedRulesCommonRuleSet")


def test_a_load_balancer_has_one_web_acl_which_stays_meanwhile(desk: Desk) -> None:
    vpc = desk.vpc()
    desk.listener(desk.subnets(vpc), desk.group(vpc))
    with desk.cloud.world.open() as world:
        (balancer,) = (one["state"] for one in world.all(tokens.LOAD_BALANCER, "eu-central-1").values())
    made = acl(desk)
    with pytest.raises(CloudError, match="WAFUnavailableEntityException"):
        desk.create(ASSOCIATION, resourceArn=f"{balancer['arn']}0", webAclArn=made["arn"])
    desk.create(ASSOCIATION, resourceArn=balancer["arn"], webAclArn=made["arn"])
    with pytest.raises(CloudError, match="has a web ACL already"):
        desk.create(ASSOCIATION, resourceArn=balancer["arn"], webAclArn=made["arn"])
    with pytest.raises(CloudError, match="WAFAssociatedItemException"):
        desk.delete(tokens.WEB_ACL, made)
