"""How a platform's Prometheus shows a service: what it matches, and which labels tell instances and versions apart."""

from __future__ import annotations

from dataclasses import dataclass

from components.monitoring.objectives import Place
from components.slo import CANDIDATE


@dataclass(frozen=True)
class View:
    """A service on a platform, as PromQL matches it."""

    matchers: str
    """Of everything that the service says of itself, such as ``namespace="shop"``; without braces."""
    instance: str
    """The label of one running instance."""
    version: str
    """The label whose value holds the version."""
    pattern: str
    """Regular expression over that label; its first group is the version."""
    containers: str | None = None
    """Matchers of what the platform measures of its containers (cAdvisor); None where Prometheus has none of that."""

    @property
    def place(self) -> Place:
        """As the rules that follow from an objective find it."""
        return Place(self.matchers)

    def by_version(self, series: str, *labels: str) -> str:
        """The sum of each version, with the label ``version``.

        :param series: PromQL of series that have the label of the version.
        :param labels: What is kept beside the version.
        """
        kept = ", ".join((*labels, self.version))
        named = f'label_replace(sum by ({kept}) ({series}), "version", "$1", "{self.version}", "{self.pattern}")'
        return f"sum by ({', '.join((*labels, 'version'))}) ({named})"


def on_kubernetes(namespace: str, deployment: str) -> View:
    """A service's pods, of its own Deployment and of the one that holds a new version.

    A pod is named after its Deployment, its ReplicaSet's hash (the version: another for each pod template) and five
    characters of its own, before which Kubernetes cuts off what is too long.
    """
    pods = f'namespace="{namespace}",pod=~"{deployment}(-{CANDIDATE})?-[a-z0-9]+-?[a-z0-9]{{5}}"'
    return View(
        matchers=pods,
        instance="pod",
        version="pod",
        pattern="(.+?)-?[a-z0-9]{5}",
        # Also a pod's own total has no container's name.
        containers=f'{pods},container!=""',
    )
