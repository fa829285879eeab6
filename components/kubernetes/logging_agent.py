"""The agent on each node: what it may, what it is told, and how it runs. Pure documents."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from components.kubernetes import elastic
from components.logging import agent
from components.spec.environment import Environment
from components.spec.logging import Logging, url_port

if TYPE_CHECKING:
    from pulumi_kubernetes.apps.v1 import DaemonSetSpecArgsDict
    from pulumi_kubernetes.core.v1 import EnvVarArgsDict, VolumeArgsDict, VolumeMountArgsDict
    from pulumi_kubernetes.networking.v1 import NetworkPolicySpecArgsDict

NAME = "logging-agent"
FILE = "agent.json"
"""The Collector reads YAML, of which JSON is a part."""
CREDENTIAL = "credential"
"""Key in the Secret."""
SELECTOR: Mapping[str, str] = {"app.kubernetes.io/name": NAME}
CPU = "50m"
MEMORY = (128, 256)
"""MiB: asked for, and at the most."""
NODE_STATE = "/var/log/caas-logging"
"""Directory of the node, below which each environment's agent notes how far it has read: it outlives the pod, as the
lines do. Beside the lines themselves, so that one disk holds both."""

_AUTHORITY = "/etc/elasticsearch"


def configuration_text(environment: Environment, watched: str, spec: Logging) -> str:
    """The agent's configuration file."""
    declared = spec.elasticsearch is None
    described = agent.Agent(
        environment=environment.stack,
        platform=environment.platform,
        namespace=watched,
        credential="password" if declared else "api-key" if spec.api_key else None,
        user=elastic.AGENT if declared else "",
        ca_file=f"{_AUTHORITY}/ca.crt" if declared else None,
        compression="none" if _inside(spec.elasticsearch) else "gzip",
    )
    return json.dumps(agent.configuration(described), indent=1, sort_keys=True)


def _inside(endpoint: str | None) -> bool:
    """Whether Elasticsearch is in the cluster. There a tenth of the agent's processor time is worth more than bytes;
    elsewhere they pass gateways, and are paid for.

    :param endpoint: Its address. None: it is declared here.
    """
    host = urlsplit(endpoint).hostname if endpoint else None
    return host is None or host.endswith((".svc", ".svc.cluster.local"))


def fingerprint(texts: Mapping[str, str]) -> str:
    """Another one for other texts: ten hexadecimal digits."""
    return hashlib.sha256(json.dumps(texts, sort_keys=True).encode()).hexdigest()[:10]


def policy_spec(endpoint: str) -> NetworkPolicySpecArgsDict:
    """Nobody calls the agent. It calls the names' server, the API and Elasticsearch, whose addresses nobody knows
    beforehand: the ports are what can be said."""
    ports = sorted({443, 6443, url_port(endpoint)})
    return {
        "pod_selector": {"match_labels": SELECTOR},
        "policy_types": ["Ingress", "Egress"],
        "egress": [
            {"ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]},
            {"ports": [{"protocol": "TCP", "port": port} for port in ports]},
        ],
    }


def _state(environment: Environment, watched: str) -> VolumeArgsDict:
    """GKE Autopilot lets nobody write to its nodes ("Autopilot security"): there a new agent reads from the beginning.
    What it sends again has the ids that it had before, and is there once."""
    if environment.platform == "gke":
        return {"name": "state", "empty_dir": {"size_limit": "1Gi"}}
    return {"name": "state", "host_path": {"path": f"{NODE_STATE}/{watched}", "type": "DirectoryOrCreate"}}


def daemon_set_spec(
    spec: Logging,
    *,
    environment: Environment,
    watched: str,
    endpoint: str,
    credential: bool,
    fingerprint: str,
) -> DaemonSetSpecArgsDict:
    """One agent on each node, the tainted ones as well.

    It runs as root without any capability, which is what the kubelet's files ask for (owner root, mode 0640), on a
    root file system that it cannot write to, in the pods' network.
    """
    variables: list[EnvVarArgsDict] = [
        {"name": "NODE_NAME", "value_from": {"field_ref": {"field_path": "spec.nodeName"}}},
        {"name": "ELASTICSEARCH_ENDPOINT", "value": endpoint},
        # With what is not the heap, below the 200 MiB that an agent may have, and the limit at which it is killed.
        {"name": "GOMEMLIMIT", "value": f"{MEMORY[1] * 7 // 10}MiB"},
        # Memory is there and processors are not: fewer collections, up to the limit above. 400 costs 5 % more.
        {"name": "GOGC", "value": "800"},
        # The runtime would count the node's processors, and keep a thread busy on each.
        {"name": "GOMAXPROCS", "value": "1"},
    ]
    if credential:
        variables.append(
            {
                "name": "ELASTICSEARCH_CREDENTIAL",
                "value_from": {"secret_key_ref": {"name": "agent", "key": CREDENTIAL}},
            }
        )
    volumes: list[VolumeArgsDict] = [
        {"name": "config", "config_map": {"name": NAME}},
        {"name": "lines", "host_path": {"path": agent.POD_LOGS, "type": "Directory"}},
        _state(environment, watched),
    ]
    mounts: list[VolumeMountArgsDict] = [
        {"name": "config", "mount_path": "/etc/agent", "read_only": True},
        {"name": "lines", "mount_path": agent.POD_LOGS, "read_only": True},
        {"name": "state", "mount_path": agent.CHECKPOINTS},
    ]
    if spec.elasticsearch is None:
        volumes.append({"name": "authority", "secret": {"secret_name": elastic.AUTHORITY}})
        mounts.append({"name": "authority", "mount_path": _AUTHORITY, "read_only": True})
    gates = ",".join(agent.GATES)
    return {
        "selector": {"match_labels": SELECTOR},
        "update_strategy": {"type": "RollingUpdate", "rolling_update": {"max_unavailable": "10%"}},
        "template": {
            "metadata": {
                "labels": {**SELECTOR, "caas.environment": environment.stack},
                "annotations": {"caas/configuration": fingerprint},
            },
            "spec": {
                "service_account_name": NAME,
                # To ask the API for the pods' labels; its right ends at one namespace's pods.
                "automount_service_account_token": True,
                "enable_service_links": False,
                "host_network": False,
                "termination_grace_period_seconds": 30,
                "tolerations": [{"operator": "Exists"}],
                "security_context": {
                    "run_as_user": 0,
                    "run_as_group": 0,
                    "seccomp_profile": {"type": "RuntimeDefault"},
                },
                "containers": [
                    {
                        "name": "agent",
                        "image": spec.agent,
                        "image_pull_policy": "IfNotPresent",
                        "args": [f"--config=/etc/agent/{FILE}", f"--feature-gates={gates}"],
                        "env": variables,
                        "volume_mounts": mounts,
                        "resources": {
                            "requests": {"cpu": CPU, "memory": f"{MEMORY[0]}Mi"},
                            "limits": {"memory": f"{MEMORY[1]}Mi"},
                        },
                        "readiness_probe": {"http_get": {"path": "/", "port": agent.HEALTH_PORT}, "period_seconds": 5},
                        "liveness_probe": {
                            "http_get": {"path": "/", "port": agent.HEALTH_PORT},
                            "initial_delay_seconds": 20,
                            "period_seconds": 30,
                            "timeout_seconds": 10,
                            "failure_threshold": 6,
                        },
                        "security_context": {
                            "allow_privilege_escalation": False,
                            "capabilities": {"drop": ["ALL"]},
                            "privileged": False,
                            "read_only_root_filesystem": True,
                        },
                    }
                ],
                "volumes": volumes,
            },
        },
    }
