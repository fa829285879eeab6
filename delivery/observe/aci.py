"""Asks Azure what runs on Container Instances, through its management API. Changes nothing; every call is bounded."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import urllib3
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import DefaultAzureCredential

from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.observe import aci_objects as objects
from delivery.observe.model import Evidence, Snapshot, Target

MANAGEMENT = "https://management.azure.com"
ENDPOINT = "CAAS_AZURE_ENDPOINT"
"""Variable that names another management API than the public cloud's: a sovereign cloud's, or a simulation."""

INSTANCES, NETWORK = "Microsoft.ContainerInstance", "Microsoft.Network"
VERSIONS = {INSTANCES: "2025-09-01", NETWORK: "2024-05-01"}
"""Of the API, for each of its parts."""

LIMIT = urllib3.Timeout(connect=3, read=10)
"""Seconds to connect and to answer, for one call."""

RETRIES = urllib3.Retry(total=2, status_forcelist=(429, 502, 503), backoff_factor=1, raise_on_status=False)
"""Throttled calls are made again when Azure says so."""

NOTHING = (204, 404)
"""Answers that say that there is no such thing."""

INTERVAL = 1.0
POLLS = 10
"""Looks, a second apart, at an answer that Azure works out first."""


class AciObserver:
    """Reads an NGroup, its last rolling update, and the container groups of its profiles."""

    def __init__(self, subscription: str) -> None:
        """Credentials are found as Azure's own tools find them."""
        self._subscription = subscription
        self._endpoint = os.environ.get(ENDPOINT) or MANAGEMENT
        try:
            self._credential = DefaultAzureCredential(exclude_interactive_browser_credential=True)
        except ValueError as error:  # its word for a variable that is set to nothing that could be meant
            raise DeliveryError(
                f"The environment's credentials for Azure cannot be read: {str(error).rstrip('.')}.",
                Exit.BAD_INPUT,
                remedy="Give AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET values, or unset them.",
            ) from error
        self._pool = urllib3.PoolManager(timeout=LIMIT, retries=RETRIES)

    def snapshot(self, target: Target) -> Snapshot:
        """The NGroup, and the groups that were made of this service's profiles."""
        group = self._get(target, INSTANCES, f"nGroups/{target.name}")
        if group is None:
            return Snapshot(target, exists=False)
        update = self._get(target, INSTANCES, f"nGroups/{target.name}/latestRollingUpdate")
        listed = (self._get(target, INSTANCES, "containerGroups") or {}).get("value") or []
        mine = [one for one in listed if objects.belongs(one, target)]
        # The list does not say how they are.
        seen = [self._get(target, INSTANCES, f"containerGroups/{one['name']}") for one in mine]
        return objects.snapshot(target, group, update, [one for one in seen if one is not None], self._health(target))

    def evidence(self, target: Target, instance: str) -> Evidence:
        """The events of a container group. Logs stay in the workspace: what is secret in them is not known here, so
        they could not be masked."""
        found = self._get(target, INSTANCES, f"containerGroups/{instance}")
        return Evidence(instance, tuple(objects.events(found or {})))

    def versions(self) -> dict[str, str]:
        """Container Instances has no version that one could name."""
        return {}

    def usages(self, location: str) -> list[Mapping[str, Any]]:
        """What the subscription uses in a location, and may use, as Container Instances counts it."""
        where = f"/subscriptions/{self._subscription}/providers/{INSTANCES}/locations/{quote(location)}/usages"
        found = self._read(where, INSTANCES)
        if found is None:
            raise DeliveryError(f"Azure knows no usages of Container Instances in {location}.", Exit.NOT_PROVEN)
        return list(found["value"])

    def _health(self, target: Target) -> dict[str, str] | None:
        """Address -> what the service's load balancer says of it; None where this identity may not ask, or there is no
        such balancer. Then the service's own address is asked."""
        rule = f"loadBalancers/{target.name}/loadBalancingRules/http/health"
        answer = self._call("POST", self._where(target, NETWORK, rule), NETWORK)
        for _ in range(POLLS):
            if answer.status != 202:
                break
            time.sleep(INTERVAL)
            answer = self._request("GET", answer.headers["Location"], None)
        return objects.health(json.loads(answer.data)) if answer.status == 200 else None

    def _where(self, target: Target, part: str, path: str) -> str:
        group = quote(target.namespace)
        return f"/subscriptions/{self._subscription}/resourceGroups/{group}/providers/{part}/{path}"

    def _get(self, target: Target, part: str, path: str) -> Mapping[str, Any] | None:
        return self._read(self._where(target, part, path), part)

    def _read(self, where: str, part: str) -> Mapping[str, Any] | None:
        answer = self._call("GET", where, part)
        if answer.status in NOTHING:
            return None
        if answer.status != 200:
            raise DeliveryError(
                f"Azure refused GET {where}: {answer.status} {_said(answer.data)}.",
                Exit.NOT_PROVEN,
                remedy=_remedy(answer.status),
            )
        found: Mapping[str, Any] = json.loads(answer.data)
        return found

    def _call(self, method: str, where: str, part: str) -> urllib3.BaseHTTPResponse:
        return self._request(method, f"{self._endpoint}{where}?api-version={VERSIONS[part]}", b"")

    def _request(self, method: str, url: str, body: bytes | None) -> urllib3.BaseHTTPResponse:
        headers = {"Authorization": f"Bearer {self._token()}", "Accept": "application/json"}
        try:
            return self._pool.request(method, url, body=body if method == "POST" else None, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            raise DeliveryError(
                f"Azure at {self._endpoint} does not answer: {str(error).rstrip('.')}.",
                Exit.NOT_PROVEN,
                remedy="Check the network.",
            ) from error

    def _token(self) -> str:
        try:
            # Kept by the credential for as long as it is good.
            return str(self._credential.get_token(f"{MANAGEMENT}/.default").token)
        except ClientAuthenticationError as error:
            raise DeliveryError(
                "There are no credentials for Azure, so what runs on Container Instances cannot be seen.",
                Exit.NOT_PROVEN,
                remedy="Log in (`az login`), or give the job an identity.",
            ) from error


def _said(body: bytes) -> str:
    try:
        error = json.loads(body)["error"]
        return f"{error['code']}: {str(error['message']).rstrip('.')}"
    except (ValueError, KeyError, TypeError):
        return "without a word"


def _remedy(status: int) -> str | None:
    if status == 401:
        return "The credential has expired or belongs to another tenant: log in again."
    if status == 403:
        action = "Microsoft.Network/loadBalancers/loadBalancingRules/health/action"
        return f"The identity needs Reader on the resource group, and {action} for the health of instances."
    return None
