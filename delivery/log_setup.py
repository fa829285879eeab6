"""What Elasticsearch and Kibana must know before the first line arrives, brought to those that exist already. Where
Elasticsearch is declared with the stack, a Job does the same there."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import Any

import urllib3

from components.logging import access, kibana
from components.logging.install import requests
from components.spec import Environment
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.output import Output
from delivery.post import NotSentError, Target, send
from delivery.proxies import Pools

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
    carrier = access.forwarder_role if environment.platform == "azure-aci" else access.agent_role
    lasting = min(MOST_DAYS, max(LEAST_DAYS, environment.log_retention))
    return {
        "agent": access.api_key(f"{named}-agent", carrier(environment.stack), days=lasting),
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


def missing(environment: Environment) -> list[str]:
    """The paths of what an Elasticsearch that exists was not told yet; empty where all is there, or none is named.

    :raises DeliveryError: It does not say.
    """
    logs = environment.logging
    if logs is None or logs.elasticsearch is None:
        return []
    headers = {"Authorization": f"ApiKey {key}"} if (key := os.environ.get(KEY)) else {}
    pool = Pools(timeout=urllib3.Timeout(connect=3, read=10), retries=urllib3.Retry(total=1, redirect=0))
    found = []
    for one in requests(environment.stack, retention=environment.log_retention, replicas=1):
        try:
            status = pool.request("GET", f"{logs.elasticsearch.rstrip('/')}/{one.path}", headers=headers).status
        except urllib3.exceptions.HTTPError as error:
            # Not in its own words, which hold the address.
            raise _unsaid(f"does not answer ({type(error).__name__})") from error
        if status == 404:
            found.append(one.path)
        # A server without Elastic's basic features does not know what a lifecycle is.
        elif status != 200 and not (status in (400, 405) and one.path.startswith("_ilm/")):
            raise _unsaid(f"answered {status}")
    return found


def _unsaid(what: str) -> DeliveryError:
    remedy = f"See that it can be reached from here, and that {KEY} holds a key that may look."
    return DeliveryError(f"Elasticsearch {what}.", Exit.NOT_PROVEN, remedy=remedy)


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
