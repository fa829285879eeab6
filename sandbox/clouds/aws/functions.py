"""What programs ask AWS without making anything."""

from __future__ import annotations

import base64
import json
import secrets
import zlib
from fnmatch import fnmatchcase
from typing import Any

from sandbox.clouds.aws import tokens
from sandbox.clouds.aws.formats import ZONES, arn
from sandbox.clouds.aws.network import zone_id
from sandbox.clouds.core.errors import CloudError
from sandbox.clouds.core.model import Scope, Values
from sandbox.clouds.core.world import World

FILTERS = {"vpc-id": "vpcId", "subnet-id": "id", "availability-zone": "availabilityZone", "cidr": "cidrBlock"}
"""A filter's name and the property of the state that it looks at; ``tag:…`` looks at a tag."""


def caller_identity(_world: World, scope: Scope, _inputs: Values) -> dict[str, Any]:
    """Who calls: always the same role of the simulated account."""
    caller = arn(scope, "sts", "assumed-role/sandbox/sandbox", region="")
    return {"accountId": scope.account, "arn": caller, "id": scope.account, "userId": "AROASANDBOXSANDBOX123:sandbox"}


def region(_world: World, scope: Scope, inputs: Values) -> dict[str, Any]:
    """The region, the provider's own unless one is named."""
    name = inputs.get("name") or scope.region
    endpoint = f"ec2.{name}.amazonaws.com"
    return {"id": name, "name": name, "region": name, "description": name, "endpoint": endpoint}


def availability_zones(_world: World, scope: Scope, inputs: Values) -> dict[str, Any]:
    """The region's three zones."""
    excluded = inputs.get("excludeNames") or ()
    names = [f"{scope.region}{letter}" for letter in ZONES if f"{scope.region}{letter}" not in excluded]
    ids = [zone_id(each) for each in names]
    groups = [f"{scope.region}-zg-1"]
    return {**inputs, "id": scope.region, "region": scope.region, "names": names, "zoneIds": ids, "groupNames": groups}


def policy_document(_world: World, _scope: Scope, inputs: Values) -> dict[str, Any]:
    """Statements as IAM's JSON: one value as a text, several as a list."""
    document: dict[str, Any] = {"Version": inputs.get("version") or "2012-10-17"}
    if inputs.get("policyId"):
        document["Id"] = inputs["policyId"]
    merged = [
        statement
        for text in (inputs.get("sourcePolicyDocuments") or ())
        for statement in json.loads(text).get("Statement", ())
    ]
    document["Statement"] = [*merged, *(_statement(each) for each in inputs.get("statements") or ())]
    text = json.dumps(document, indent=2)
    id_ = str(zlib.crc32(text.encode()))
    return {**inputs, "id": id_, "json": text, "minifiedJson": json.dumps(document, separators=(",", ":"))}


def _statement(given: Values) -> dict[str, Any]:
    effect = given.get("effect") or "Allow"
    if effect not in ("Allow", "Deny"):
        raise CloudError("InvalidArgument", f'expected statements.effect to be one of ["Allow", "Deny"], got {effect}')
    found: dict[str, Any] = {"Sid": given.get("sid"), "Effect": effect}
    for key, name in (
        ("actions", "Action"),
        ("notActions", "NotAction"),
        ("resources", "Resource"),
        ("notResources", "NotResource"),
    ):
        found[name] = _one(given.get(key))
    for key, name in (("principals", "Principal"), ("notPrincipals", "NotPrincipal")):
        found[name] = _principals(given.get(key) or ())
    conditions: dict[str, dict[str, Any]] = {}
    for each in given.get("conditions") or ():
        conditions.setdefault(each["test"], {})[each["variable"]] = _one(each["values"])
    found["Condition"] = conditions
    return {key: value for key, value in found.items() if value}


def _principals(given: Any) -> Any:
    if [(each["type"], list(each["identifiers"])) for each in given] == [("*", ["*"])]:
        return "*"
    return {each["type"]: _one(each["identifiers"]) for each in given}


def _one(values: Any) -> Any:
    return values[0] if values and len(values) == 1 else values


def _matching(world: World, kind: str, scope: Scope, inputs: Values) -> list[dict[str, Any]]:
    wanted = [(f"tag:{key}", [value]) for key, value in (inputs.get("tags") or {}).items()]
    wanted += [(each["name"], each["values"]) for each in inputs.get("filters") or ()]
    return [
        record["state"]
        for _, record in sorted(world.all(kind, scope.region).items())
        if all(_has(record["state"], name, values) for name, values in wanted)
    ]


def _has(state: Values, name: str, values: list[str]) -> bool:
    if name.startswith("tag:"):
        found = (state.get("tagsAll") or {}).get(name[4:])
    elif name in FILTERS:
        found = state.get(FILTERS[name])
    else:
        raise CloudError("InvalidParameterValue", f"The filter '{name}' is invalid")
    return found is not None and any(fnmatchcase(str(found), value) for value in values)


def vpc(world: World, scope: Scope, inputs: Values) -> dict[str, Any]:
    """The one VPC that fits."""
    found = [
        each
        for each in _matching(world, tokens.VPC, scope, inputs)
        if inputs.get("id") in (None, each["id"]) and inputs.get("cidrBlock") in (None, each["cidrBlock"])
    ]
    if inputs.get("default"):
        found = []  # the simulated account has none
    if len(found) != 1:
        count = "no" if not found else "multiple"
        raise CloudError("InvalidVpcID.NotFound", f"{count} matching EC2 VPC found", 404)
    return {**found[0], "tags": found[0].get("tagsAll") or {}, "default": False, "state": "available"}


def subnets(world: World, scope: Scope, inputs: Values) -> dict[str, Any]:
    """The subnets that fit, none included."""
    ids = [each["id"] for each in _matching(world, tokens.SUBNET, scope, inputs)]
    return {**inputs, "id": scope.region, "region": scope.region, "ids": ids}


def subnet(world: World, scope: Scope, inputs: Values) -> dict[str, Any]:
    """The one subnet that fits."""
    found = [
        each
        for each in _matching(world, tokens.SUBNET, scope, inputs)
        if all(inputs.get(key) in (None, each.get(key)) for key in ("id", "vpcId", "cidrBlock", "availabilityZone"))
    ]
    if len(found) != 1:
        count = "no" if not found else "multiple"
        raise CloudError("InvalidSubnetID.NotFound", f"{count} matching EC2 Subnet found", 404)
    return {**found[0], "tags": found[0].get("tagsAll") or {}, "state": "available"}


def load_balancer(world: World, scope: Scope, inputs: Values) -> dict[str, Any]:
    """The one load balancer that fits."""
    found = [
        each
        for each in _matching(world, tokens.LOAD_BALANCER, scope, {"tags": inputs.get("tags")})
        if all(inputs.get(key) in (None, each[key]) for key in ("arn", "name"))
    ]
    if len(found) != 1:
        text = f"Search returned {len(found)} results, please revise so only one is returned"
        raise CloudError("LoadBalancerNotFound", text, 404)
    return {**found[0], "tags": found[0].get("tagsAll") or {}}


def authorization_token(_world: World, scope: Scope, _inputs: Values) -> dict[str, Any]:
    """A login to the registry that changes with every call, as the real one."""
    password = secrets.token_urlsafe(32)
    return {
        "authorizationToken": base64.b64encode(f"AWS:{password}".encode()).decode(),
        "expiresAt": "2099-01-01T00:00:00Z",
        "id": scope.region,
        "password": password,
        "proxyEndpoint": f"https://{scope.account}.dkr.ecr.{scope.region}.amazonaws.com",
        "region": scope.region,
        "registryId": scope.account,
        "userName": "AWS",
    }


FUNCTIONS = {
    "aws:index/getCallerIdentity:getCallerIdentity": caller_identity,
    "aws:index/getRegion:getRegion": region,
    "aws:index/getAvailabilityZones:getAvailabilityZones": availability_zones,
    "aws:iam/getPolicyDocument:getPolicyDocument": policy_document,
    "aws:ec2/getVpc:getVpc": vpc,
    "aws:ec2/getSubnets:getSubnets": subnets,
    "aws:ec2/getSubnet:getSubnet": subnet,
    "aws:lb/getLoadBalancer:getLoadBalancer": load_balancer,
    "aws:ecr/getAuthorizationToken:getAuthorizationToken": authorization_token,
}
