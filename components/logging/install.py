"""What Elasticsearch must know before the first line arrives, as the requests that say it; each may be sent again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from components.logging.names import EVENT, PIPELINE, TEMPLATE, policy
from components.logging.templates import index_template, ingest_pipeline, lifecycle
from components.naming import name


@dataclass(frozen=True)
class Request:
    """One ``PUT``."""

    path: str
    body: dict[str, Any]


def requests(environment: str, *, retention: int, replicas: int, basic: bool = True) -> tuple[Request, ...]:
    """In the order in which they are sent: what refers to another comes after it.

    :param retention: Days that lines are kept.
    :param replicas: Copies of each shard.
    :param basic: See :func:`components.logging.templates.index_template`.
    """
    events = index_template(environment, replicas=replicas, basic=basic, pattern=f"logs-{EVENT}-*")
    lines = index_template(environment, replicas=replicas, basic=basic)
    own = [Request(f"_ilm/policy/{policy(environment)}", lifecycle(retention))] if basic else []
    return (
        *own,
        Request(f"_ingest/pipeline/{PIPELINE}", ingest_pipeline()),
        Request(f"_index_template/{TEMPLATE}-{name(environment)}", lines),
        Request(f"_index_template/{TEMPLATE}-events", events),
    )
