"""Elastic Load Balancing: load balancers, target groups, listeners and their rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.clouds.aws import tokens
from sandbox.clouds.aws.formats import arn, tail
from sandbox.clouds.aws.network import GROUP, IN_SUBNET, IN_VPC
from sandbox.clouds.core.errors import CloudError
from sandbox.clouds.core.model import Call, Kind, Name, Quota, Reference, Unique, Values
from sandbox.rpc.arguments import Failure

NAME = Name(
    "name",
    32,
    r"(?!internal-)(?!-)[a-zA-Z0-9-]*[a-zA-Z0-9]",
    "is no valid name: letters, digits and hyphens, none at either end, and not beginning with internal-",
)
TARGET = Reference(tokens.TARGET_GROUP, "arn", "TargetGroupNotFound", "One or more target groups not found: '{value}'")
FORWARDS = "forward.targetGroups.arn"
TYPES = ("forward", "redirect", "fixed-response", "authenticate-cognito", "authenticate-oidc", "jwt-validation")

ZONES = {"eu-central-1": "Z215JYRZR1TBD5", "us-east-1": "Z35SXDOTRQ7X7K", "eu-west-1": "Z32O12XQLNTSW2"}
"""Route 53's zone of the load balancers of a region; another region gets the first."""


def _balancer(call: Call) -> dict[str, Any]:
    kind = {"application": "app", "network": "net", "gateway": "gwy"}[call.inputs["loadBalancerType"]]
    digits, name = tail(), call.inputs["name"]
    suffix = f"{kind}/{name}/{digits}"
    subnet = call.the(tokens.SUBNET, "id", (call.inputs.get("subnets") or [None])[0])
    host = f"{name}-{int(digits[:8], 16)}.{call.scope.region}.elb.amazonaws.com"
    made = arn(call.scope, "elasticloadbalancing", f"loadbalancer/{suffix}")
    return {
        "id": made,
        "arn": made,
        "arnSuffix": suffix,
        "dnsName": f"internal-{host}" if call.inputs["internal"] else host,
        "vpcId": subnet["vpcId"] if subnet else None,
        "zoneId": ZONES.get(call.scope.region, ZONES["eu-central-1"]),
    }


def _admit_balancer(call: Call) -> None:
    subnets = [call.the(tokens.SUBNET, "id", each) or {} for each in call.inputs.get("subnets") or ()]
    zones = [each.get("availabilityZone") for each in subnets]
    if (
        call.inputs["loadBalancerType"] == "application"
        and len(set(zones)) < 2
        and not call.inputs.get("subnetMappings")
    ):
        raise CloudError(
            "ValidationError", "At least two subnets in two different Availability Zones must be specified"
        )
    if len(set(zones)) != len(zones):
        raise CloudError(
            "InvalidConfigurationRequest", "A load balancer cannot be attached to multiple subnets in the same zone"
        )


def _unprotected(call: Call) -> None:
    if call.inputs.get("enableDeletionProtection"):
        message = f"Load balancer '{call.id}' cannot be deleted because deletion protection is enabled"
        raise CloudError("OperationNotPermitted", message)


def _group(call: Call) -> dict[str, Any]:
    suffix = f"targetgroup/{call.inputs['name']}/{tail()}"
    made = arn(call.scope, "elasticloadbalancing", suffix)
    return {"id": made, "arn": made, "arnSuffix": suffix, "loadBalancerArns": []}


def _check_group(inputs: Values) -> Iterator[Failure]:
    if inputs.get("targetType") != "lambda":
        for key in ("port", "protocol", "vpcId"):
            if inputs.get(key) is None:
                yield Failure(key, f'"{key}" should be set when target type is {inputs.get("targetType", "instance")}')


def _listener(call: Call) -> dict[str, Any]:
    made = f"{call.inputs['loadBalancerArn'].replace(':loadbalancer/', ':listener/')}/{tail()}"
    secure = call.inputs.get("protocol") in ("HTTPS", "TLS")
    policy = call.inputs.get("sslPolicy") or ("ELBSecurityPolicy-2016-08" if secure else "")
    return {"id": made, "arn": made, "sslPolicy": policy, "protocol": call.inputs.get("protocol") or "HTTP"}


def _admit_listener(call: Call) -> None:
    secure = call.inputs.get("protocol") in ("HTTPS", "TLS")
    if secure and not call.inputs.get("certificateArn"):
        raise CloudError("CertificateNotFound", "A certificate must be specified for HTTPS listeners")
    if not secure and (call.inputs.get("certificateArn") or call.inputs.get("sslPolicy")):
        raise CloudError("InvalidConfigurationRequest", "A certificate cannot be specified for HTTP listeners")
    for action in call.inputs["defaultActions"]:
        _admit_action(action)


def _admit_action(action: Values) -> None:
    kind = action["type"]
    if kind == "forward" and not (action.get("targetGroupArn") or (action.get("forward") or {}).get("targetGroups")):
        raise CloudError("ValidationError", "A target group ARN must be specified")
    key = {"redirect": "redirect", "fixed-response": "fixedResponse"}.get(kind)
    if key and not action.get(key):
        raise CloudError("ValidationError", f"A {kind} action must have a {kind} configuration")
    weights = [each.get("weight", 1) for each in (action.get("forward") or {}).get("targetGroups") or ()]
    if any(not 0 <= weight <= 999 for weight in weights):
        raise CloudError("ValidationError", "Target group weights must be between 0 and 999")


def _rule(call: Call) -> dict[str, Any]:
    made = f"{call.inputs['listenerArn'].replace(':listener/', ':listener-rule/')}/{tail()}"
    taken = [float(each["priority"]) for each in call.others(tokens.LISTENER_RULE) if _beside(each, call)]
    return {"id": made, "arn": made, "priority": call.inputs.get("priority") or max(taken, default=0) + 1}


def _beside(other: Values, call: Call) -> bool:
    return bool(other["listenerArn"] == call.inputs["listenerArn"])


def _admit_rule(call: Call) -> None:
    priority = call.inputs.get("priority")
    for other in call.others(tokens.LISTENER_RULE):
        if priority is not None and _beside(other, call) and other["priority"] == priority:
            raise CloudError("PriorityInUse", f"Priority '{priority:g}' is currently in use")
    values = 0
    for condition in call.inputs["conditions"]:
        for key in ("hostHeader", "pathPattern", "httpHeader", "httpRequestMethod", "sourceIp", "queryStrings"):
            given = condition.get(key)
            values += len(given.get("values") or ()) if isinstance(given, dict) else len(given or ())
    if values > 5:
        raise CloudError("TooManyConditionValues", f"A rule can have up to 5 condition values, got {values}")
    for action in call.inputs["actions"]:
        _admit_action(action)


KINDS = (
    Kind(
        tokens.LOAD_BALANCER,
        "Elastic Load Balancing v2",
        "Load Balancer",
        _balancer,
        computed=("arn", "arnSuffix", "dnsName", "vpcId", "zoneId"),
        replaces=frozenset({"name", "namePrefix", "internal", "loadBalancerType", "customerOwnedIpv4Pool"}),
        name=NAME,
        defaults={
            "loadBalancerType": "application",
            "internal": False,
            "enableDeletionProtection": False,
            "idleTimeout": 60,
            "enableHttp2": True,
            "dropInvalidHeaderFields": False,
        },
        choices={
            "loadBalancerType": ("application", "network", "gateway"),
            "ipAddressType": ("ipv4", "dualstack", "dualstack-without-public-ipv4"),
            "desyncMitigationMode": ("monitor", "defensive", "strictest"),
        },
        ranges={"idleTimeout": (1, 4000)},
        references={
            "subnets": IN_SUBNET,
            "securityGroups": GROUP,
            "accessLogs.bucket": Reference(
                tokens.BUCKET,
                "bucket",
                "InvalidConfigurationRequest",
                "Access Denied for bucket: {value}. Please check S3bucket permission",
                holds=False,
            ),
        },
        unique=Unique(
            ("name",),
            "DuplicateLoadBalancerName",
            "A load balancer with the same name '{value}' exists, but with different settings",
        ),
        quota=Quota(50, "TooManyLoadBalancers", "The maximum number of load balancers has been reached"),
        held=("ResourceInUse", "Load balancer '{id}' is currently associated with another resource"),
        admit=_admit_balancer,
        release=_unprotected,
    ),
    Kind(
        tokens.TARGET_GROUP,
        "Elastic Load Balancing v2",
        "Target Group",
        _group,
        computed=("arn", "arnSuffix", "loadBalancerArns"),
        replaces=frozenset(
            {"name", "namePrefix", "port", "protocol", "protocolVersion", "targetType", "vpcId", "ipAddressType"}
        ),
        name=NAME,
        defaults={"targetType": "instance", "deregistrationDelay": 300, "slowStart": 0},
        choices={
            "targetType": ("instance", "ip", "lambda", "alb"),
            "protocol": ("HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE", "QUIC", "TCP_QUIC"),
            "protocolVersion": ("HTTP1", "HTTP2", "GRPC"),
            "healthCheck.protocol": ("HTTP", "HTTPS", "TCP"),
        },
        ranges={
            "deregistrationDelay": (0, 3600),
            "healthCheck.interval": (5, 300),
            "healthCheck.timeout": (2, 120),
            "healthCheck.healthyThreshold": (2, 10),
            "healthCheck.unhealthyThreshold": (2, 10),
            "port": (1, 65535),
        },
        references={"vpcId": IN_VPC},
        unique=Unique(
            ("name",),
            "DuplicateTargetGroupName",
            "A target group with the same name '{value}' exists, but with different settings",
        ),
        held=("ResourceInUse", "Target group '{id}' is currently in use by a listener or a rule"),
        quota=Quota(3000, "TooManyTargetGroups", "The maximum number of target groups has been reached"),
        check=_check_group,
    ),
    Kind(
        tokens.LISTENER,
        "Elastic Load Balancing v2",
        "Listener",
        _listener,
        computed=("arn", "sslPolicy", "protocol"),
        replaces=frozenset({"loadBalancerArn"}),
        choices={"defaultActions.type": TYPES, "protocol": ("HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP")},
        ranges={"port": (1, 65535)},
        references={
            # A load balancer takes its listeners with it.
            "loadBalancerArn": Reference(
                tokens.LOAD_BALANCER, "arn", "LoadBalancerNotFound", "Load balancer '{value}' not found", holds=False
            ),
            "defaultActions.targetGroupArn": TARGET,
            f"defaultActions.{FORWARDS}": TARGET,
        },
        unique=Unique(
            ("loadBalancerArn", "port"),
            "DuplicateListener",
            "A listener already exists on this port for this load balancer '{loadBalancerArn}'",
        ),
        quota=Quota(50, "TooManyListeners", "The maximum number of listeners has been reached", per="loadBalancerArn"),
        admit=_admit_listener,
    ),
    Kind(
        tokens.LISTENER_RULE,
        "Elastic Load Balancing v2",
        "Listener Rule",
        _rule,
        computed=("arn", "priority"),
        replaces=frozenset({"listenerArn"}),
        choices={"actions.type": TYPES},
        ranges={"priority": (1, 50000)},
        references={
            "listenerArn": Reference(
                tokens.LISTENER, "arn", "ListenerNotFound", "One or more listeners not found: '{value}'", holds=False
            ),
            "actions.targetGroupArn": TARGET,
            f"actions.{FORWARDS}": TARGET,
        },
        quota=Quota(100, "TooManyRules", "The maximum number of rules has been reached", per="listenerArn"),
        admit=_admit_rule,
    ),
    Kind(
        tokens.LISTENER_CERTIFICATE,
        "Elastic Load Balancing v2",
        "Listener Certificate",
        lambda call: {"id": f"{call.inputs['listenerArn']}_{call.inputs['certificateArn']}"},
        replaces=frozenset({"listenerArn", "certificateArn"}),
        references={
            "listenerArn": Reference(
                tokens.LISTENER, "arn", "ListenerNotFound", "One or more listeners not found: '{value}'", holds=False
            )
        },
        quota=Quota(25, "TooManyCertificates", "The maximum number of certificates is {limit}.", per="listenerArn"),
    ),
)
