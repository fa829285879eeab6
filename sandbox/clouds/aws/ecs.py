"""ECS: clusters, capacity providers and services, and what the platform does with a deployment by itself."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

from sandbox.clouds.aws import shifting, tokens
from sandbox.clouds.aws.formats import arn
from sandbox.clouds.aws.network import GROUP, IN_SUBNET
from sandbox.clouds.aws.tasks import KIND as TASKS
from sandbox.clouds.aws.tasks import containers
from sandbox.clouds.core.errors import CloudError
from sandbox.clouds.core.model import Call, Kind, Name, Quota, Reference, Unique, Values
from sandbox.rpc.arguments import UNKNOWN, Failure

NAME = Name("name", 255, r"[a-zA-Z0-9_-]+", "is no valid name: letters, digits, hyphens and underscores only")


def _cluster(call: Call) -> dict[str, Any]:
    name = arn(call.scope, "ecs", f"cluster/{call.inputs['name']}")
    return {"id": name, "arn": name}


def _providers(call: Call) -> dict[str, Any]:
    return {"id": call.inputs["clusterName"]}


def _admit_providers(call: Call) -> None:
    known = call.inputs.get("capacityProviders") or ()
    for strategy in call.inputs.get("defaultCapacityProviderStrategies") or ():
        if strategy["capacityProvider"] not in known:
            raise CloudError(
                "InvalidParameterException",
                "The specified capacity provider strategy cannot contain a capacity provider that is not associated "
                "with the cluster. Associate the capacity provider with the cluster and try again.",
            )


def _namespace(call: Call) -> dict[str, Any]:
    id_ = f"ns-{secrets.token_hex(8)}"
    return {"id": id_, "arn": arn(call.scope, "servicediscovery", f"namespace/{id_}"), "httpName": call.inputs["name"]}


def _cluster_of(call: Call) -> str:
    """A cluster is named by its ARN or its name; its name."""
    return str(call.inputs.get("cluster") or "default").rpartition("/")[2]


def _service(call: Call) -> dict[str, Any]:
    name = arn(call.scope, "ecs", f"service/{_cluster_of(call)}/{call.inputs['name']}")
    _deploy(call, "COMPLETED", "ECS deployment completed.")
    call.platform["runningCount"] = int(call.inputs.get("desiredCount") or 0)
    return {"id": name, "arn": name, "platformVersion": call.inputs.get("platformVersion") or "LATEST"}


def _deploy(call: Call, state: str, reason: str) -> None:
    """Note a deployment and its event where the platform keeps them."""
    deployment = {
        "id": f"ecs-svc/{secrets.randbelow(10**19):019d}",
        "taskDefinition": call.inputs.get("taskDefinition"),
        "rolloutState": state,
        "rolloutStateReason": reason,
    }
    call.platform["deployments"] = [*call.platform.get("deployments", ()), deployment][-10:]
    event = f"(service {call.inputs['name']}) (deployment {deployment['id']}) {reason}"
    call.platform["events"] = [*call.platform.get("events", ()), event][-100:]


def _refuse(message: str) -> CloudError:
    return CloudError("InvalidParameterException", message)


def _admit_service(call: Call) -> None:
    if call.the(tokens.CLUSTER, "name", _cluster_of(call)) is None:
        raise CloudError("ClusterNotFoundException", "Cluster not found.")
    if call.old is None:
        for other in call.others(tokens.SERVICE):
            if (_cluster_name(other), other["name"]) == (
                _cluster_of(call),
                call.inputs["name"],
            ):
                raise _refuse("Creation of service was not idempotent.")
    task = _task(call)
    if "FARGATE" in (task.get("requiresCompatibilities") or ()) and not call.inputs.get("networkConfiguration"):
        raise _refuse("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
    for strategy in call.inputs.get("capacityProviderStrategies") or ():
        _admit_strategy(call, strategy["capacityProvider"])
    for balancer in call.inputs.get("loadBalancers") or ():
        _admit_balancer(call, task, balancer)
    shifting.admit(call)
    if call.old is not None:
        shifting.shift(call)
        _deploy(call, "COMPLETED", "ECS deployment completed.")
        call.platform["runningCount"] = int(call.inputs.get("desiredCount") or 0)


def _task(call: Call) -> Values:
    """The task definition: an ARN, or a family, with or without its revision."""
    asked = str(call.inputs.get("taskDefinition") or "")
    for task in call.others(tokens.TASK_DEFINITION):
        family = str(task["arnWithoutRevision"]).rpartition("/")[2]
        if asked in (task["arn"], family, f"{family}:{int(task['revision'])}"):
            return task
    raise CloudError("ClientException", "Unable to describe task definition.")


def _admit_strategy(call: Call, provider: str) -> None:
    associated = call.the(tokens.CAPACITY_PROVIDERS, "clusterName", _cluster_of(call))
    if provider not in ((associated or {}).get("capacityProviders") or ()):
        raise _refuse(
            "The specified capacity provider strategy cannot contain a capacity provider that is not associated with "
            f"the cluster: {provider}."
        )


def _admit_balancer(call: Call, task: Values, balancer: Values) -> None:
    name, port = balancer["containerName"], balancer["containerPort"]
    container = next((each for each in containers(task) if each.get("name") == name), None)
    if container is None:
        raise _refuse(f"The container {name} does not exist in the task definition.")
    if port not in [each.get("containerPort") for each in container.get("portMappings", ())]:
        raise _refuse(f"The container {name} did not have a container port {port:g} defined.")
    advanced = balancer.get("advancedConfiguration") or {}
    for target in filter(None, (balancer.get("targetGroupArn"), advanced.get("alternateTargetGroupArn"))):
        group = call.the(tokens.TARGET_GROUP, "arn", target)
        if group is None:
            raise _refuse(f"Unable to assume role and validate the specified targetGroupArn: {target} not found.")
        if task.get("networkMode") == "awsvpc" and group.get("targetType") != "ip":
            raise _refuse(
                f"The provided target group {target} has target type {group.get('targetType')}, which is incompatible "
                "with the awsvpc network mode specified in the task definition."
            )
        if not any(_leads_to(each, target) for each in _actions(call)):
            raise _refuse(f"The target group with targetGroupArn {target} does not have an associated load balancer.")


def _actions(call: Call) -> Iterator[Values]:
    for kind, key in ((tokens.LISTENER, "defaultActions"), (tokens.LISTENER_RULE, "actions")):
        for state in call.others(kind):
            yield from state.get(key) or ()


def _leads_to(action: Values, target: str) -> bool:
    forward = (action.get("forward") or {}).get("targetGroups") or ()
    return target == action.get("targetGroupArn") or target in [each.get("arn") for each in forward]


def _check_service(inputs: Values) -> Iterator[Failure]:
    if inputs.get("launchType") and inputs.get("capacityProviderStrategies"):
        yield Failure("launchType", '"launchType": conflicts with capacityProviderStrategies')
    yield from shifting.check(inputs)
    minimum, maximum = inputs.get("deploymentMinimumHealthyPercent"), inputs.get("deploymentMaximumPercent")
    if UNKNOWN not in (minimum, maximum) and None not in (minimum, maximum) and minimum == maximum == 100:
        yield Failure("deploymentMaximumPercent", "with a minimum and a maximum of 100 no task could be replaced")


def _rollback(call: Call) -> CloudError | None:
    """The circuit breaker or, where traffic shifts, the alarms: the new version fails, and with ``rollback`` the
    service runs what it ran before."""
    record = call.world.get(tokens.SERVICE, call.scope.region, str(call.id))
    assert record is not None
    rolling = shifting.strategy(call.inputs) == "ROLLING"
    guard = call.inputs.get("deploymentCircuitBreaker" if rolling else "alarms") or {}
    who = "ECS deployment circuit breaker" if rolling else "ECS deployment alarms"
    reason = f"{who}: tasks failed to start." if rolling else f"{who}: an alarm went into ALARM."
    before = (call.old or {}).get("taskDefinition")
    state = dict(record["state"])
    _deploy(call, "FAILED", reason)
    if guard.get("rollback") and before:
        state["taskDefinition"] = before
        back = f"{who}: rolling back to {before}."
        call.platform["events"].append(f"(service {call.inputs['name']}) {back}")
        deployments = call.platform["deployments"]
        deployments.append({**deployments[-1], "taskDefinition": before, "rolloutState": "COMPLETED"})
        shifting.shift(call)  # the traffic goes back where it was
    elif not before:
        call.platform["runningCount"] = 0
    call.world.put(tokens.SERVICE, call.scope.region, str(call.id), {"state": state, "platform": call.platform})
    if not call.inputs.get("waitForSteadyState"):
        return None  # nobody watches: the plug-in says that all went well, as the real one does
    events = "; ".join(call.platform["events"][-2:])
    return CloudError("DeploymentFailed", f"deployment failed: {reason} Events: {events}")


SERVICE = Kind(
    tokens.SERVICE,
    "ECS",
    "Service",
    _service,
    computed=("arn", "platformVersion"),
    imported="{cluster}/{name}",
    unread=frozenset({"waitForSteadyState"}),
    replaces=frozenset({"name", "cluster", "launchType", "schedulingStrategy", "iamRole"}),
    name=NAME,
    defaults={
        "desiredCount": 0,
        "deploymentMaximumPercent": 200,
        "deploymentMinimumHealthyPercent": 100,
        "enableEcsManagedTags": False,
        "enableExecuteCommand": False,
        "schedulingStrategy": "REPLICA",
        "waitForSteadyState": False,
    },
    choices={
        "launchType": ("EC2", "FARGATE", "EXTERNAL"),
        "propagateTags": ("SERVICE", "TASK_DEFINITION", "NONE"),
        "schedulingStrategy": ("REPLICA", "DAEMON"),
        "availabilityZoneRebalancing": ("ENABLED", "DISABLED"),
        "deploymentController.type": ("ECS", "CODE_DEPLOY", "EXTERNAL"),
        **shifting.CHOICES,
    },
    ranges={
        **shifting.RANGES,
        "healthCheckGracePeriodSeconds": (0, 2147483647),
    },
    references={
        "networkConfiguration.subnets": IN_SUBNET,
        "networkConfiguration.securityGroups": GROUP,
    },
    quota=Quota(5000, "LimitExceededException", "The service count limit of {limit} is reached.", per="cluster"),
    check=_check_service,
    admit=_admit_service,
    rollback=_rollback,
)


def _empty(call: Call) -> None:
    for service in call.others(tokens.SERVICE):
        if _cluster_name(service) == call.inputs["name"]:
            raise CloudError(
                "ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active."
            )


def _cluster_name(service: Values) -> str:
    return str(service.get("cluster") or "default").rpartition("/")[2]


KINDS = (
    TASKS,
    SERVICE,
    Kind(
        tokens.CLUSTER,
        "ECS",
        "Cluster",
        _cluster,
        computed=("arn",),
        imported="{name}",
        replaces=frozenset({"name"}),
        name=NAME,
        choices={
            "settings.name": ("containerInsights",),
            "settings.value": ("enabled", "disabled", "enhanced"),
            "configuration.executeCommandConfiguration.logging": ("NONE", "DEFAULT", "OVERRIDE"),
        },
        unique=Unique(("name",), "InvalidParameterException", "The cluster {value} exists already."),
        quota=Quota(10000, "LimitExceededException", "The cluster count limit of {limit} is reached."),
        release=_empty,
    ),
    Kind(
        tokens.CAPACITY_PROVIDERS,
        "ECS",
        "Cluster Capacity Providers",
        _providers,
        replaces=frozenset({"clusterName"}),
        references={
            "clusterName": Reference(
                tokens.CLUSTER, "name", "ClusterNotFoundException", "Cluster not found.", holds=False
            )
        },
        ranges={
            "defaultCapacityProviderStrategies.weight": (0, 1000),
            "defaultCapacityProviderStrategies.base": (0, 100000),
        },
        admit=_admit_providers,
    ),
    Kind(
        tokens.NAMESPACE,
        "ServiceDiscovery",
        "HTTP Namespace",
        _namespace,
        computed=("arn", "httpName"),
        replaces=frozenset({"name"}),
        name=Name("name", 1024, r"[!-~]+", "is no valid name: visible ASCII characters only"),
        unique=Unique(("name",), "NamespaceAlreadyExists", "A namespace with name {value} already exists."),
        quota=Quota(50, "ResourceLimitExceeded", "The maximum number of namespaces is {limit}."),
    ),
)
