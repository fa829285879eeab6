"""Application autoscaling: what is scaled, and within which bounds."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from moto.applicationautoscaling import urls
from moto.applicationautoscaling.models import ApplicationAutoscalingBackend

from sandbox.clouds.aws import tokens
from sandbox.clouds.aws.formats import ACCOUNT
from sandbox.clouds.aws.mirrored.seen import STARTED
from sandbox.clouds.core.world import World


class Scaling(ApplicationAutoscalingBackend):
    """What is scaled in the world."""

    def __init__(self, world: World, region: str) -> None:
        super().__init__(region, ACCOUNT)
        self._world = world

    @property
    def _url_module(self) -> Any:
        return urls  # moto looks for it beside the class

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
