"""Elastic Load Balancing: load balancers, listeners, rules, target groups, and the health of their targets."""

from __future__ import annotations

from collections import OrderedDict
from types import SimpleNamespace
from typing import Any

from moto.elbv2 import urls
from moto.elbv2.exceptions import TargetGroupNotFoundError
from moto.elbv2.models import (
    ELBv2Backend,
    FakeAction,
    FakeListener,
    FakeListenerRule,
    FakeLoadBalancer,
    FakeTargetGroup,
)

from sandbox.clouds.aws import tokens
from sandbox.clouds.aws.formats import ACCOUNT
from sandbox.clouds.aws.mirrored.ecs import address_of, tasks_of
from sandbox.clouds.aws.mirrored.seen import STARTED, Record, Seen, build, tagged
from sandbox.clouds.core.world import World

TAGGED = (tokens.LOAD_BALANCER, tokens.LISTENER, tokens.LISTENER_RULE, tokens.TARGET_GROUP)

FIELDS = {
    "hostHeader": "host-header",
    "pathPattern": "path-pattern",
    "httpHeader": "http-header",
    "httpRequestMethod": "http-request-method",
    "sourceIp": "source-ip",
}
"""A rule's condition in the world -> as AWS names its field. Query strings are pairs, and stand by themselves."""


def _balancers(backend: Balancers) -> dict[str, FakeLoadBalancer]:
    region = backend.region_name
    with backend.world.open() as world:
        made: dict[str, FakeLoadBalancer] = OrderedDict()
        for arn, record in world.all(tokens.LOAD_BALANCER, region).items():
            made[arn] = _balancer(world, region, record["state"])
        listeners: dict[str, FakeListener] = {}
        for arn, record in world.all(tokens.LISTENER, region).items():
            if (balancer := made.get(record["state"]["loadBalancerArn"])) is not None:
                listeners[arn] = balancer.listeners[arn] = _listener(record["state"])
        certificates = [record["state"] for record in world.all(tokens.LISTENER_CERTIFICATE, region).values()]
        rules = [record["state"] for record in world.all(tokens.LISTENER_RULE, region).values()]
    # A load balancer takes its listeners with it, and a listener what belongs to it.
    for state in certificates:
        if state["listenerArn"] in listeners:
            listeners[state["listenerArn"]].certificates.append(state["certificateArn"])
    for state in sorted(rules, key=lambda one: int(one["priority"])):
        if state["listenerArn"] in listeners:
            listeners[state["listenerArn"]].register(state["arn"], _rule(state))
    return made


def _balancer(world: World, region: str, state: Record) -> FakeLoadBalancer:
    subnets = [world.get(tokens.SUBNET, region, one) for one in state.get("subnets") or ()]
    made = build(
        FakeLoadBalancer,
        state["name"],
        list(state.get("securityGroups") or ()),
        [_subnet(one["state"]) for one in subnets if one is not None],
        state.get("vpcId"),
        state["arn"],
        state["dnsName"],
        "active",
        scheme="internal" if state["internal"] else "internet-facing",
        loadbalancer_type=state["loadBalancerType"],
        ip_address_type=state.get("ipAddressType") or "ipv4",
    )
    made.created_time = STARTED.isoformat()
    made.canonical_hosted_zone_id = state["zoneId"]
    logs = state.get("accessLogs") or {}
    made.attrs |= {
        "access_logs.s3.enabled": _flag(logs.get("enabled")),
        "access_logs.s3.bucket": logs.get("bucket") or "",
        "access_logs.s3.prefix": logs.get("prefix") or "",
        "deletion_protection.enabled": _flag(state["enableDeletionProtection"]),
        "idle_timeout.timeout_seconds": str(int(state["idleTimeout"])),
        "routing.http.drop_invalid_header_fields.enabled": _flag(state["dropInvalidHeaderFields"]),
        "routing.http.desync_mitigation_mode": state.get("desyncMitigationMode") or "defensive",
        "routing.http2.enabled": _flag(state["enableHttp2"]),
    }
    return made


def _subnet(state: Record) -> Any:
    return SimpleNamespace(id=state["id"], availability_zone=state.get("availabilityZone"), vpc_id=state["vpcId"])


def _flag(value: Any) -> str:
    return "true" if value else "false"


def _listener(state: Record) -> FakeListener:
    return build(
        FakeListener,
        state["loadBalancerArn"],
        state["arn"],
        state["protocol"],
        str(int(state["port"])),
        state["sslPolicy"],
        state.get("certificateArn"),
        [_action(one) for one in state["defaultActions"]],
        None,
    )


def _rule(state: Record) -> FakeListenerRule:
    conditions = [part for one in state["conditions"] for part in _conditions(one)]
    actions = [_action(one) for one in state["actions"]]
    return build(FakeListenerRule, state["listenerArn"], state["arn"], conditions, str(int(state["priority"])), actions)


def _action(state: Record) -> FakeAction:
    configurations = {"forward": "ForwardConfig", "redirect": "RedirectConfig", "fixedResponse": "FixedResponseConfig"}
    given = {key: value for key, value in state.items() if value is not None}
    if forward := given.get("forward"):
        groups = [
            {"targetGroupArn": one["arn"], "weight": int(one.get("weight", 1))} for one in forward["targetGroups"]
        ]
        given["forward"] = {"targetGroups": groups}
    if "order" in given:
        given["order"] = int(given["order"])
    return FakeAction({configurations.get(key) or _capital(key): _capitals(value) for key, value in given.items()})


def _conditions(state: Record) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"Field": field, f"{_capital(key)}Config": _capitals(state[key])}
        for key, field in FIELDS.items()
        if state.get(key)
    ]
    if pairs := state.get("queryStrings"):
        found.append({"Field": "query-string", "QueryStringConfig": {"Values": _capitals(pairs)}})
    return found


def _capitals(value: Any) -> Any:
    """A value of the world with the names that AWS's interface has: ``statusCode`` is ``StatusCode`` there."""
    if isinstance(value, dict):
        return {_capital(key): _capitals(each) for key, each in value.items() if each is not None}
    return [_capitals(each) for each in value] if isinstance(value, list) else value


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def _target_groups(backend: Balancers) -> dict[str, FakeTargetGroup]:
    region = backend.region_name
    behind: dict[str, set[str]] = {}
    for balancer in backend.load_balancers.values():
        for listener in balancer.listeners.values():
            for rule in listener.rules.values():
                for target in _targets(rule):
                    behind.setdefault(target, set()).add(balancer.arn)
    with backend.world.open() as world:
        return OrderedDict(
            (arn, _target_group(record["state"], region, sorted(behind.get(arn, ()))))
            for arn, record in world.all(tokens.TARGET_GROUP, region).items()
        )


def _targets(rule: Any) -> list[str]:
    """The target groups that a rule leads to."""
    found = []
    for action in rule.actions:
        found += [one["TargetGroupArn"] for one in action.data.get("ForwardConfig", {}).get("TargetGroups", ())]
        found += [action.data["TargetGroupArn"]] if "TargetGroupArn" in action.data else []
    return found


def _target_group(state: Record, region: str, balancers: list[str]) -> FakeTargetGroup:
    health = state.get("healthCheck") or {}
    made = build(
        FakeTargetGroup,
        state["name"],
        ACCOUNT,
        region,
        state.get("vpcId"),
        state.get("protocol"),
        str(int(state["port"])) if state.get("port") is not None else None,
        protocol_version=state.get("protocolVersion"),
        healthcheck_protocol=health.get("protocol"),
        healthcheck_port=health.get("port"),
        healthcheck_path=health.get("path"),
        healthcheck_interval_seconds=int(health.get("interval") or 30),
        healthcheck_timeout_seconds=int(health.get("timeout") or 5),
        healthy_threshold_count=str(int(health.get("healthyThreshold") or 5)),
        unhealthy_threshold_count=str(int(health.get("unhealthyThreshold") or 2)),
        matcher={"HttpCode": health["matcher"]} if health.get("matcher") else None,
        target_type=state["targetType"],
        ip_address_type=state.get("ipAddressType"),
    )
    made.arn, made.load_balancer_arns = state["arn"], balancers
    made.attributes |= {
        "deregistration_delay.timeout_seconds": str(int(state["deregistrationDelay"])),
        "slow_start.duration_seconds": str(int(state["slowStart"])),
    }
    return made


def _tags(backend: Balancers) -> Any:
    with backend.world.open() as world:
        return tagged(one for token in TAGGED for one in world.all(token, backend.region_name).values())


class Balancers(ELBv2Backend):
    """The world's load balancers, and the health of the targets that its services have."""

    load_balancers: Any = Seen(_balancers)
    target_groups: Any = Seen(_target_groups)
    tagging_service: Any = Seen(_tags)

    def __init__(self, world: World, region: str) -> None:
        self.world = world
        super().__init__(region, ACCOUNT)

    @property
    def _url_module(self) -> Any:
        return urls  # moto looks for it beside the class

    def describe_target_health(self, target_group_arn: str, targets: list[dict[str, Any]]) -> list[Any]:
        """Every task of the services behind the group; the world has no others."""
        del targets
        with self.world.open() as world:
            if world.find(tokens.TARGET_GROUP, self.region_name, "arn", target_group_arn) is None:
                raise TargetGroupNotFoundError()
            behind = [
                task
                for record in world.all(tokens.SERVICE, self.region_name).values()
                if target_group_arn in _groups(record["state"])
                for task in tasks_of(world, self.region_name, record)
            ]
        return [{"Target": {"Id": address_of(one)}, "TargetHealth": {"State": "healthy"}} for one in behind]


def _groups(service: Record) -> list[str]:
    found = []
    for one in service.get("loadBalancers") or ():
        advanced = one.get("advancedConfiguration") or {}
        found += [one.get("targetGroupArn"), advanced.get("alternateTargetGroupArn")]
    return [str(arn) for arn in found if arn]
