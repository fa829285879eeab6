"""What Elasticsearch and Kibana must know before the first line arrives, brought to those that exist already. Where
Elasticsearch is declared with the stack, a Job does the same there."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import Any

from components.logging import access, kibana
from components.logging.install import requests
from components.spec import Environment
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.output import Output
from delivery.post import NotSentError, Target, send

KEY = "CAAS_ELASTICSEARCH_SETUP_KEY"
"""Environment variable with an API key that may do this and nothing else; ``caas log-setup --keys`` shows which."""
LEAST_DAYS, MOST_DAYS = 30, 365
"""Days after which a key ends."""
LIMIT = 60.0
"""Seconds for all of it."""


@dataclass(frozen=True)
class Installed:
    """What was told to whom."""

    elasticsearch: tuple[str, ...]
    """Paths of the requests."""
    kibana: tuple[str, ...]
    """Ids of the objects."""

    def document(self) -> dict[str, Any]:
        """For --json."""
        return {"elasticsearch": list(self.elasticsearch), "kibana": list(self.kibana)}


def keys(environment: Environment) -> dict[str, dict[str, Any]]:
    """What an administrator sends to ``POST _security/api_key`` for the two keys that are needed: one that adds lines
    and ends with them, one that does what this module does and ends soon."""
    named = f"{environment.project}-{environment.stack}"
    lasting = min(MOST_DAYS, max(LEAST_DAYS, environment.log_retention))
    return {
        "agent": access.api_key(f"{named}-agent", access.agent_role(environment.stack), days=lasting),
        "setup": access.api_key(f"{named}-setup", access.setup_role(), days=LEAST_DAYS),
    }


def install(environment: Environment, output: Output, *, basic: bool = True) -> Installed:
    """Send every request, each again where that may help. All of them may be sent any number of times.

    :param basic: Whether the server has Elastic's basic features (data streams, lifecycles).
    :raises DeliveryError: The stack names no Elasticsearch, or one did not take a request.
    """
    logs = environment.logging
    if logs is None or logs.elasticsearch is None:
        raise DeliveryError(
            f"Stack '{environment.stack}' names no Elasticsearch that exists.",
            Exit.BAD_INPUT,
            remedy="Set caas:logging.elasticsearch; one that is declared with the stack is told by a Job of its own.",
        )
    headers = {"kbn-xsrf": "caas"}
    if key := os.environ.get(KEY):
        output.masker.add([key])
        headers["Authorization"] = f"ApiKey {key}"
    until = time.monotonic() + LIMIT
    told = requests(environment.stack, retention=environment.log_retention, replicas=1 if basic else 0, basic=basic)
    for one in told:
        target = Target(f"{logs.elasticsearch.rstrip('/')}/{one.path}", headers, "PUT")
        _send("Elasticsearch", one.path, target, one.encoded(), until)
    if logs.kibana is None:
        return Installed(tuple(one.path for one in told), ())
    form = {**headers, "Content-Type": f"multipart/form-data; boundary={kibana.BOUNDARY}"}
    target = Target(f"{logs.kibana.rstrip('/')}/{kibana.IMPORT}", form)
    _send("Kibana", "the saved objects", target, kibana.upload(environment.stack), until)
    objects = kibana.objects(environment.stack)
    return Installed(tuple(one.path for one in told), tuple(one["id"] for one in objects))


def _send(who: str, what: str, target: Target, body: bytes, until: float) -> None:
    try:
        send(target, body, until)
    except NotSentError as error:
        raise DeliveryError(
            f"{who} did not take {what}: {error}.",
            Exit.DEPLOYMENT_FAILED,
            remedy=f"See that it can be reached from here, that {KEY} holds a key that may do this, and run it again.",
            begun=True,
        ) from error
