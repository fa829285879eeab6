"""Moves a service's traffic between two versions, and holds what else may not move meanwhile.

Everything that must survive a kill stands in one object, the service's HTTPRoute: the weights, who moves them, and what
a person has decided. One write changes it as a whole, so traffic is never with nobody.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

import urllib3
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from components.spec.checks_kubernetes import CANDIDATE
from delivery import processes
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.observe.kubernetes import CALL_LIMIT, connect, kubeconfig_of
from delivery.observe.model import Target

RELEASE = "caas/release"
"""Annotation: who moves the traffic, as JSON."""
DECISION = "caas/decision"
"""Annotation: what a person wants, ``continue`` or ``abort``."""
CONTINUE, ABORT = "continue", "abort"
STALE = 30.0
"""Seconds without a sign of life after which another host's release counts as dead."""
RENEWAL = 5.0
"""Seconds between two signs of life."""
FIELD_MANAGER = "caas-release"
GROUP, VERSION, PLURAL = "gateway.networking.k8s.io", "v1", "httproutes"
TRIES = 5
"""Writes of one change; another's in between means reading again."""


@dataclass(frozen=True)
class Release:
    """The release that moves a service's traffic."""

    user: str
    host: str
    pid: int
    began: float
    """Seconds since 1970, of the process."""
    renewed: float
    """Seconds since 1970, of its last sign of life."""
    weight: int
    """Percent with the new version."""
    paused: bool = False

    @property
    def holder(self) -> str:
        """The owner in words."""
        return f"{self.user}@{self.host} (process {self.pid})"

    def alive(self, now: float) -> bool:
        """Is somebody at it? A process of this host is looked at; another host's must have shown itself lately."""
        if self.host == socket.gethostname():
            return processes.alive(self.pid, datetime.fromtimestamp(self.began, UTC))
        return now - self.renewed < STALE

    @property
    def mine(self) -> bool:
        """Is it this process?"""
        return self.pid == os.getpid() and self.host == socket.gethostname()


class Pulse:
    """Shows every few seconds, for as long as the block lasts, that this process's release goes on."""

    def __init__(self, traffic: Traffic, targets: Sequence[Target]) -> None:
        self._traffic = traffic
        self._targets = targets
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> Pulse:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._end.wait(RENEWAL):
            for target in self._targets:
                # A beat that is missed is made up for by the next one; a release that lost its route notices itself.
                with contextlib.suppress(DeliveryError):
                    self._traffic.renew(target)


def own(weight: int = 0) -> Release:
    """This process as the owner of a release."""
    now = time.time()
    user = os.environ.get("USER") or str(os.getuid())
    return Release(user, socket.gethostname(), os.getpid(), now, now, weight)


@dataclass(frozen=True)
class Standing:
    """A route at one moment."""

    weight: int
    """Percent with the new version."""
    release: Release | None
    decision: str | None
    """What a person has asked for since the last change of the weights."""


class Traffic:
    """The route of each service of a stack, by the cluster's API. Raises DeliveryError where it does not answer."""

    def __init__(self, kubeconfig: str | None, context: str | None) -> None:
        self._api: Any = connect(kubeconfig_of(kubeconfig), context)
        self._objects = client.CustomObjectsApi(self._api)
        self._scaling = client.AutoscalingV2Api(self._api)

    def standing(self, target: Target) -> Standing | None:
        """How a service's route stands; None where there is none."""
        route = self._route(target)
        if route is None:
            return None
        return Standing(_weight(route), _release(route), _annotations(route).get(DECISION))

    def take(self, target: Target) -> Release | None:
        """Become the owner of a service's release; answers a living other one instead, where there is one."""
        for _ in range(TRIES):
            route = self._route(target)
            if route is None:
                return None
            held = _release(route)
            if held and not held.mine and held.alive(time.time()):
                return held
            if self._write(target, route, {"metadata": {"annotations": _marks(own(_weight(route)), None)}}):
                return None
        raise DeliveryError(f"The route of {target.name} is changed by others all the time.", Exit.LOCKED)

    def move(self, target: Target, percent: int, *, paused: bool = False) -> None:
        """Give the new version so many percent of the traffic, and note it as this process's release."""
        self._set(target, percent, replace(own(percent), paused=paused))

    def renew(self, target: Target) -> None:
        """Show that this process's release goes on; nothing where somebody else has it by now."""
        route = self._route(target)
        held = _release(route) if route else None
        if route and held and held.mine:
            marks = {RELEASE: json.dumps(asdict(replace(held, renewed=time.time())))}
            self._write(target, route, {"metadata": {"annotations": marks}})

    def back(self, target: Target, *, hold: bool = False) -> None:
        """Everything to the version that serves; nobody's release from then on, or with ``hold`` still this one's."""
        self._set(target, 0, own() if hold else None)

    def decide(self, target: Target, decision: str) -> Release | None:
        """Leave a person's decision for whoever runs the release; answers that one, None where there is none."""
        for _ in range(TRIES):
            route = self._route(target)
            held = _release(route) if route else None
            if route is None or held is None:
                return None
            if self._write(target, route, {"metadata": {"annotations": {DECISION: decision}}}):
                return held
        raise DeliveryError(f"The route of {target.name} is changed by others all the time.", Exit.LOCKED)

    def hold(self, target: Target, minimum: int) -> None:
        """Have the autoscaler keep at least so many instances: with its traffic gone it would take them away, and
        they would be missed when it comes back. Nothing where there is no autoscaler."""
        try:
            self._scaling.patch_namespaced_horizontal_pod_autoscaler(
                target.name,
                target.namespace,
                {"spec": {"minReplicas": minimum}},
                field_manager=FIELD_MANAGER,
                _request_timeout=CALL_LIMIT,
            )
        except ApiException as error:
            if error.status != 404:
                raise _refused(target, error) from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise _unreachable(target, error) from error

    def _set(self, target: Target, percent: int, release: Release | None) -> None:
        for _ in range(TRIES):
            route = self._route(target)
            if route is None:
                if percent == 0:
                    return
                raise DeliveryError(f"There is no route of {target.name} any more.", Exit.DEPLOYMENT_FAILED)
            rules = [{**rule, "backendRefs": _backends(target.name, rule, percent)} for rule in route["spec"]["rules"]]
            change = {"spec": {"rules": rules}, "metadata": {"annotations": _marks(release, None)}}
            if self._write(target, route, change):
                return
        raise DeliveryError(f"The route of {target.name} is changed by others all the time.", Exit.LOCKED)

    def _route(self, target: Target) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self._objects.get_namespaced_custom_object(
                GROUP, VERSION, target.namespace, PLURAL, target.name, _request_timeout=CALL_LIMIT
            )
            return found
        except ApiException as error:
            if error.status == 404:
                return None
            raise _refused(target, error) from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise _unreachable(target, error) from error

    def _write(self, target: Target, seen: dict[str, Any], change: dict[str, Any]) -> bool:
        """Change the route, unless somebody has since it was read."""
        version = seen["metadata"]["resourceVersion"]
        body = {**change, "metadata": {**change.get("metadata", {}), "resourceVersion": version}}
        try:
            self._objects.patch_namespaced_custom_object(
                GROUP,
                VERSION,
                target.namespace,
                PLURAL,
                target.name,
                body,
                field_manager=FIELD_MANAGER,
                _request_timeout=CALL_LIMIT,
            )
            return True
        except ApiException as error:
            if error.status == 409:
                return False
            raise _refused(target, error) from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise _unreachable(target, error) from error


def _backends(service: str, rule: dict[str, Any], percent: int) -> list[dict[str, Any]]:
    first = next(each for each in rule["backendRefs"] if each["name"] == service)
    if percent == 0:
        return [{**first, "weight": 1}]
    return [{**first, "weight": 100 - percent}, {**first, "name": f"{service}{CANDIDATE}", "weight": percent}]


def _weight(route: dict[str, Any]) -> int:
    backends = route["spec"]["rules"][0].get("backendRefs", [])
    total = sum(each.get("weight", 1) for each in backends)
    there = sum(each.get("weight", 1) for each in backends if each["name"].endswith(CANDIDATE))
    return round(100 * there / total) if total else 0


def _annotations(route: dict[str, Any]) -> dict[str, str]:
    return dict(route["metadata"].get("annotations") or {})


def _release(route: dict[str, Any]) -> Release | None:
    text = _annotations(route).get(RELEASE)
    try:
        return Release(**json.loads(text)) if text else None
    except (ValueError, TypeError):
        return None  # Not ours, or of another version of this program: nobody is at it.


def _marks(release: Release | None, decision: str | None) -> dict[str, str | None]:
    return {RELEASE: json.dumps(asdict(release)) if release else None, DECISION: decision}


def _refused(target: Target, error: ApiException) -> DeliveryError:
    return DeliveryError(
        f"The cluster answered {error.status} {error.reason} when the traffic of {target.name} was to be moved.",
        Exit.DEPLOYMENT_FAILED,
        remedy="The kubeconfig's credential must be valid, and may get and patch httproutes and "
        "horizontalpodautoscalers in the namespace.",
    )


def _unreachable(target: Target, error: BaseException) -> DeliveryError:
    return DeliveryError(
        f"The cluster does not answer while the traffic of {target.name} is moved: {error}.", Exit.NOT_PROVEN
    )
