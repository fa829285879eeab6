"""The simulated AWS as AWS's own clients read it: moto's server, with our world behind what it is asked.

Nothing is copied. Each call looks into the world as it is at that moment, so what an apply has just made, changed or
taken away, and what the platform has taken back, is seen by the next question. What a client writes is not kept.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from moto.applicationautoscaling.models import applicationautoscaling_backends
from moto.cloudwatch.models import cloudwatch_backends
from moto.ecr.models import ecr_backends
from moto.ecs.models import ecs_backends
from moto.elbv2.models import elbv2_backends
from moto.iam.models import iam_backends
from moto.logs.models import logs_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from sandbox.clouds.aws.formats import ACCOUNT
from sandbox.clouds.aws.mirrored.balancing import Balancers
from sandbox.clouds.aws.mirrored.ecs import Ecs
from sandbox.clouds.aws.mirrored.identity import PARTITION, Identity
from sandbox.clouds.aws.mirrored.registry import Repositories
from sandbox.clouds.aws.mirrored.scaling import Scaling
from sandbox.clouds.aws.mirrored.watching import Alarms, Logs
from sandbox.clouds.core.world import World

REGIONAL: tuple[tuple[Any, Callable[[World, str], Any]], ...] = (
    (ecs_backends, Ecs),
    (elbv2_backends, Balancers),
    (applicationautoscaling_backends, Scaling),
    (ecr_backends, Repositories),
    (logs_backends, Logs),
    (cloudwatch_backends, Alarms),
)
"""Where moto looks for a service, and what it finds there instead of its own."""


def regions() -> list[str]:
    """Every region that has ECS, as AWS's client knows them."""
    found: list[str] = boto3.Session().get_available_regions("ecs")
    return found


@contextmanager
def serving(world: World, *regions: str) -> Iterator[str]:
    """Answers AWS's clients on a free port of this machine as long as the block lasts; the address, for
    ``AWS_ENDPOINT_URL``."""
    with _standing_in(world, *regions):
        application = DomainDispatcherApplication(create_backend_app)
        server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=_Silent)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def _standing_in(world: World, *regions: str) -> Iterator[None]:
    """The world in moto's place; moto's own again afterwards."""
    iam_backends[ACCOUNT][PARTITION] = Identity(world)
    for backends, kind in REGIONAL:
        for region in regions:
            backends[ACCOUNT][region] = kind(world, region)
    try:
        yield
    finally:
        del iam_backends[ACCOUNT][PARTITION]
        for backends, _ in REGIONAL:
            for region in regions:
                del backends[ACCOUNT][region]


class _Silent(WSGIRequestHandler):
    """The terminal belongs to the command that asks."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Says nothing of a call; an error inside moto reaches the caller as one of AWS's."""
