"""The simulated AWS as AWS's own clients read it: moto's server, with our world behind the calls that ask what runs.

Nothing is copied. Each call looks into the world as it is at that moment, so what an apply has just made, and what the
platform has taken back, is seen by the next question. What a service runs is worked out from its running count: its
tasks have the images of its task definition, an address each, and are healthy where the deployment went well.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import boto3
from moto.applicationautoscaling import urls as scaling_urls
from moto.applicationautoscaling.models import ApplicationAutoscalingBackend, applicationautoscaling_backends
from moto.ecs import urls as ecs_urls
from moto.ecs.exceptions import ClusterNotFoundException
from moto.ecs.models import EC2ContainerServiceBackend, ecs_backends
from moto.elbv2 import urls as elbv2_urls
from moto.elbv2.exceptions import TargetGroupNotFoundError
from moto.elbv2.models import ELBv2Backend, elbv2_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from sandbox.clouds.aws import tokens
from sandbox.clouds.aws.formats import ACCOUNT
from sandbox.clouds.core.world import World

STARTED = datetime(2026, 1, 1, tzinfo=UTC)
"""The world keeps no times; every deployment began then."""

Record = Mapping[str, Any]


class Ecs(EC2ContainerServiceBackend):
    """Services and tasks of the world."""

    def __init__(self, world: World, region: str) -> None:
        super().__init__(region, ACCOUNT)
        self._world = world

    @property
    def _url_module(self) -> Any:
        return ecs_urls  # moto looks for it beside the class

    def describe_services(self, cluster_str: str, service_names_or_arns: list[str]) -> tuple[list[Any], list[Any]]:
        """Those that exist, and the names of those that do not."""
        found, missing = [], []
        with self._world.open() as world:
            _cluster(world, self.region_name, cluster_str)
            for name in service_names_or_arns:
                record = _service(world, self.region_name, cluster_str, name.rpartition("/")[2])
                if record is None:
                    missing.append({"arn": name, "reason": "MISSING"})
                else:
                    found.append(_described(record))
        return found, missing

    def list_tasks(
        self,
        cluster_str: str | None = None,
        container_instance: str | None = None,
        family: str | None = None,
        started_by: str | None = None,
        service_name: str | None = None,
        desiredStatus: str | None = None,
    ) -> list[Any]:
        """A service's tasks, all of which run; moto's own list knows no services."""
        if container_instance or family or started_by or desiredStatus == "STOPPED":
            return []
        with self._world.open() as world:
            tasks = [
                task
                for service in _services(world, self.region_name, cluster_str or "default")
                if service_name in (None, service["state"]["name"])
                for task in _tasks(world, self.region_name, service)
            ]
        return [_Task(task) for task in tasks]

    def describe_tasks(self, cluster_str: str, tasks: list[str]) -> list[Any]:
        """Those that were asked for, by id or ARN."""
        wanted = {name.rpartition("/")[2] for name in tasks}
        return [one.body for one in self.list_tasks(cluster_str) if one.task_arn.rpartition("/")[2] in wanted]


class _Task:
    """A task with the one attribute by which moto lists it."""

    def __init__(self, body: dict[str, Any]) -> None:
        self.body = body
        self.task_arn = str(body["taskArn"])


class Balancers(ELBv2Backend):
    """Health of the targets that the world's services have."""

    def __init__(self, world: World, region: str) -> None:
        super().__init__(region, ACCOUNT)
        self._world = world

    @property
    def _url_module(self) -> Any:
        return elbv2_urls  # moto looks for it beside the class

    def describe_target_health(self, target_group_arn: str, targets: list[dict[str, Any]]) -> list[Any]:
        """Every task of the services behind the group; the world has no others."""
        del targets
        with self._world.open() as world:
            if world.find(tokens.TARGET_GROUP, self.region_name, "arn", target_group_arn) is None:
                raise TargetGroupNotFoundError()
            behind = [
                task
                for record in world.all(tokens.SERVICE, self.region_name).values()
                if target_group_arn in _groups(record["state"])
                for task in _tasks(world, self.region_name, record)
            ]
        return [{"Target": {"Id": _address(one)}, "TargetHealth": {"State": "healthy"}} for one in behind]


class Scaling(ApplicationAutoscalingBackend):
    """What is scaled in the world."""

    def __init__(self, world: World, region: str) -> None:
        super().__init__(region, ACCOUNT)
        self._world = world

    @property
    def _url_module(self) -> Any:
        return scaling_urls  # moto looks for it beside the class

    def describe_scalable_targets(self, namespace: str, r_ids: list[str] | None, dimension: str | None) -> list[Any]:
        """Those of the resources that are asked for."""
        with self._world.open() as world:
            states = [one["state"] for one in world.all(tokens.SCALABLE_TARGET, self.region_name).values()]
        return [
            SimpleNamespace(
                arn="",
                service_namespace=namespace,
                resource_id=state["resourceId"],
                scalable_dimension=state["scalableDimension"],
                min_capacity=int(state["minCapacity"]),
                max_capacity=int(state["maxCapacity"]),
                role_arn="",
                creation_time=STARTED.timestamp(),
                suspended_state=None,
            )
            for state in states
            if (not r_ids or state["resourceId"] in r_ids) and dimension in (None, state["scalableDimension"])
        ]


def regions() -> list[str]:
    """Every region that has ECS, as AWS's client knows them."""
    found: list[str] = boto3.Session().get_available_regions("ecs")
    return found


@contextmanager
def serving(world: World, *regions: str) -> Iterator[str]:
    """Answers AWS's clients on a free port of this machine as long as the block lasts; the address, for
    ``AWS_ENDPOINT_URL``."""
    for region in regions:
        ecs_backends[ACCOUNT][region] = Ecs(world, region)
        elbv2_backends[ACCOUNT][region] = Balancers(world, region)
        applicationautoscaling_backends[ACCOUNT][region] = Scaling(world, region)
    application = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=_Silent)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        for backends in (ecs_backends, elbv2_backends, applicationautoscaling_backends):
            for region in regions:
                del backends[ACCOUNT][region]


class _Silent(WSGIRequestHandler):
    """The terminal belongs to the command that asks."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Says nothing of a call; an error inside moto reaches the caller as one of AWS's."""


def _cluster(world: World, region: str, name: str) -> Record:
    found = world.find(tokens.CLUSTER, region, "name", name.rpartition("/")[2])
    if found is None:
        raise ClusterNotFoundException()
    return found


def _services(world: World, region: str, cluster: str) -> list[Record]:
    name = cluster.rpartition("/")[2]
    return [
        one
        for one in world.all(tokens.SERVICE, region).values()
        if str(one["state"].get("cluster") or "default").rpartition("/")[2] == name
    ]


def _service(world: World, region: str, cluster: str, name: str) -> Record | None:
    return next((one for one in _services(world, region, cluster) if one["state"]["name"] == name), None)


def _described(record: Record) -> dict[str, Any]:
    """A service as ``describe_services`` gives it: one deployment, for those before it are done with."""
    state, platform = record["state"], record["platform"]
    last = platform["deployments"][-1]
    counts = {
        "desiredCount": int(state["desiredCount"]),
        "runningCount": platform["runningCount"],
        "pendingCount": 0,
    }
    return {
        "serviceArn": state["arn"],
        "serviceName": state["name"],
        "status": "ACTIVE",
        "taskDefinition": state["taskDefinition"],
        "loadBalancers": state.get("loadBalancers") or [],
        "deployments": [
            {**counts, **last, "status": "PRIMARY", "taskDefinition": state["taskDefinition"], "createdAt": STARTED}
        ],
        "events": [
            {"id": str(number), "createdAt": STARTED, "message": message}
            for number, message in reversed(list(enumerate(platform["events"])))
        ],
        **counts,
    }


def _tasks(world: World, region: str, record: Record) -> list[dict[str, Any]]:
    state, count = record["state"], record["platform"]["runningCount"]
    definition = world.find(tokens.TASK_DEFINITION, region, "arn", state["taskDefinition"])
    if definition is None:
        return []
    containers = json.loads(definition["state"]["containerDefinitions"])
    return [_task(state, containers, number) for number in range(count)]


def _task(service: Record, containers: list[Record], number: int) -> dict[str, Any]:
    """A task that is the same at each look, and another for another task definition."""
    digest = hashlib.sha256(f"{service['arn']} {service['taskDefinition']} {number}".encode()).digest()
    arn = str(service["arn"]).rsplit("/", 1)[0].replace(":service/", ":task/")
    address = f"10.{digest[0]}.{digest[1]}.{digest[2]}"
    return {
        "taskArn": f"{arn}/{digest.hex()[:32]}",
        "taskDefinitionArn": service["taskDefinition"],
        "group": f"service:{service['name']}",
        "lastStatus": "RUNNING",
        "desiredStatus": "RUNNING",
        "attachments": [{"details": [{"name": "privateIPv4Address", "value": address}]}],
        "containers": [
            {
                "name": one["name"],
                "image": one["image"],
                "imageDigest": str(one["image"]).rpartition("@")[2],
                "lastStatus": "RUNNING",
            }
            for one in containers
        ],
    }


def _address(task: Record) -> str:
    return str(task["attachments"][0]["details"][0]["value"])


def _groups(service: Record) -> list[str]:
    found = []
    for one in service.get("loadBalancers") or ():
        advanced = one.get("advancedConfiguration") or {}
        found += [one.get("targetGroupArn"), advanced.get("alternateTargetGroupArn")]
    return [str(arn) for arn in found if arn]
