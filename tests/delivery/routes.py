"""A cluster that is played: one route as the API keeps it, with versions that refuse a write of something older."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from kubernetes.client.exceptions import ApiException

from delivery.traffic import Traffic
from tests.delivery.world import TARGET

ROUTE = {
    "metadata": {"name": TARGET.name, "resourceVersion": "1", "annotations": {"pulumi.com/patchForce": "true"}},
    "spec": {
        "parentRefs": [{"name": "front"}],
        "rules": [
            {
                "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
                "backendRefs": [{"name": TARGET.name, "port": 80, "weight": 1}],
            }
        ],
    },
}


class Api:
    """Objects and autoscalers of the API."""

    def __init__(self, *, absent: bool = False) -> None:
        self.route: dict[str, Any] | None = None if absent else copy.deepcopy(ROUTE)
        self.writes = 0
        self.held: list[Any] = []
        self.before_write: Callable[[], None] | None = None
        """What happens between a read and the write that follows."""
        self.error: Exception | None = None

    def get_namespaced_custom_object(self, *where: str, **_: Any) -> dict[str, Any]:
        assert where == ("gateway.networking.k8s.io", "v1", TARGET.namespace, "httproutes", TARGET.name)
        if self.error:
            raise self.error
        if self.route is None:
            raise ApiException(status=404, reason="Not Found")
        return copy.deepcopy(self.route)

    def patch_namespaced_custom_object(self, *arguments: Any, **_: Any) -> None:
        body = arguments[-1]
        if self.before_write is not None:
            happened, self.before_write = self.before_write, None
            happened()
        assert self.route is not None
        if body["metadata"]["resourceVersion"] != self.route["metadata"]["resourceVersion"]:
            raise ApiException(status=409, reason="Conflict")
        self._merge(self.route, body)
        self.route["metadata"]["resourceVersion"] = str(int(body["metadata"]["resourceVersion"]) + 1)
        self.writes += 1

    def patch_namespaced_horizontal_pod_autoscaler(self, name: str, namespace: str, body: Any, **_: Any) -> None:
        if self.error:
            raise self.error
        self.held.append((name, namespace, body))

    def _merge(self, there: dict[str, Any], change: dict[str, Any]) -> None:
        """RFC 7386: null takes a key away, a list is replaced as a whole."""
        for key, value in change.items():
            if value is None:
                there.pop(key, None)
            elif isinstance(value, dict):
                self._merge(there.setdefault(key, {}), value)
            else:
                there[key] = value

    @property
    def weights(self) -> dict[str, int]:
        """Backend -> its weight."""
        assert self.route is not None
        return {each["name"]: each["weight"] for each in self.route["spec"]["rules"][0]["backendRefs"]}

    @property
    def annotations(self) -> dict[str, str]:
        assert self.route is not None
        found: dict[str, str] = self.route["metadata"]["annotations"]
        return found


def traffic(api: Api) -> Traffic:
    """The real one, before this API."""
    made = Traffic.__new__(Traffic)
    made._objects = made._scaling = api  # type: ignore[assignment]
    return made
