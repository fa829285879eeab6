"""Asks Kubernetes' API what runs, with the official client. Reads only, never writes; every call is bounded."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import urllib3
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException

from components.kubernetes.metadata import HELD
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.masking import Masker
from delivery.observe import kubernetes_objects as objects
from delivery.observe.model import Evidence, Snapshot, Target

CALL_LIMIT = (3, 10)
"""Seconds to connect and to answer, for one call."""
LOG_LINES = 10
_ABSENT = (404,)
_NO_LOG = (400, 404)
"""The runtime has thrown the log of a finished container away, or the container has not started."""


OF_THE_STACK = "of the stack's outputs"
"""In place of a kubeconfig's path, where there is none."""


class KubernetesObserver:
    """Reads Deployments, their ReplicaSets and pods."""

    def __init__(self, kubeconfig: str | None = None, context: str | None = None) -> None:
        """``kubeconfig`` is a path or, as JSON, the document itself; it and ``context`` default as kubectl's do:
        KUBECONFIG or ~/.kube/config, current context."""
        given = kubeconfig_of(kubeconfig)
        self._where = OF_THE_STACK if given.startswith("{") else given
        # Any: the client's stubs do not know these members of ApiClient.
        self._api: Any = connect(given, context)

    def snapshot(self, target: Target) -> Snapshot:
        """The Deployment, and the pods of all its ReplicaSets."""
        apps, core = f"/apis/apps/v1/namespaces/{target.namespace}", f"/api/v1/namespaces/{target.namespace}"
        deployment = self._find(f"{apps}/deployments/{target.name}")
        if deployment is None:
            return Snapshot(target, exists=False)
        mine = {"labelSelector": objects.selector(deployment)}
        return objects.snapshot(
            target,
            deployment,
            self._list(f"{apps}/replicasets", mine),
            self._list(f"{core}/pods", mine),
            self._list(f"/apis/autoscaling/v2/namespaces/{target.namespace}/horizontalpodautoscalers", {}),
        )

    def evidence(self, target: Target, instance: str) -> Evidence:
        """The pod's newest events, and the last lines of its first container that has failed or is not ready."""
        core = f"/api/v1/namespaces/{target.namespace}"
        pod = self._find(f"{core}/pods/{instance}")
        if pod is None:
            return Evidence(instance)
        events = objects.event_lines(self._list(f"{core}/events", {"fieldSelector": f"involvedObject.name={instance}"}))
        values = self._secret_values(target.namespace, objects.secrets_of(pod))
        if values is None:
            unmasked = "(not shown: this credential may not read the pod's Secrets, so they could not be masked)"
            return Evidence(instance, tuple(events), (unmasked,))
        masker = Masker(values)
        return Evidence(
            instance,
            tuple(masker(line) for line in events),
            tuple(masker(line) for line in self._log(core, pod)),
        )

    def versions(self) -> dict[str, str]:
        """The API server's version."""
        return {"kubernetes": str(self._json("/version")["gitVersion"]).removeprefix("v")}

    def held_by(self, namespace: str) -> str | None:
        """Who holds a namespace that exists: the manager of a stack's fields; None where nobody does."""
        mark = self._find(f"/api/v1/namespaces/{namespace}/configmaps/{HELD}")
        return None if mark is None else str((mark.get("data") or {}).get("manager", ""))

    def limits(self, namespace: str) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
        """ResourceQuotas and LimitRanges of a namespace; none where there is no such namespace."""
        core = f"/api/v1/namespaces/{namespace}"
        return self._list(f"{core}/resourcequotas", {}), self._list(f"{core}/limitranges", {})

    def _secret_values(self, namespace: str, names: list[str]) -> list[str] | None:
        """The values that the pod can print; None where this credential may not know them."""
        values: list[str] = []
        for name in names:
            try:
                secret = self._find(f"/api/v1/namespaces/{namespace}/secrets/{name}")
            except DeliveryError:
                return None
            data = (secret or {}).get("data") or {}
            values += [base64.b64decode(value).decode(errors="replace") for value in data.values()]
        return values

    def _log(self, core: str, pod: Mapping[str, Any]) -> list[str]:
        status = next((c for c in objects.container_states(pod) if not c["ready"]), None)
        if status is None:
            return []
        ended_before = status["restartCount"] > 0 and "running" not in status["state"]
        query = {"container": status["name"], "tailLines": str(LOG_LINES), "previous": str(ended_before).lower()}
        try:
            return self._get(f"{core}/pods/{pod['metadata']['name']}/log", query).splitlines()
        except DeliveryError as error:
            if isinstance(error.__cause__, ApiException) and error.__cause__.status in _NO_LOG:
                return []
            raise

    def _find(self, path: str) -> Mapping[str, Any] | None:
        try:
            return self._json(path)
        except DeliveryError as error:
            if isinstance(error.__cause__, ApiException) and error.__cause__.status in _ABSENT:
                return None
            raise

    def _list(self, path: str, query: Mapping[str, str]) -> list[Mapping[str, Any]]:
        return list(self._json(path, query)["items"])

    def _json(self, path: str, query: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        found: Mapping[str, Any] = json.loads(self._get(path, query or {}))
        return found

    def _get(self, path: str, query: Mapping[str, str]) -> str:
        """One GET. Plain JSON: the client's models call every field optional, also those that always are there."""
        server = self._api.configuration.host
        try:
            response = self._api.call_api(
                path,
                "GET",
                query_params=list(query.items()),
                header_params={"Accept": "application/json, */*"},
                auth_settings=["BearerToken"],
                _preload_content=False,
                _return_http_data_only=True,
                _request_timeout=CALL_LIMIT,
            )
            return str(response.data.decode(errors="replace"))
        except ApiException as error:
            if not error.status:  # The client's word for a connection that TLS refused.
                raise self._unreachable(str(error.reason).replace("\n", " ")) from error
            raise DeliveryError(
                f"The cluster at {server} answered {error.status} {error.reason} to GET {path}.",
                Exit.NOT_PROVEN,
                remedy="The kubeconfig's credential must be valid and may get and list what is in the namespace."
                if error.status in (401, 403)
                else None,
            ) from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise self._unreachable(_root(error)) from error

    def _unreachable(self, why: str) -> DeliveryError:
        return DeliveryError(
            f"The cluster at {self._api.configuration.host} (kubeconfig {self._where}) does not answer "
            f"within {CALL_LIMIT[0]} s: {why}.",
            Exit.NOT_PROVEN,
            remedy="Check that it runs and that the kubeconfig names its present address and certificate.",
        )


def kubeconfig_of(given: str | None) -> str:
    """The kubeconfig that is meant: the given one, or kubectl's."""
    return given or str(config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION)


def connect(kubeconfig: str, context: str | None) -> client.ApiClient:
    """A client for a kubeconfig: its path, or as JSON the document itself. DeliveryError where it cannot be used."""
    settings = client.Configuration()
    try:
        if kubeconfig.startswith("{"):
            document = json.loads(kubeconfig)
            config.load_kube_config_from_dict(document, context, settings, persist_config=False)
        else:
            config.load_kube_config(kubeconfig, context, settings, persist_config=False)
    except (ConfigException, OSError, ValueError) as error:
        missing = not any(Path(part).expanduser().exists() for part in kubeconfig.split(":") if part)
        what = "does not exist" if missing else f"cannot be used: {str(error).splitlines()[0].rstrip('.')}"
        raise DeliveryError(
            f"Kubeconfig {kubeconfig!r} {what}.",
            Exit.BAD_INPUT,
            remedy="Set KUBECONFIG, or caas:kubernetes.kubeconfig and caas:kubernetes.context in the stack's file.",
        ) from error
    settings.retries = False
    return client.ApiClient(settings)


def _root(error: BaseException) -> str:
    """The innermost reason in one line, without the layers of the client around it."""
    reason = getattr(error, "reason", None)
    text = str(reason if isinstance(reason, BaseException) else error)
    return text.rpartition(": ")[2].splitlines()[0] if text else type(error).__name__
