"""ECS: services, their deployments, and the tasks that run.

What a service runs is worked out from its running count: its tasks have the images of its task definition, an address
each, and are healthy where the deployment went well.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from moto.ecs import urls
from moto.ecs.exceptions import ClusterNotFoundException
from moto.ecs.models import EC2ContainerServiceBackend

from sandbox.clouds.aws import tokens
from sandbox.clouds.aws.formats import ACCOUNT
from sandbox.clouds.aws.mirrored.seen import STARTED, Record
from sandbox.clouds.core.world import World


class Ecs(EC2ContainerServiceBackend):
    """Services and tasks of the world."""

    def __init__(self, world: World, region: str) -> None:
        super().__init__(region, ACCOUNT)
        self._world = world

    @property
    def _url_module(self) -> Any:
        return urls  # moto looks for it beside the class

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
                for task in tasks_of(world, self.region_name, service)
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


def tasks_of(world: World, region: str, record: Record) -> list[dict[str, Any]]:
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


def address_of(task: Record) -> str:
    return str(task["attachments"][0]["details"][0]["value"])
