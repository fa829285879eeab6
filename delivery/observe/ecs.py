"""Asks AWS what runs on ECS, with AWS's own client. Reads only, never writes; every call is bounded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
)

from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.observe import ecs_objects as objects
from delivery.observe.model import Evidence, Snapshot, Target

CALLS = Config(connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 3, "mode": "standard"})
"""Seconds to connect and to answer, for one call. Throttled calls are made again, as AWS asks for."""

ABSENT = ("ClusterNotFoundException", "ServiceNotFoundException")
CREDENTIAL = ("ExpiredToken", "ExpiredTokenException", "UnrecognizedClientException", "InvalidClientTokenId")
DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")
STOPPED_SHOWN = 3
"""Tasks that ended, in a report; ECS forgets them after an hour."""
MOST_TASKS = 100
"""Tasks that ECS describes in one call."""


class EcsObserver:
    """Reads a service, its deployments, its tasks, and what the load balancer says of them."""

    def __init__(self, region: str, account: str | None = None) -> None:
        """Credentials are found as AWS's own tools find them.

        :param account: Whose the services are; credentials of another are refused. Default: any.
        """
        self._region = region
        self._account = account
        try:
            session = boto3.Session(region_name=region)
            # Any: the client's methods come from AWS's service models when it is made.
            self._identity: Any = session.client("sts", config=CALLS)
            self._ecs: Any = session.client("ecs", config=CALLS)
            self._balancers: Any = session.client("elbv2", config=CALLS)
            self._scaling: Any = session.client("application-autoscaling", config=CALLS)
        except ProfileNotFound as error:
            raise DeliveryError(f"{error}.", Exit.BAD_INPUT, remedy="Set AWS_PROFILE to one that exists.") from error

    def snapshot(self, target: Target) -> Snapshot:
        """The service, and its tasks that run or are being stopped."""
        with asking(self._region, _needed("ecs:DescribeServices")):
            self._check_account()
            service = self._service(target)
            if service is None or service["status"] != "ACTIVE":
                return Snapshot(target, exists=False)
            tasks = self._tasks(target, "RUNNING")
            health = self._health(service)
            scaled = self._scaling.describe_scalable_targets(
                ServiceNamespace="ecs", ResourceIds=[f"service/{target.namespace}/{target.name}"]
            )["ScalableTargets"]
        return objects.snapshot(target, service, tasks, health, bool(scaled))

    def evidence(self, target: Target, instance: str) -> Evidence:
        """Why a task ended and the service's newest events. Logs stay in CloudWatch: what is secret in them is not
        known here, so they could not be masked."""
        with asking(self._region, _needed("ecs:DescribeTasks")):
            found = self._ecs.describe_tasks(cluster=target.namespace, tasks=[instance])["tasks"]
            # Those that have ended already say why the ones that were to replace them end as well.
            ended = self._tasks(target, "STOPPED")
            service = self._service(target)
        lines = [line for task in (*found, *ended[-STOPPED_SHOWN:]) for line in objects.stopped(task)]
        return Evidence(instance, tuple([*dict.fromkeys(lines), *objects.events(service or {})]))

    def versions(self) -> dict[str, str]:
        """ECS has no version that one could name."""
        return {}

    def _check_account(self) -> None:
        """Once. In another account there would be no such service, which says nothing about what is wrong."""
        if self._account is None:
            return
        found = self._identity.get_caller_identity()["Account"]
        if found != self._account:
            raise DeliveryError(
                f"The AWS credentials are those of account {found}, and the services are in {self._account}.",
                Exit.BAD_INPUT,
                remedy="Set AWS_PROFILE, or give the job the role of that account.",
            )
        self._account = None

    def _service(self, target: Target) -> Mapping[str, Any] | None:
        try:
            found = self._ecs.describe_services(cluster=target.namespace, services=[target.name])["services"]
        except ClientError as error:
            if _code(error) in ABSENT:
                return None
            raise
        return next(iter(found), None)

    def _tasks(self, target: Target, status: str) -> list[Mapping[str, Any]]:
        pages = self._ecs.get_paginator("list_tasks").paginate(
            cluster=target.namespace, serviceName=target.name, desiredStatus=status
        )
        names = [name for page in pages for name in page["taskArns"]]
        tasks: list[Mapping[str, Any]] = []
        for first in range(0, len(names), MOST_TASKS):
            some = names[first : first + MOST_TASKS]
            tasks += self._ecs.describe_tasks(cluster=target.namespace, tasks=some)["tasks"]
        return tasks

    def _health(self, service: Mapping[str, Any]) -> dict[str, str] | None:
        """Address -> state in any of the service's target groups; healthy in one is healthy."""
        groups = [group for one in service.get("loadBalancers") or () for group in _groups(one)]
        if not groups:
            return None
        states: dict[str, str] = {}
        for group in groups:
            described = self._balancers.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
            for one in described:
                address, state = one["Target"]["Id"], one["TargetHealth"]["State"]
                if states.get(address) != "healthy":
                    states[address] = state
        return states


@contextmanager
def asking(region: str, needed: str) -> Iterator[None]:
    """Turns what AWS's client raises into one sentence with a way out.

    :param needed: The actions that whoever asks has to be allowed.
    """
    try:
        yield
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise DeliveryError(
            "There are no AWS credentials, so what runs on ECS cannot be seen.",
            Exit.NOT_PROVEN,
            remedy="Log in (`aws sso login`), or give the job a role.",
        ) from error
    except ClientError as error:
        raise DeliveryError(
            f"AWS refused {error.operation_name} in {region}: {_code(error)}.",
            Exit.NOT_PROVEN,
            remedy=_remedy(_code(error), needed),
        ) from error
    except BotoCoreError as error:
        raise DeliveryError(
            f"AWS in {region} does not answer: {str(error).rstrip('.')}.",
            Exit.NOT_PROVEN,
            remedy="Check the network and caas:aws.region.",
        ) from error


def _groups(balancer: Mapping[str, Any]) -> list[str]:
    advanced = balancer.get("advancedConfiguration") or {}
    return [arn for arn in (balancer.get("targetGroupArn"), advanced.get("alternateTargetGroupArn")) if arn]


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _needed(action: str) -> str:
    others = "ecs:ListTasks, ecs:DescribeTasks, elasticloadbalancing:DescribeTargetHealth"
    return f"{action}, {others} and application-autoscaling:DescribeScalableTargets"


def _remedy(code: str, needed: str) -> str | None:
    if code in CREDENTIAL:
        return "The credential has expired or is not known: log in again."
    if code in DENIED:
        return f"The role needs {needed}."
    return None
