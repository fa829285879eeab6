"""What Elasticsearch must know before the first line arrives, as the requests that say it; each may be sent again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from components.logging.names import EVENT, PIPELINE, TEMPLATE, policy
from components.logging.templates import index_template, ingest_pipeline, lifecycle
from components.naming import name
from components.spec.logging import Snapshots

NIGHTLY = "0 30 1 * * ?"
"""Half past one, UTC, in Elasticsearch's cron."""


@dataclass(frozen=True)
class Request:
    """One ``PUT``."""

    path: str
    body: dict[str, Any]

    def encoded(self) -> bytes:
        """The body as it is sent."""
        return json.dumps(self.body, sort_keys=True).encode()


def requests(
    environment: str, *, retention: int, replicas: int, basic: bool = True, snapshots: Snapshots | None = None
) -> tuple[Request, ...]:
    """In the order in which they are sent: what refers to another comes after it.

    :param retention: Days that lines are kept.
    :param replicas: Copies of each shard.
    :param basic: See :func:`components.logging.templates.index_template`.
    :param snapshots: Where the environment's indices are copied to every night.
    """
    events = index_template(environment, replicas=replicas, basic=basic, pattern=f"logs-{EVENT}-*")
    lines = index_template(environment, replicas=replicas, basic=basic)
    own = [Request(f"_ilm/policy/{policy(environment)}", lifecycle(retention))] if basic else []
    return (
        *own,
        Request(f"_ingest/pipeline/{PIPELINE}", ingest_pipeline()),
        Request(f"_index_template/{TEMPLATE}-{name(environment)}", lines),
        Request(f"_index_template/{TEMPLATE}-events", events),
        *(_snapshots(environment, snapshots) if snapshots is not None else ()),
    )


def _snapshots(environment: str, spec: Snapshots) -> tuple[Request, Request]:
    """The place, by the rights of Elasticsearch's own pods, and the nightly copy with its end."""
    place = f"{TEMPLATE}-{name(environment)}"
    where = "container" if spec.kind == "azure" else "bucket"
    policy_ = {
        "schedule": NIGHTLY,
        "name": f"<{place}-{{now/d}}>",
        "repository": place,
        "config": {"indices": [f"logs-*-{environment}"], "include_global_state": False},
        "retention": {"expire_after": f"{spec.kept}d"},
    }
    return (
        Request(f"_snapshot/{place}", {"type": spec.kind, "settings": {where: spec.bucket, "base_path": place}}),
        Request(f"_slm/policy/{place}", policy_),
    )
