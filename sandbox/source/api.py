"""The few calls that the sandbox itself makes to the cluster's API."""

from __future__ import annotations

import base64
import json
import ssl
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

from sandbox.errors import SandboxError

_OWNER: Final = "caas-sandbox"
_CLUSTER_WIDE: Final = {
    "Namespace",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "GatewayClass",
    "IngressClass",
    "APIService",
    "PriorityClass",
    "StorageClass",
}
_PLURALS: Final = {
    "Endpoints": "endpoints",
    "GatewayClass": "gatewayclasses",
    "IngressClass": "ingressclasses",
    "PriorityClass": "priorityclasses",
    "Prometheus": "prometheuses",
}


class Api:
    """The administrator's connection."""

    def __init__(self, kubeconfig: Path) -> None:
        """Connect as the kubeconfig's one user, by certificate.

        Raises:
            SandboxError: there is no such file, or it carries no certificates.
        """
        self.server, context = _credentials(kubeconfig)
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )

    def get(self, path: str, absent: tuple[int, ...] = (404,)) -> dict[str, Any] | None:
        """A document of the API; None when the answer's code is one of ``absent``.

        Raises:
            SandboxError: the API refuses or does not answer.
        """
        return self._call("GET", path, absent=absent)

    def apply(self, manifest: dict[str, Any]) -> None:
        """Server-side apply; fields that the sandbox states are the sandbox's.

        Raises:
            SandboxError: the API refuses, with its own words.
        """
        self.apply_text(path_of(manifest), json.dumps(manifest))

    def apply_text(self, path: str, text: str) -> None:
        """The same for a manifest that nobody has to read here: YAML that the cluster reads itself.

        Raises:
            SandboxError: the API refuses, with its own words.
        """
        self._call("PATCH", f"{path}?fieldManager={_OWNER}&force=true", text.encode())

    def _call(
        self, method: str, path: str, body: bytes | None = None, absent: tuple[int, ...] = ()
    ) -> dict[str, Any] | None:
        request = urllib.request.Request(self.server + path, data=body, method=method)  # noqa: S310 - always https
        request.add_header("Accept", "application/json")
        if body is not None:
            request.add_header("Content-Type", "application/apply-patch+yaml")
        try:
            with self._opener.open(request, timeout=10) as response:
                answer = json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                text = error.read().decode(errors="replace")
            if error.code in absent:
                return None
            raise SandboxError(f"The cluster's API refuses {method} {path}: {error.code}\n  {text[:600]}") from error
        except (OSError, urllib.error.URLError) as error:
            raise SandboxError(f"The cluster's API at {self.server} does not answer: {error}") from error
        return answer if isinstance(answer, dict) else None


def path_of(manifest: dict[str, Any]) -> str:
    """The address of an object in the API."""
    version, kind, name = manifest["apiVersion"], manifest["kind"], manifest["metadata"]["name"]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    plural = _PLURALS.get(kind, kind.lower() + "s")
    if kind in _CLUSTER_WIDE:
        return f"{root}/{plural}/{name}"
    return f"{root}/namespaces/{manifest['metadata'].get('namespace', 'default')}/{plural}/{name}"


def _credentials(kubeconfig: Path) -> tuple[str, ssl.SSLContext]:
    try:
        document = YAML(typ="safe", pure=True).load(kubeconfig)
        cluster, user = document["clusters"][0]["cluster"], document["users"][0]["user"]
        certificates = [user["client-certificate-data"], user["client-key-data"]]
        context = ssl.create_default_context(
            cadata=base64.b64decode(cluster["certificate-authority-data"]).decode("ascii")
        )
    except (OSError, KeyError, IndexError, TypeError) as error:
        raise SandboxError(f"{kubeconfig} is not a kubeconfig of the sandbox ({error!r}). Run `make up`.") from error
    # The library reads a client's certificate from a file alone; this one is ours only, and short-lived.
    with tempfile.NamedTemporaryFile(prefix="caas-") as pair:
        pair.write(b"".join(base64.b64decode(each) for each in certificates))
        pair.flush()
        context.load_cert_chain(pair.name)
    return str(cluster["server"]), context
