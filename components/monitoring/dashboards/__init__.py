"""The dashboards of an environment, as Grafana reads them. Pure: from the description to JSON, nothing is asked.

``service`` and ``rollout`` are made for each service, with its own metrics' names and its objective; ``capacity`` is
the cluster's and ``delivery`` the stack's.
"""

from __future__ import annotations

from components.monitoring.dashboards.capacity import capacity
from components.monitoring.dashboards.delivery import delivery
from components.monitoring.dashboards.document import Document, asking, queries
from components.monitoring.dashboards.links import DashboardLinks
from components.monitoring.dashboards.rollout import rollout
from components.monitoring.dashboards.service import service
from components.monitoring.dashboards.views import View, on_kubernetes

__all__ = [
    "DashboardLinks",
    "Document",
    "View",
    "asking",
    "capacity",
    "delivery",
    "on_kubernetes",
    "queries",
    "rollout",
    "service",
]
