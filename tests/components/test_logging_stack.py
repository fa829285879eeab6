"""Logging on Kubernetes: what is declared, in which order, and with which rights."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

from components import platform
from components.kubernetes.elastic import OPERATOR_VERSION, VERSION
from components.logging import kibana
from components.spec.errors import SpecError
from tests.components.recorder import Recording, record
from tests.components.worlds import environment

AGENT = "registry.example.com/team/collector@sha256:" + "c" * 64
EXISTING = {"agent": AGENT, "elasticsearch": "https://logs.example.com", "apiKey": "logs"}
DECLARED = {"agent": AGENT, "password": "logs"}
DAEMON_SET = "kubernetes:apps/v1:DaemonSet"
MARKER = "marker-51c7"


def declared(logging: dict[str, Any], **settings: Any) -> Recording:
    """What the whole program declares with this part of the stack file."""
    described = environment(secrets=("logs",), logging=logging, **settings)
    return record(lambda: platform.declare(described, {"logs": pulumi.Output.secret(MARKER)}))


def test_nothing_is_declared_unless_it_is_asked_for() -> None:
    recording = record(lambda: platform.declare(environment(), {}))
    assert recording.of(DAEMON_SET) == []


def test_the_agent_reads_its_nodes_lines_and_can_do_nothing_else() -> None:
    recording = declared(EXISTING)
    pod = recording.one(DAEMON_SET).inputs["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "privileged": False,
        "readOnlyRootFilesystem": True,
    }
    assert pod["hostNetwork"] is False
    assert "hostPID" not in pod
    mounts = {mount["name"]: mount for mount in container["volumeMounts"]}
    assert mounts["lines"] == {"name": "lines", "mountPath": "/var/log/pods", "readOnly": True}
    writable = [name for name, mount in mounts.items() if not mount.get("readOnly")]
    assert writable == ["state"]
    role = recording.one("kubernetes:rbac.authorization.k8s.io/v1:Role").inputs
    assert role["metadata"]["namespace"] == "caas-staging"
    assert role["rules"] == [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}]
    assert recording.of("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole") == []
    assert container["image"] == AGENT


@pytest.mark.parametrize(
    ("logging", "compression"),
    [
        (DECLARED, "none"),
        ({**EXISTING, "elasticsearch": "https://logs.shared.svc:9200"}, "none"),
        ({**EXISTING, "elasticsearch": "https://logs.shared.svc.cluster.local:9200"}, "none"),
        (EXISTING, "gzip"),
        ({**EXISTING, "elasticsearch": "https://svc.example.com"}, "gzip"),
    ],
)
def test_lines_are_compressed_where_they_leave_the_cluster(logging: dict[str, Any], compression: str) -> None:
    recording = declared(logging)
    text = recording.one("kubernetes:core/v1:ConfigMap", "logging-agent-config").inputs["data"]["agent.json"]
    exporters = json.loads(text)["exporters"]
    assert {one["compression"] for one in exporters.values()} == {compression}


def test_the_agents_memory_is_spent_to_spare_its_processor_and_ends_before_its_limit() -> None:
    pod = declared(EXISTING).one(DAEMON_SET).inputs["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    variables = {one["name"]: one.get("value") for one in container["env"]}
    assert container["resources"]["limits"] == {"memory": "256Mi"}
    assert (variables["GOMEMLIMIT"], variables["GOGC"], variables["GOMAXPROCS"]) == ("179MiB", "800", "1")


def test_the_agent_has_a_namespace_of_its_own() -> None:
    recording = declared(EXISTING)
    names = {one.inputs["metadata"]["name"] for one in recording.of("kubernetes:core/v1:Namespace")}
    assert names == {"caas-staging", "caas-staging-logging"}
    assert recording.one(DAEMON_SET).inputs["metadata"]["namespace"] == "caas-staging-logging"
    services = recording.one("kubernetes:core/v1:Namespace", "cluster-namespace").inputs["metadata"]["labels"]
    assert services["pod-security.kubernetes.io/enforce"] == "restricted"


def test_the_key_is_secret_everywhere() -> None:
    recording = declared(EXISTING)
    secret = recording.one("kubernetes:core/v1:Secret", "logging-credential")
    assert secret.inputs["stringData"] == {"credential": MARKER}
    assert any(path.startswith("stringData") for path in secret.secret_paths)
    others = [one for one in recording.resources if one.name != "logging-credential"]
    assert MARKER not in repr(others)


def test_a_new_configuration_replaces_the_agents() -> None:
    def annotation(stack: str) -> str:
        recording = declared(EXISTING, kubernetes={"namespace": stack})
        found = recording.one(DAEMON_SET).inputs["spec"]["template"]["metadata"]["annotations"]
        return str(found["caas/configuration"])

    assert annotation("a") != annotation("b")
    assert annotation("a") == annotation("a")


def test_definitions_come_before_what_they_define() -> None:
    recording = declared(DECLARED)
    release = recording.one("kubernetes:helm.sh/v3:Release")
    assert release.inputs["version"] == OPERATOR_VERSION
    assert release.inputs["values"]["installCRDs"] is True
    kinds = {
        "kubernetes:elasticsearch.k8s.elastic.co/v1:Elasticsearch",
        "kubernetes:kibana.k8s.elastic.co/v1:Kibana",
        "kubernetes:logstash.k8s.elastic.co/v1alpha1:Logstash",
    }
    elasticsearch = recording.one("kubernetes:elasticsearch.k8s.elastic.co/v1:Elasticsearch")
    for kind in kinds:
        one = recording.one(kind)
        assert release.urn in one.depends_on
        assert one.inputs["spec"]["version"] == VERSION
        assert one is elasticsearch or elasticsearch.urn in one.depends_on
    job = recording.one("kubernetes:batch/v1:Job")
    assert elasticsearch.urn in job.depends_on
    assert job.urn in recording.one(DAEMON_SET).depends_on


def test_an_operator_that_is_there_is_used() -> None:
    recording = declared({**DECLARED, "operator": "existing"})
    assert recording.of("kubernetes:helm.sh/v3:Release") == []
    assert len(recording.of("kubernetes:elasticsearch.k8s.elastic.co/v1:Elasticsearch")) == 1


def test_size_follows_the_tier_and_the_stack() -> None:
    def spec(**settings: Any) -> dict[str, Any]:
        recording = declared({**DECLARED, **settings})
        found = recording.one("kubernetes:elasticsearch.k8s.elastic.co/v1:Elasticsearch").inputs["spec"]
        assert isinstance(found, dict)
        return found

    three = spec()
    assert three["nodeSets"][0]["count"] == 3
    assert three["podDisruptionBudget"]["spec"]["maxUnavailable"] == 1
    one = spec(nodes=1, storage=7)
    assert "podDisruptionBudget" not in one
    claim = one["nodeSets"][0]["volumeClaimTemplates"][0]["spec"]
    assert claim["resources"]["requests"]["storage"] == "7Gi"


def test_the_setup_keeps_lines_for_as_long_as_the_environment_says() -> None:
    recording = declared(DECLARED, logRetention=21)
    texts = recording.one("kubernetes:core/v1:ConfigMap", "logging-setup").inputs["data"]
    bodies = {texts[key.replace(".json", ".path")]: json.loads(texts[key]) for key in texts if key.endswith(".json")}
    assert bodies["_ilm/policy/caas-logs-staging"]["policy"]["phases"]["delete"]["min_age"] == "21d"
    template = bodies["_index_template/caas-logs-staging"]
    assert template["template"]["settings"]["index.number_of_replicas"] == 1
    assert template["data_stream"] == {}


def test_a_kibana_of_others_goes_with_an_elasticsearch_of_others() -> None:
    with pytest.raises(SpecError, match="kibana only with elasticsearch"):
        declared({**DECLARED, "kibana": "https://k.example.com"})


def test_the_setup_brings_kibana_its_objects_after_elasticsearch_has_its_own() -> None:
    recording = declared(DECLARED)
    texts = recording.one("kubernetes:core/v1:ConfigMap", "logging-setup").inputs["data"]
    assert texts["kibana.ndjson"] == kibana.ndjson("staging")
    job = recording.one("kubernetes:batch/v1:Job")
    pod = job.inputs["spec"]["template"]["spec"]
    (command,) = [one["command"][-1] for one in pod["containers"]]
    told, imported = command.split("; done; ")
    assert "--request PUT" in told
    assert f"https://logs-kb-http.caas-staging-logging.svc:5601/{kibana.IMPORT}" in imported
    assert "file=@/setup/kibana.ndjson" in imported
    assert {one["secret"]["secretName"] for one in pod["volumes"] if "secret" in one} == {
        "logs-es-http-certs-public",
        "logs-kb-http-certs-public",
    }
    assert recording.one("kubernetes:kibana.k8s.elastic.co/v1:Kibana").urn in job.depends_on
