"""Thirty faults, one of each kind, planted into what the components declare, and the rules that should see each.

A fault of a component changes one property of what it declares, or takes one resource away. A fault of a stack file
changes the environment before it is declared; the loader lets these through, or a program of one's own would.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from components.spec import Environment
from policies.rule import Resource
from tests.components.aws import inventory as aws
from tests.components.azure import inventory as azure
from tests.components.gcp import inventory as gcp
from tests.components.inventory import own

Resources = tuple[Resource, ...]
GONE = object()
"""Instead of a value: the property is taken away."""

DEPLOYMENT = "kubernetes:apps/v1:Deployment hello-deployment"
CONTAINER = "spec template spec containers 0"
TASK = "aws:ecs/taskDefinition:TaskDefinition api-task"
TAGGED = ("image-digest", "image-attested", "k8s-image-pull-policy")
OTHER = "elsewhere.example.org/thing@sha256:" + "a" * 64


@dataclass(frozen=True)
class Fault:
    """What is wrong, where, and who sees it."""

    name: str
    world: Callable[[str], Environment]
    plant: Callable[[Resources], Resources]
    rules: frozenset[str]
    stack: str = "prod"
    configure: Callable[[Environment], Environment] = lambda environment: environment


def changed(which: str, path: str, value: Any) -> Callable[[Resources], Resources]:
    """Set one property of one resource, told by type and name; numbers in the path are places in a list. What is JSON
    text is changed as what it means."""

    def plant(resources: Resources) -> Resources:
        target = next(one for one in resources if f"{one.type} {one.name}" == which)
        properties = copy.deepcopy(dict(target.properties))
        _put(properties, path.split(), value)
        return tuple(replace(one, properties=properties) if one is target else one for one in resources)

    return plant


def _put(holder: Any, path: list[str], value: Any) -> None:
    step: Any = int(path[0]) if isinstance(holder, list) else path[0]
    if len(path) == 1:
        if value is GONE:
            del holder[step]
        else:
            holder[step] = value
        return
    inner = holder.setdefault(step, {}) if isinstance(holder, dict) else holder[step]
    if isinstance(inner, str):
        inner = json.loads(inner)
        _put(inner, path[1:], value)
        holder[step] = json.dumps(inner)
    else:
        _put(inner, path[1:], value)


def without(which: str) -> Callable[[Resources], Resources]:
    """Take one resource away."""

    def plant(resources: Resources) -> Resources:
        kept = tuple(one for one in resources if f"{one.type} {one.name}" != which)
        assert len(kept) < len(resources), which
        return kept

    return plant


def same(resources: Resources) -> Resources:
    """Change nothing: the fault is the stack file's."""
    return resources


def of_service(**changes: Any) -> Callable[[Environment], Environment]:
    """Change the first service of an environment."""

    def configure(environment: Environment) -> Environment:
        first, *rest = environment.services
        return environment.model_copy(update={"services": (first.model_copy(update=changes), *rest)})

    return configure


def pod(name: str, path: str, value: Any, *rules: str) -> Fault:
    """A fault in the Deployment of the project's own service."""
    return Fault(name, own, changed(DEPLOYMENT, path, value), frozenset(rules))


def cloud(name: str, world: Callable[[str], Environment], which: str, path: str, value: Any, *rules: str) -> Fault:
    """A fault in one resource on a cloud."""
    return Fault(name, world, changed(which, path, value), frozenset(rules))


def lost(name: str, which: str, *rules: str) -> Fault:
    """A resource of the project's own service that is missing."""
    return Fault(name, own, without(which), frozenset(rules))


def stated(name: str, changes: Mapping[str, Any], *rules: str) -> Fault:
    """A fault of the stack file."""
    return Fault(name, own, same, frozenset(rules), configure=of_service(**changes))


FAULTS: tuple[Fault, ...] = (
    pod("a tag", f"{CONTAINER} image", "registry.example.com/caas/hello:1", *TAGGED),
    pod("privileged", f"{CONTAINER} securityContext privileged", True, "k8s-no-privileged"),
    pod("escalation", f"{CONTAINER} securityContext allowPrivilegeEscalation", True, "k8s-no-privilege-escalation"),
    pod("a writable root", f"{CONTAINER} securityContext readOnlyRootFilesystem", False, "k8s-readonly-rootfs"),
    pod("capabilities", f"{CONTAINER} securityContext capabilities", {}, "k8s-drop-capabilities"),
    pod("no readiness", f"{CONTAINER} readinessProbe", GONE, "k8s-probes"),
    pod("no limits", f"{CONTAINER} resources", GONE, "k8s-resources"),
    pod("the node's network", "spec template spec hostNetwork", True, "k8s-no-host-namespaces"),
    pod("the node's disk", "spec template spec volumes", [{"name": "x", "hostPath": {}}], "k8s-no-host-path"),
    pod("a token", "spec template spec automountServiceAccountToken", True, "k8s-no-service-account-token"),
    pod("recreated", "spec strategy", {"type": "Recreate"}, "k8s-no-recreate"),
    pod("a declared count", "spec replicas", 3, "k8s-autoscaler-owns-replicas"),
    pod("no spread", "spec template spec topologySpreadConstraints", GONE, "k8s-topology-spread"),
    lost("no budget", "kubernetes:policy/v1:PodDisruptionBudget hello-disruption-budget", "k8s-disruption-budget"),
    lost("an open namespace", "kubernetes:networking.k8s.io/v1:NetworkPolicy cluster-default-deny", "k8s-default-deny"),
    Fault(
        "a budget above the minimum",
        own,
        changed("kubernetes:policy/v1:PodDisruptionBudget hello-disruption-budget", "spec", {
            "minAvailable": 3, "selector": {"matchLabels": {
                "app.kubernetes.io/instance": "caas-prod-hello", "app.kubernetes.io/name": "hello"}}}),
        frozenset({"k8s-disruption-budget-minimum"}),
    ),
    stated("another registry", {"image": OTHER}, "image-registry"),
    stated("a key in a variable", {"environment": {"SETTING": "q7Zr1Xw9Tb3Lk5Vn8Gd2Hs6Jp4Mf0CyE"}}, "no-random-env"),
    stated("a password in a variable", {"environment": {"DB_PASSWORD": "hunter2"}}, "k8s-no-secret-env"),
    cloud("a privileged task", aws.stack, TASK, "containerDefinitions 0 privileged", True, "ecs-no-privileged"),
    cloud("a task as root", aws.stack, TASK, "containerDefinitions 0 user", "0", "ecs-non-root-user"),
    cloud(
        "logs for ever", aws.stack, "aws:cloudwatch/logGroup:LogGroup api-log-group", "retentionInDays", 0,
        "log-retention",
    ),
    cloud(
        "mutable tags", aws.stack, "aws:ecr/repository:Repository registry-web", "imageTagMutability", "MUTABLE",
        "ecr-immutable-tags",
    ),
    cloud(
        "old TLS", aws.stack, "aws:lb/listener:Listener balancer-https", "sslPolicy", "ELBSecurityPolicy-2016-08",
        "alb-tls12",
    ),
    cloud(
        "half of the instances", aws.stack, "aws:ecs/service:Service api-service", "deploymentMinimumHealthyPercent",
        50, "ecs-min-healthy",
    ),
    cloud(
        "a public instance", aws.stack, "aws:ecs/service:Service api-service", "networkConfiguration assignPublicIp",
        True, "ecs-no-public-ip",
    ),
    cloud(
        "every action", aws.stack, "aws:iam/rolePolicy:RolePolicy web-task-policy", "policy Statement 0 Action", "*",
        "iam-no-star",
    ),
    cloud(
        "public nodes", gcp.stack, "gcp:container/cluster:Cluster gke-cluster",
        "privateClusterConfig enablePrivateNodes", False, "gke-private-nodes",
    ),
    cloud(
        "a user for all", azure.stack, "azure-native:containerregistry:Registry registry-registry",
        "adminUserEnabled", True, "acr-no-admin",
    ),
    cloud(
        "a secret on Azure", azure.stack, "azure-native:containerinstance:ContainerGroupProfile api-profile",
        "containers 0 environmentVariables", [{"name": "DB_PASSWORD", "value": "hunter2"}], "aci-secure-env",
    ),
)  # fmt: skip
