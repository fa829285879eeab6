"""Elasticsearch, Logstash and Kibana as Elastic's operator (ECK) makes them. Pure documents, checked against its own
definitions by ``tests/components/test_elastic.py``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from components.logging import kibana
from components.logging.access import agent_role, deployment_role, reader_role
from components.logging.install import Request
from components.spec.environment import Environment, Tier
from components.spec.logging import Logging

OPERATOR_CHART = "eck-operator"
OPERATOR_REPOSITORY = "https://helm.elastic.co"
OPERATOR_VERSION = "3.5.0"
OPERATOR_NAMESPACE = "elastic-system"
VERSION = "9.4.3"
"""Of Elasticsearch, Logstash and Kibana; they go together. The operator's own samples name it."""

NAME = "logs"
AGENT = "caas-agent"
"""The agent's user and its role."""
USER = "agent-user"
ROLES = "roles"
AUTHORITY = f"{NAME}-es-http-certs-public"
"""Secret of the operator's with the certificate that the agent trusts."""
KIBANA_AUTHORITY = f"{NAME}-kb-http-certs-public"
"""The same for Kibana; the setup trusts it."""
ELASTIC_USER = f"{NAME}-es-elastic-user"
"""Secret of the operator's with the password that the setup uses."""

NODES: dict[Tier, int] = {"dev": 1, "staging": 3, "prod": 3}
MEMORY: dict[Tier, int] = {"dev": 2, "staging": 4, "prod": 8}
"""GiB for each node of Elasticsearch."""

_SHELL = (
    "set -eu; for each in {order}; do "
    'path="$(cat "/setup/$each.path")"; '
    "curl --fail-with-body --silent --show-error --retry 30 --retry-delay 5 --retry-all-errors "
    "--cacert /authority/ca.crt --user \"elastic:$PASSWORD\" --header 'Content-Type: application/json' "
    '--request PUT --data-binary "@/setup/$each.json" "{endpoint}/$path"; done; '
    "curl --fail-with-body --silent --show-error --retry 60 --retry-delay 5 --retry-all-errors "
    "--cacert /kibana-authority/ca.crt --user \"elastic:$PASSWORD\" --header 'kbn-xsrf: caas' "
    '--form "file=@/setup/kibana.ndjson" "{kibana}/{imports}"'
)


def endpoint(namespace: str) -> str:
    """Where the Elasticsearch that is declared in this namespace answers, inside the cluster."""
    return f"https://{NAME}-es-http.{namespace}.svc:9200"


def kibana_endpoint(namespace: str) -> str:
    """Where its Kibana answers, inside the cluster."""
    return f"https://{NAME}-kb-http.{namespace}.svc:5601"


def nodes(spec: Logging, tier: Tier) -> int:
    """How many nodes Elasticsearch has."""
    return spec.nodes if spec.nodes is not None else NODES[tier]


def operator() -> dict[str, Any]:
    """The operator's chart, its definitions included, and a limit of what it may watch: nothing outside the cluster."""
    return {
        "name": OPERATOR_CHART,
        "chart": OPERATOR_CHART,
        "version": OPERATOR_VERSION,
        "namespace": OPERATOR_NAMESPACE,
        "create_namespace": True,
        "repository_opts": {"repo": OPERATOR_REPOSITORY},
        "atomic": True,
        "values": {"installCRDs": True, "telemetry": {"disabled": True}, "config": {"metrics": {"port": "8080"}}},
    }


def roles(environment: str) -> dict[str, Any]:
    """The roles by name, as the operator's file of roles has them."""
    described = {AGENT: agent_role(environment), "caas-deployment": deployment_role(), "caas-reader": reader_role()}
    return dict(sorted(described.items()))


def custom_resources(spec: Logging, environment: Environment) -> dict[str, tuple[str, dict[str, Any]]]:
    """Kind -> (API version, spec), in the order in which they are declared: what refers to another comes after it."""
    count, tier = nodes(spec, environment.tier), environment.tier
    return {
        "Elasticsearch": ("elasticsearch.k8s.elastic.co/v1", _elasticsearch(spec, environment, count)),
        "Kibana": (
            "kibana.k8s.elastic.co/v1",
            {
                "version": VERSION,
                "count": 1 if tier == "dev" else 2,
                "elasticsearchRef": {"name": NAME},
                "config": {"telemetry.optIn": False},
                "podTemplate": _pod("kibana", memory="1Gi", cpu="200m"),
            },
        ),
        "Logstash": (
            "logstash.k8s.elastic.co/v1alpha1",
            {
                "version": VERSION,
                "count": 1 if tier == "dev" else 2,
                "elasticsearchRefs": [{"clusterName": NAME, "name": NAME}],
                # What waits stands on disk: a Logstash that ends has lost nothing.
                "config": {"queue.type": "persisted", "queue.max_bytes": "1gb"},
                "pipelines": [{"pipeline.id": "platforms", "config.string": _logstash_pipeline()}],
                "services": [
                    {
                        "name": "platforms",
                        "service": {"spec": {"ports": [{"name": "http", "port": 8080, "protocol": "TCP"}]}},
                    }
                ],
                "podTemplate": _pod("logstash", memory="1536Mi", cpu="200m"),
            },
        ),
    }


def _elasticsearch(spec: Logging, environment: Environment, count: int) -> dict[str, Any]:
    claim: dict[str, Any] = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": f"{spec.storage}Gi"}},
    }
    if environment.kubernetes.storage_class is not None:
        claim["storageClassName"] = environment.kubernetes.storage_class
    zones = "topology.kubernetes.io/zone"
    template = _pod("elasticsearch", memory=f"{MEMORY[environment.tier]}Gi", cpu="500m")
    if count > 1:
        template["spec"]["topologySpreadConstraints"] = [
            {
                "maxSkew": 1,
                "topologyKey": zones,
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": {"elasticsearch.k8s.elastic.co/cluster-name": NAME}},
            }
        ]
    result: dict[str, Any] = {
        "version": VERSION,
        "auth": {"roles": [{"secretName": ROLES}], "fileRealm": [{"secretName": USER}]},
        "nodeSets": [
            {
                "name": "default",
                "count": count,
                # Without a setting of the node's kernel, which an operator may not be allowed to make.
                "config": {"node.store.allow_mmap": False},
                "podTemplate": template,
                "volumeClaimTemplates": [{"metadata": {"name": "elasticsearch-data"}, "spec": claim}],
            }
        ],
        # Lines outlive the stack that declared them, outside dev.
        "volumeClaimDeletePolicy": "DeleteOnScaledownAndClusterDeletion"
        if environment.tier == "dev"
        else "DeleteOnScaledownOnly",
    }
    if count > 1:
        selector = {"matchLabels": {"elasticsearch.k8s.elastic.co/cluster-name": NAME}}
        result["podDisruptionBudget"] = {"spec": {"maxUnavailable": 1, "selector": selector}}
    return result


def _pod(container: str, *, memory: str, cpu: str) -> dict[str, Any]:
    resources = {"requests": {"memory": memory, "cpu": cpu}, "limits": {"memory": memory}}
    return {
        "spec": {
            "automountServiceAccountToken": False,
            "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{"name": container, "resources": resources}],
        }
    }


def _logstash_pipeline() -> str:
    """Lines of platforms without an agent of ours come by HTTP, and go on as they are."""
    variable = NAME.upper()
    return (
        "input { http { port => 8080 } }\n"
        "output {\n"
        "  elasticsearch {\n"
        f'    hosts => [ "${{{variable}_ES_HOSTS}}" ]\n'
        "    ssl_enabled => true\n"
        f'    ssl_certificate_authorities => "${{{variable}_ES_SSL_CERTIFICATE_AUTHORITY}}"\n'
        f'    user => "${{{variable}_ES_USER}}"\n'
        f'    password => "${{{variable}_ES_PASSWORD}}"\n'
        "    data_stream => true\n"
        '    data_stream_dataset => "caas.app"\n'
        "  }\n"
        "}\n"
    )


def setup_documents(requests: Sequence[Request], environment: str) -> dict[str, str]:
    """The requests as files: for each its path and its body; and what Kibana imports."""
    files = {"kibana.ndjson": kibana.ndjson(environment)}
    for index, request in enumerate(requests):
        files[f"{index}.path"] = request.path
        files[f"{index}.json"] = json.dumps(request.body, sort_keys=True)
    return files


def setup_job(
    namespace: str, requests: Sequence[Request]
) -> Any:  # mypy loses itself in the SDK's dictionary of a Job: gigabytes, no end
    """Sends the requests, again until Elasticsearch takes them. The image is Elasticsearch's own, which has curl."""
    command = _SHELL.format(
        order=" ".join(map(str, range(len(requests)))),
        endpoint=endpoint(namespace),
        kibana=kibana_endpoint(namespace),
        imports=kibana.IMPORT,
    )
    return {
        "backoff_limit": 6,
        "template": {
            "spec": {
                "restart_policy": "OnFailure",
                "automount_service_account_token": False,
                "enable_service_links": False,
                "security_context": {
                    "run_as_non_root": True,
                    "run_as_user": 1000,
                    "run_as_group": 1000,
                    "seccomp_profile": {"type": "RuntimeDefault"},
                },
                "containers": [
                    {
                        "name": "setup",
                        "image": f"docker.elastic.co/elasticsearch/elasticsearch:{VERSION}",
                        "command": ["sh", "-c", command],
                        "env": [
                            {
                                "name": "PASSWORD",
                                "value_from": {"secret_key_ref": {"name": ELASTIC_USER, "key": "elastic"}},
                            }
                        ],
                        "resources": {
                            "requests": {"cpu": "10m", "memory": "32Mi"},
                            "limits": {"memory": "64Mi"},
                        },
                        "security_context": {
                            "allow_privilege_escalation": False,
                            "capabilities": {"drop": ["ALL"]},
                            "read_only_root_filesystem": True,
                        },
                        "volume_mounts": [
                            {"name": "setup", "mount_path": "/setup", "read_only": True},
                            {"name": "authority", "mount_path": "/authority", "read_only": True},
                            {"name": "kibana-authority", "mount_path": "/kibana-authority", "read_only": True},
                        ],
                    }
                ],
                "volumes": [
                    {"name": "setup", "config_map": {"name": "setup"}},
                    {"name": "authority", "secret": {"secret_name": AUTHORITY}},
                    {"name": "kibana-authority", "secret": {"secret_name": KIBANA_AUTHORITY}},
                ],
            }
        },
    }
