"""The real Kubernetes behind a simulated cluster, and a credential for it as ``gke-gcloud-auth-plugin`` gives one."""

from __future__ import annotations

import base64
import json
import os
import sys
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

KUBECONFIG = "CAAS_GKE_KUBECONFIG"
"""Path of the kubeconfig of the cluster that stands behind every simulated one."""

VERSIONS = ("client.authentication.k8s.io/v1beta1", "client.authentication.k8s.io/v1")


def endpoint_of(file: str) -> tuple[str, str]:
    """Address without a scheme, and authority in base64, of a kubeconfig's current cluster."""
    cluster, _ = _current(file)
    return str(cluster["server"]).removeprefix("https://"), _data(cluster, "certificate-authority")


def credential(file: str, version: str) -> dict[str, Any]:
    """The ExecCredential of a kubeconfig's current user: its token, or its certificate and key."""
    _, user = _current(file)
    if "token" in user:
        status = {"token": user["token"]}
    else:
        status = {
            "clientCertificateData": base64.b64decode(_data(user, "client-certificate")).decode(),
            "clientKeyData": base64.b64decode(_data(user, "client-key")).decode(),
        }
    return {"apiVersion": version, "kind": "ExecCredential", "status": status}


def _current(file: str) -> tuple[dict[str, Any], dict[str, Any]]:
    document = YAML(typ="safe").load(Path(file))
    context = _named(document["contexts"], document["current-context"])["context"]
    return (
        _named(document["clusters"], context["cluster"])["cluster"],
        _named(document["users"], context["user"])["user"],
    )


def _named(entries: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(one for one in entries if one["name"] == name)


def _data(entry: dict[str, Any], key: str) -> str:
    """A value in base64, whether it stands in the kubeconfig or in a file."""
    if f"{key}-data" in entry:
        return str(entry[f"{key}-data"])
    return base64.b64encode(Path(entry[key]).read_bytes()).decode()


def main() -> None:
    """Print the credential; end with one message where there is none."""
    file = os.environ.get(KUBECONFIG)
    if not file:
        sys.exit(f"gke-gcloud-auth-plugin: no real cluster stands behind the simulated one; set {KUBECONFIG}")
    asked = json.loads(os.environ.get("KUBERNETES_EXEC_INFO") or "{}").get("apiVersion")
    try:
        print(json.dumps(credential(file, asked if asked in VERSIONS else VERSIONS[0])))
    except (OSError, KeyError, StopIteration, TypeError, ValueError, YAMLError) as error:
        sys.exit(f"gke-gcloud-auth-plugin: {file} has no credential: {type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
