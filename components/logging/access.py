"""Who may do what in Elasticsearch: one key for each kind of user, with the least that it works with."""

from __future__ import annotations

from typing import Any

from components.logging.names import EVENT, PATTERN, stream


def _role(names: list[str], index: list[str], cluster: list[str] | None = None) -> dict[str, Any]:
    return {"cluster": cluster or [], "indices": [{"names": names, "privileges": index}]}


def agent_role(environment: str) -> dict[str, Any]:
    """The agent: adds lines to its environment's stream; reads, changes and deletes nothing."""
    return _role([stream(environment)], ["auto_configure", "create_doc"])


def forwarder_role(environment: str) -> dict[str, Any]:
    """The forwarder on Container Instances: it adds lines to its environment's stream, and sees there which of them
    have arrived and how far it has come. So it can read the lines of this one stream, which it has brought."""
    return _role([stream(environment)], ["auto_configure", "create_doc", "read"])


def deployment_role() -> dict[str, Any]:
    """Who deploys: adds events, and nothing else."""
    return _role([f"logs-{EVENT}-*"], ["auto_configure", "create_doc"])


def reader_role() -> dict[str, Any]:
    """Who looks for lines in Kibana."""
    return _role([PATTERN], ["read", "view_index_metadata"])


def setup_role() -> dict[str, Any]:
    """Who installs template, lifecycle and pipeline, and imports what Kibana shows."""
    return {
        "cluster": ["manage_index_templates", "manage_ilm", "manage_ingest_pipelines"],
        "indices": [],
        "applications": [
            {
                "application": "kibana-.kibana",
                "privileges": [
                    "feature_savedObjectsManagement.all",
                    "feature_indexPatterns.all",
                    "feature_discover.all",
                    "feature_dashboard.all",
                ],
                "resources": ["space:default"],
            }
        ],
    }


def api_key(name: str, role: dict[str, Any], *, days: int) -> dict[str, Any]:
    """The body of ``POST _security/api_key``.

    :param days: After which it stops to work: a key that was forgotten does no harm for ever.
    """
    return {
        "name": name,
        "expiration": f"{days}d",
        "role_descriptors": {name: role},
        "metadata": {"managed_by": "caas"},
    }
