"""AWS's own client reads what the simulated AWS holds: as made, after each change, and no longer once it is gone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox.clouds.aws import tokens
from sandbox.clouds.aws.mirror import serving
from sandbox.clouds.aws.registry import push
from tests.sandbox.clouds.desk import TRUST, Desk

REGION = "eu-central-1"
ALLOWS = json.dumps({"Statement": [{"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "arn:aws:logs:::a"}]})
OF_AWS = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
KEY = "arn:aws:kms:eu-central-1:123456789012:key/0"

Client = Callable[[str], Any]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def client(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "simulated")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with serving(desk.cloud.world, REGION) as address:
        yield lambda service: boto3.client(service, region_name=REGION, endpoint_url=address)


def refused(call: Callable[[], Any]) -> str:
    """The code by which AWS refuses a call."""
    with pytest.raises(ClientError) as error:
        call()
    return str(error.value.response["Error"]["Code"])


def test_repositories(desk: Desk, client: Client) -> None:
    ecr = client("ecr")
    assert ecr.describe_repositories()["repositories"] == []
    key = desk.create(tokens.KEY)
    given = {
        "name": "shop/web",
        "imageTagMutability": "IMMUTABLE",
        "encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": key["arn"]}],
        "imageScanningConfiguration": {"scanOnPush": True},
        "tags": {"caas:stack": "dev"},
    }
    state = desk.create(tokens.REPOSITORY, **given)
    (read,) = ecr.describe_repositories(repositoryNames=["shop/web"])["repositories"]
    assert (read["repositoryArn"], read["repositoryUri"]) == (state["arn"], state["repositoryUrl"])
    assert read["imageTagMutability"] == "IMMUTABLE"
    assert read["imageScanningConfiguration"] == {"scanOnPush": True}
    assert read["encryptionConfiguration"] == {"encryptionType": "KMS", "kmsKey": key["arn"]}
    assert ecr.list_tags_for_resource(resourceArn=state["arn"])["tags"] == [{"Key": "caas:stack", "Value": "dev"}]

    expiry = json.dumps(
        {
            "rules": [
                {
                    "rulePriority": 1,
                    "selection": {
                        "tagStatus": "untagged",
                        "countType": "sinceImagePushed",
                        "countUnit": "days",
                        "countNumber": 7,
                    },
                    "action": {"type": "expire"},
                }
            ]
        }
    )
    policy = desk.create(tokens.LIFECYCLE_POLICY, repository="shop/web", policy=expiry)
    assert json.loads(ecr.get_lifecycle_policy(repositoryName="shop/web")["lifecyclePolicyText"]) == json.loads(expiry)
    push(desk.cloud.world, REGION, "shop/web", "live-dev-1", "sha256:" + "a" * 64)
    assert ecr.list_images(repositoryName="shop/web")["imageIds"] == [
        {"imageDigest": "sha256:" + "a" * 64, "imageTag": "live-dev-1"}
    ]

    changed = desk.update(tokens.REPOSITORY, state, **{**given, "imageTagMutability": "MUTABLE", "forceDelete": True})
    assert ecr.describe_repositories()["repositories"][0]["imageTagMutability"] == "MUTABLE"
    desk.delete(tokens.LIFECYCLE_POLICY, policy)
    gone = refused(lambda: ecr.get_lifecycle_policy(repositoryName="shop/web"))
    assert gone == "LifecyclePolicyNotFoundException"
    desk.delete(tokens.REPOSITORY, changed)
    assert refused(lambda: ecr.describe_repositories(repositoryNames=["shop/web"])) == "RepositoryNotFoundException"


def test_identity_providers(desk: Desk, client: Client) -> None:
    iam = client("iam")
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == []
    given = {"url": "https://git.example.org/oidc", "clientIdLists": ["caas-apply"]}
    provider = desk.create(tokens.IDENTITY_PROVIDER, **given)
    assert provider["arn"] == "arn:aws:iam::123456789012:oidc-provider/git.example.org/oidc"
    read = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider["arn"])
    assert (read["Url"], read["ClientIDList"]) == ("git.example.org/oidc", ["caas-apply"])
    desk.update(tokens.IDENTITY_PROVIDER, provider, **{**given, "clientIdLists": ["caas-apply", "caas-preview"]})
    read = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider["arn"])
    assert read["ClientIDList"] == ["caas-apply", "caas-preview"]
    desk.delete(tokens.IDENTITY_PROVIDER, provider)
    assert refused(lambda: iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider["arn"])) == "NoSuchEntity"


def test_roles(desk: Desk, client: Client) -> None:
    iam = client("iam")
    assert refused(lambda: iam.get_role(RoleName="runs")) == "NoSuchEntity"
    given = {"name": "runs", "assumeRolePolicy": TRUST, "maxSessionDuration": 7200.0, "tags": {"a": "b"}}
    role = desk.create(tokens.ROLE, **given)
    read = iam.get_role(RoleName="runs")["Role"]
    assert (read["Arn"], read["RoleId"], read["Path"]) == (role["arn"], role["uniqueId"], "/")
    assert read["AssumeRolePolicyDocument"] == json.loads(TRUST)
    assert (read["MaxSessionDuration"], read["Tags"]) == (7200, [{"Key": "a", "Value": "b"}])

    inline = desk.create(tokens.ROLE_POLICY, role="runs", name="logs", policy=ALLOWS)
    assert iam.list_role_policies(RoleName="runs")["PolicyNames"] == ["logs"]
    assert iam.get_role_policy(RoleName="runs", PolicyName="logs")["PolicyDocument"] == json.loads(ALLOWS)
    wider = ALLOWS.replace("PutLogEvents", "CreateLogStream")
    inline = desk.update(tokens.ROLE_POLICY, inline, role="runs", name="logs", policy=wider)
    assert iam.get_role_policy(RoleName="runs", PolicyName="logs")["PolicyDocument"] == json.loads(wider)

    policy = desk.create(tokens.POLICY, name="shared", policy=ALLOWS)
    attached = [
        desk.create(tokens.ROLE_POLICY_ATTACHMENT, role="runs", policyArn=arn) for arn in (OF_AWS, policy["arn"])
    ]
    assert {one["PolicyArn"] for one in iam.list_attached_role_policies(RoleName="runs")["AttachedPolicies"]} == {
        OF_AWS,
        policy["arn"],
    }
    assert iam.get_policy(PolicyArn=policy["arn"])["Policy"]["AttachmentCount"] == 1
    version = iam.get_policy_version(PolicyArn=policy["arn"], VersionId="v1")["PolicyVersion"]
    assert version["Document"] == json.loads(ALLOWS)

    for token, state in (
        (tokens.ROLE_POLICY_ATTACHMENT, attached[0]),
        (tokens.ROLE_POLICY_ATTACHMENT, attached[1]),
        (tokens.ROLE_POLICY, inline),
    ):
        desk.delete(token, state)
    assert iam.list_attached_role_policies(RoleName="runs")["AttachedPolicies"] == []
    assert iam.list_role_policies(RoleName="runs")["PolicyNames"] == []
    desk.delete(tokens.ROLE, role)
    desk.delete(tokens.POLICY, policy)
    assert iam.list_roles()["Roles"] == []
    assert iam.list_policies()["Policies"] == []


def test_log_groups(desk: Desk, client: Client) -> None:
    logs = client("logs")
    assert logs.describe_log_groups()["logGroups"] == []
    given = {"name": "/caas/dev/web", "retentionInDays": 14.0, "kmsKeyId": KEY, "tags": {"a": "b"}}
    group = desk.create(tokens.LOG_GROUP, **given)
    (read,) = logs.describe_log_groups(logGroupNamePrefix="/caas/")["logGroups"]
    assert (read["logGroupName"], read["retentionInDays"], read["kmsKeyId"]) == ("/caas/dev/web", 14, KEY)
    assert read["logGroupArn"] == group["arn"]
    assert logs.list_tags_for_resource(resourceArn=group["arn"])["tags"] == {"a": "b"}
    desk.update(tokens.LOG_GROUP, group, **{**given, "retentionInDays": 90.0})
    assert logs.describe_log_groups()["logGroups"][0]["retentionInDays"] == 90
    desk.delete(tokens.LOG_GROUP, group)
    assert logs.describe_log_groups()["logGroups"] == []


def test_alarms(desk: Desk, client: Client) -> None:
    watch = client("cloudwatch")
    assert watch.describe_alarms()["MetricAlarms"] == []
    metric = {
        "metricName": "RequestCount",
        "namespace": "AWS/ApplicationELB",
        "period": 60.0,
        "stat": "Sum",
        "dimensions": {"LoadBalancer": "app/shop/0"},
    }
    worst = {"id": "worst", "expression": "all0 * 2", "label": "errors", "returnData": True}
    given = {
        "name": "web-errors",
        "comparisonOperator": "GreaterThanThreshold",
        "threshold": 1.0,
        "evaluationPeriods": 3.0,
        "datapointsToAlarm": 2.0,
        "treatMissingData": "notBreaching",
        "metricQueries": [{"id": "all0", "metric": metric}, worst],
        "tags": {"a": "b"},
    }
    alarm = desk.create(tokens.ALARM, **given)
    (read,) = watch.describe_alarms(AlarmNames=["web-errors"])["MetricAlarms"]
    assert read["AlarmArn"] == alarm["arn"]
    assert (read["Threshold"], read["EvaluationPeriods"], read["DatapointsToAlarm"]) == (1.0, 3, 2)
    assert (read["ComparisonOperator"], read["TreatMissingData"]) == ("GreaterThanThreshold", "notBreaching")
    first, second = read["Metrics"]
    assert first["MetricStat"] == {
        "Metric": {
            "Namespace": "AWS/ApplicationELB",
            "MetricName": "RequestCount",
            "Dimensions": [{"Name": "LoadBalancer", "Value": "app/shop/0"}],
        },
        "Period": 60,
        "Stat": "Sum",
    }
    assert (second["Expression"], second["Label"], second["ReturnData"]) == ("all0 * 2", "errors", True)
    assert watch.list_tags_for_resource(ResourceARN=alarm["arn"])["Tags"] == [{"Key": "a", "Value": "b"}]
    desk.update(tokens.ALARM, alarm, **{**given, "threshold": 5.0})
    assert watch.describe_alarms()["MetricAlarms"][0]["Threshold"] == 5.0
    desk.delete(tokens.ALARM, alarm)
    assert watch.describe_alarms()["MetricAlarms"] == []


def test_an_alarm_on_one_figure(desk: Desk, client: Client) -> None:
    desk.create(
        tokens.ALARM,
        name="cpu",
        comparisonOperator="GreaterThanThreshold",
        evaluationPeriods=1.0,
        metricName="CPUUtilization",
        namespace="AWS/ECS",
        period=60.0,
        statistic="Average",
        threshold=80.0,
        dimensions={"ServiceName": "web"},
    )
    (read,) = client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert (read["Namespace"], read["MetricName"], read["Period"]) == ("AWS/ECS", "CPUUtilization", 60)
    assert (read["Statistic"], read["Dimensions"]) == ("Average", [{"Name": "ServiceName", "Value": "web"}])


def balancer(desk: Desk, **changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A load balancer, as it was asked for and as it is."""
    subnets = desk.subnets(desk.vpc())
    given = {"name": "shop", "subnets": [one["id"] for one in subnets], "dropInvalidHeaderFields": True, **changes}
    return given, desk.create(tokens.LOAD_BALANCER, **given)


def test_load_balancers(desk: Desk, client: Client) -> None:
    elb = client("elbv2")
    assert elb.describe_load_balancers()["LoadBalancers"] == []
    given, state = balancer(desk, tags={"a": "b"})
    (read,) = elb.describe_load_balancers(Names=["shop"])["LoadBalancers"]
    assert (read["LoadBalancerArn"], read["DNSName"]) == (state["arn"], state["dnsName"])
    assert (read["Scheme"], read["State"]["Code"], read["VpcId"]) == ("internet-facing", "active", state["vpcId"])
    zones = {one["ZoneName"]: one["SubnetId"] for one in read["AvailabilityZones"]}
    assert zones == dict(zip(("eu-central-1a", "eu-central-1b"), given["subnets"], strict=True))
    assert attributes(elb, state)["routing.http.drop_invalid_header_fields.enabled"] == "true"
    assert attributes(elb, state)["deletion_protection.enabled"] == "false"
    assert elb.describe_tags(ResourceArns=[state["arn"]])["TagDescriptions"][0]["Tags"] == [{"Key": "a", "Value": "b"}]
    desk.update(tokens.LOAD_BALANCER, state, **{**given, "idleTimeout": 90.0})
    assert attributes(elb, state)["idle_timeout.timeout_seconds"] == "90"
    desk.delete(tokens.LOAD_BALANCER, state)
    assert refused(lambda: elb.describe_load_balancers(Names=["shop"])) == "LoadBalancerNotFound"


def attributes(elb: Any, state: dict[str, Any]) -> dict[str, str]:
    """A load balancer's settings, as AWS lists them."""
    listed = elb.describe_load_balancer_attributes(LoadBalancerArn=state["arn"])["Attributes"]
    return {one["Key"]: one["Value"] for one in listed}


def test_listeners_and_their_rules(desk: Desk, client: Client) -> None:
    elb = client("elbv2")
    _, shop = balancer(desk)
    fixed = {"type": "fixed-response", "fixedResponse": {"contentType": "text/plain", "statusCode": "404"}}
    certificate = "arn:aws:acm:eu-central-1:123456789012:certificate/0"
    listener = desk.create(
        tokens.LISTENER,
        loadBalancerArn=shop["arn"],
        port=443.0,
        protocol="HTTPS",
        certificateArn=certificate,
        sslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06",
        defaultActions=[fixed],
    )
    (read,) = elb.describe_listeners(LoadBalancerArn=shop["arn"])["Listeners"]
    assert (read["ListenerArn"], read["Port"], read["Protocol"]) == (listener["arn"], 443, "HTTPS")
    assert (read["SslPolicy"], read["Certificates"]) == (listener["sslPolicy"], [{"CertificateArn": certificate}])
    assert read["DefaultActions"][0]["FixedResponseConfig"] == {"ContentType": "text/plain", "StatusCode": "404"}

    one, two = (desk.group({"id": shop["vpcId"]}, name=name) for name in ("one", "two"))
    weights = [{"arn": one["arn"], "weight": 90.0}, {"arn": two["arn"], "weight": 10.0}]
    given: dict[str, Any] = {
        "listenerArn": listener["arn"],
        "priority": 7.0,
        "conditions": [{"hostHeader": {"values": ["shop.example.com"]}}, {"pathPattern": {"values": ["/api/*"]}}],
        "actions": [{"type": "forward", "forward": {"targetGroups": weights}}],
    }
    rule = desk.create(tokens.LISTENER_RULE, **given)
    seen, default = elb.describe_rules(ListenerArn=listener["arn"])["Rules"]
    assert (seen["RuleArn"], seen["Priority"], seen["IsDefault"]) == (rule["arn"], "7", False)
    assert [(each["Field"], each["Values"]) for each in conditions(seen)] == [
        ("host-header", ["shop.example.com"]),
        ("path-pattern", ["/api/*"]),
    ]
    assert shares(seen) == {one["arn"]: 90, two["arn"]: 10}
    assert (default["Priority"], default["IsDefault"]) == ("default", True)

    weights[0]["weight"], weights[1]["weight"] = 0.0, 100.0
    rule = desk.update(tokens.LISTENER_RULE, rule, **given)
    assert shares(elb.describe_rules(RuleArns=[rule["arn"]])["Rules"][0]) == {one["arn"]: 0, two["arn"]: 100}
    behind = elb.describe_target_groups(LoadBalancerArn=shop["arn"])["TargetGroups"]
    assert [each["TargetGroupArn"] for each in behind] == [one["arn"], two["arn"]]

    desk.delete(tokens.LISTENER_RULE, rule)
    assert [each["Priority"] for each in elb.describe_rules(ListenerArn=listener["arn"])["Rules"]] == ["default"]
    desk.delete(tokens.LISTENER, listener)
    assert elb.describe_listeners(LoadBalancerArn=shop["arn"])["Listeners"] == []


def conditions(rule: dict[str, Any]) -> list[dict[str, Any]]:
    """A rule's conditions, each with its values where AWS now puts them."""
    return [
        {"Field": one["Field"], "Values": next(value["Values"] for key, value in one.items() if key.endswith("Config"))}
        for one in rule["Conditions"]
    ]


def shares(rule: dict[str, Any]) -> dict[str, int]:
    """Target group -> weight, of a rule's one action."""
    (action,) = rule["Actions"]
    return {one["TargetGroupArn"]: one["Weight"] for one in action["ForwardConfig"]["TargetGroups"]}


def test_a_load_balancer_takes_its_listeners_with_it(desk: Desk, client: Client) -> None:
    _, shop = balancer(desk)
    target = desk.group({"id": shop["vpcId"]})
    action = {"type": "forward", "targetGroupArn": target["arn"]}
    listener = desk.create(tokens.LISTENER, loadBalancerArn=shop["arn"], port=80.0, defaultActions=[action])
    desk.delete(tokens.LOAD_BALANCER, shop)
    elb = client("elbv2")
    assert refused(lambda: elb.describe_listeners(ListenerArns=[listener["arn"]])) == "ListenerNotFound"
    assert elb.describe_target_groups()["TargetGroups"][0]["LoadBalancerArns"] == []


def test_target_groups(desk: Desk, client: Client) -> None:
    elb = client("elbv2")
    assert elb.describe_target_groups()["TargetGroups"] == []
    health = {"path": "/ready", "interval": 15.0, "timeout": 5.0, "healthyThreshold": 2.0, "matcher": "200-299"}
    given: dict[str, Any] = {"deregistrationDelay": 30.0, "healthCheck": health}
    vpc = desk.vpc()
    group = desk.group(vpc, **given)
    (read,) = elb.describe_target_groups(Names=["web"])["TargetGroups"]
    assert (read["TargetGroupArn"], read["Port"], read["TargetType"]) == (group["arn"], 8080, "ip")
    assert (read["HealthCheckPath"], read["HealthCheckIntervalSeconds"]) == ("/ready", 15)
    assert (read["HealthyThresholdCount"], read["Matcher"]) == (2, {"HttpCode": "200-299"})
    assert delay(elb, group) == "30"
    usual = {"name": "web", "port": 8080.0, "protocol": "HTTP", "targetType": "ip", "vpcId": vpc["id"]}
    desk.update(tokens.TARGET_GROUP, group, **{**usual, **given, "deregistrationDelay": 60.0})
    assert delay(elb, group) == "60"
    desk.delete(tokens.TARGET_GROUP, group)
    assert elb.describe_target_groups()["TargetGroups"] == []


def delay(elb: Any, group: dict[str, Any]) -> str:
    """Seconds for which a target that goes is still served."""
    listed = elb.describe_target_group_attributes(TargetGroupArn=group["arn"])["Attributes"]
    return next(str(one["Value"]) for one in listed if one["Key"] == "deregistration_delay.timeout_seconds")
