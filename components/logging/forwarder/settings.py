"""What a forwarder is told, by its environment variables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

CONFIGURATION = "FORWARDER_CONFIG"
"""All of :class:`Settings`, as JSON."""
WORKSPACE, CLIENT, CREDENTIAL = "WORKSPACE_ID", "AZURE_CLIENT_ID", "ELASTICSEARCH_CREDENTIAL"
"""Which workspace, as whom, and the key of Elasticsearch."""

API = "https://api.loganalytics.azure.com"
"""The query API, and what a token for it is asked for ("Azure Monitor Log Analytics API request format")."""
METADATA = "http://169.254.169.254"
"""Where a container gets its identity's tokens ("How to use managed identities with Azure Container Instances")."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What does not differ from one start to the next.

    :param own: Name of the forwarder's own container group.
    :param services: Names of the environment's services.
    :param continues: Expression for how a line begins that goes on with the one before.
    :param elasticsearch: Its URL.
    :param stream: Where the environment's lines are.
    :param platform: What the documents have as ``cloud.platform``.
    :param credential: What the variable with the key holds; None: Elasticsearch asks for none.
    :param collector: Port of the Collector on the group's loopback.
    :param lag: Seconds that a row gets to become visible after the workspace has taken it; from being written to
        being visible it is 20 seconds to 3 minutes on average ("Log data ingestion time in Azure Monitor").
    :param lookback: Seconds that the very first start goes back.
    :param pause: Seconds between two questions when there was nothing more to read.
    :param patience: Seconds for the Collector and Elasticsearch to show what was handed over.
    """

    own: str
    services: tuple[str, ...]
    continues: str
    elasticsearch: str
    stream: str
    platform: str
    credential: Literal["api-key"] | None = "api-key"
    collector: int = 24231
    lag: float = 120
    lookback: float = 86400
    pause: float = 10
    patience: float = 30
    api: str = API
    metadata: str = METADATA

    def encoded(self) -> str:
        """As the variable has it."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))


def decoded(environment: Mapping[str, str]) -> Settings:
    """The settings of this process.

    :raises ValueError: There are none, or they are not these.
    """
    try:
        given = json.loads(environment[CONFIGURATION])
        return Settings(**{**given, "services": tuple(given["services"])})
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"{CONFIGURATION} holds no settings of a forwarder: {error}") from error
