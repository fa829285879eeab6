"""What the simulated Google Cloud refuses and how it writes its identifiers; every type is the installed SDK's."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pulumi_gcp
import pytest

from sandbox.clouds import environment
from sandbox.clouds.core.checks import normalised, wrong
from sandbox.clouds.core.errors import CloudError
from sandbox.clouds.core.model import Kind, Scope
from sandbox.clouds.core.schema import Sdk
from sandbox.clouds.gcp import registry, tokens
from sandbox.clouds.gcp.definition import DEFINITION, ROOMS, configure
from sandbox.clouds.start import cloud
from tests.sandbox.clouds.test_catalogue import exists

SDK = Sdk(Path(pulumi_gcp.__file__).parent)
SCOPE = Scope("shop-1234", "europe-west3", labels={"caas-tier": "dev"})
KINDS = sorted(DEFINITION.kinds.values(), key=lambda kind: kind.token)


class Desk:
    """Somebody who asks the cloud for one thing after the other."""

    def __init__(self, directory: Path) -> None:
        self.cloud = cloud("gcp", directory)

    def check(self, token: str, /, **inputs: Any) -> list[str]:
        """What the plug-in itself finds wrong."""
        kind = DEFINITION.kinds[token]
        given = normalised(kind, inputs, {}, "it", b"seed")
        return [f"{each.path}: {each.reason}" for each in wrong(kind, SDK.resource(token), given)]

    def create(self, token: str, /, **inputs: Any) -> dict[str, Any]:
        """Make one; its state."""
        kind = DEFINITION.kinds[token]
        given = normalised(kind, inputs, {}, "it", b"seed")
        assert wrong(kind, SDK.resource(token), given) == []
        return self.cloud.create(kind, "it", SCOPE, given)[1]

    def delete(self, token: str, state: dict[str, Any]) -> None:
        """Take one away."""
        self.cloud.delete(DEFINITION.kinds[token], "it", SCOPE, state["id"], state)

    def network(self, **changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """A network and a subnetwork with ranges for pods and services."""
        network = self.create(tokens.NETWORK, name="net", autoCreateSubnetworks=False)
        ranges = [
            {"rangeName": "pods", "ipCidrRange": "10.0.128.0/17"},
            {"rangeName": "services", "ipCidrRange": "10.0.16.0/20"},
        ]
        usual = {"name": "sub", "network": network["id"], "ipCidrRange": "10.0.0.0/20", "secondaryIpRanges": ranges}
        return network, self.create(tokens.SUBNETWORK, **{**usual, **changes})

    def cluster(self, **changes: Any) -> dict[str, Any]:
        """An Autopilot cluster in a network of its own."""
        network, subnetwork = self.network()
        usual = {
            "name": "shop",
            "enableAutopilot": True,
            "network": network["id"],
            "subnetwork": subnetwork["id"],
            "ipAllocationPolicy": {"clusterSecondaryRangeName": "pods", "servicesSecondaryRangeName": "services"},
        }
        return self.create(tokens.CLUSTER, **{**usual, **changes})


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.delenv(environment.GKE_KUBECONFIG, raising=False)
    return Desk(tmp_path)


def test_no_type_is_described_twice() -> None:
    assert len(DEFINITION.kinds) == sum(len(room.KINDS) for room in ROOMS) >= 19


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.token)
def test_type_is_the_sdks(kind: Kind) -> None:
    schema = SDK.resource(kind.token)
    paths = {*kind.replaces, *kind.defaults, *kind.choices, *kind.ranges, *kind.documents, *kind.references}
    paths |= {kind.name.key} if kind.name else set()
    assert sorted(path for path in paths if not exists(schema.inputs, path)) == []
    assert set(kind.computed) - schema.outputs == set()
    assert kind.volatile <= set(kind.computed)
    assert kind.everywhere
    for reference in kind.references.values():
        assert reference.kind in DEFINITION.kinds
        assert reference.everywhere


@pytest.mark.parametrize("token", sorted(DEFINITION.functions))
def test_functions_are_the_sdks(token: str) -> None:
    assert SDK.function(token)


def test_unknown_values_pass_every_check(desk: Desk) -> None:
    unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    for kind in KINDS:
        inputs = dict.fromkeys(SDK.resource(kind.token).inputs.properties, unknown)
        for pair in ("selfManaged", "matcher"):
            inputs.pop(pair, None)
        assert desk.check(kind.token, **inputs) == [], kind.token


def test_identifiers_are_written_as_google_writes_them(desk: Desk) -> None:
    made = desk.cluster()
    assert made["id"] == "projects/shop-1234/locations/europe-west3/clusters/shop"
    assert made["network"] == "projects/shop-1234/global/networks/net"
    assert made["subnetwork"] == "projects/shop-1234/regions/europe-west3/subnetworks/sub"
    assert made["effectiveLabels"] == {"caas-tier": "dev"}
    account = desk.create(tokens.ACCOUNT, accountId="nodes-1")
    assert account["member"] == "serviceAccount:nodes-1@shop-1234.iam.gserviceaccount.com"
    held = desk.create(tokens.REPOSITORY, repositoryId="team", format="DOCKER")
    assert held["registryUri"] == "europe-west3-docker.pkg.dev/shop-1234/team"
    proof = desk.create(tokens.AUTHORIZATION, name="web", domain="web.example.com")
    assert proof["dnsResourceRecords"][0]["name"] == "_acme-challenge.web.example.com."


@pytest.mark.parametrize(
    ("token", "inputs", "expected"),
    [
        (tokens.NETWORK, {"nmae": "a"}, "nmae: Unsupported argument"),
        (tokens.SUBNETWORK, {}, "network: Missing required argument"),
        (tokens.NETWORK, {"name": "Net"}, "must match regex"),
        (tokens.CLUSTER, {"name": "a" * 41, "initialNodeCount": 1.0}, "cannot be longer than 40"),
        (tokens.CLUSTER, {}, "a cluster needs initialNodeCount or nodePools"),
        (tokens.CLUSTER, {"enableAutopilot": True, "nodeConfig": {}}, '"nodeConfig": conflicts with enableAutopilot'),
        (
            tokens.CLUSTER,
            {"enableAutopilot": True, "clusterAutoscaling": {"enabled": True}},
            '"enabled": conflicts with enableAutopilot',
        ),
        (tokens.CLUSTER, {"enableAutopilot": True, "releaseChannel": {"channel": "SLOW"}}, "releaseChannel.channel"),
        (
            tokens.SUBNETWORK,
            {
                "network": "n",
                "ipCidrRange": "10.0.0.0/20",
                "secondaryIpRanges": [{"rangeName": "p", "ipCidrRange": "10.0.8.0/24"}],
            },
            "10.0.0.0/20 overlaps with 10.0.8.0/24",
        ),
        (
            "gcp:projects/iAMMember:IAMMember",
            {"project": "p", "role": "viewer", "member": "serviceAccount:a"},
            "doesn't match a role's name",
        ),
        (
            "gcp:projects/iAMMember:IAMMember",
            {"project": "p", "role": "roles/viewer", "member": "somebody"},
            "invalid value for member",
        ),
        (tokens.CERTIFICATE, {}, "exactly one of managed and selfManaged"),
        (tokens.RECORD_SET, {"managedZone": "z", "name": "a", "type": "A"}, "ends with a dot"),
    ],
)
def test_the_plug_in_refuses_by_itself(desk: Desk, token: str, inputs: dict[str, Any], expected: str) -> None:
    assert expected in "\n".join(desk.check(token, **inputs))


def test_what_is_named_must_be_there(desk: Desk) -> None:
    with pytest.raises(CloudError, match="projects/p/global/networks/none' was not found"):
        desk.create(tokens.ROUTER, network="projects/p/global/networks/none")
    with pytest.raises(CloudError, match="range 'lost' does not exist in subnetwork 'sub'"):
        desk.cluster(ipAllocationPolicy={"clusterSecondaryRangeName": "lost"})


def test_ranges_of_one_network_do_not_overlap(desk: Desk) -> None:
    network, _ = desk.network()
    with pytest.raises(CloudError, match="conflicts with existing subnetwork 'sub'"):
        desk.create(tokens.SUBNETWORK, name="other", network=network["id"], ipCidrRange="10.0.130.0/24")


def test_what_is_used_or_protected_stays(desk: Desk) -> None:
    made = desk.cluster()
    with pytest.raises(CloudError, match="deletion_protection is set to true"):
        desk.delete(tokens.CLUSTER, made)
    with pytest.raises(CloudError, match="already being used"):
        desk.delete(tokens.NETWORK, {"id": made["network"]})


POOL_PROVIDER = "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider"


def test_a_pool_takes_nobody_without_a_condition(desk: Desk) -> None:
    pool = desk.create(tokens.POOL, workloadIdentityPoolId="caas-prod-apply")
    assert pool["name"] == "projects/123456789012/locations/global/workloadIdentityPools/caas-prod-apply"
    given = {
        "workloadIdentityPoolId": "caas-prod-apply",
        "workloadIdentityPoolProviderId": "caas-github",
        "attributeMapping": {"google.subject": "assertion.sub"},
        "attributeCondition": "assertion.repository == 'team/shop'",
        "oidc": {"issuerUri": "https://token.actions.githubusercontent.com"},
    }
    assert desk.create(POOL_PROVIDER, **given)["name"] == f"{pool['name']}/providers/caas-github"
    assert "claims" in str(desk.check(POOL_PROVIDER, **{**given, "attributeCondition": None}))
    assert "google.subject" in str(desk.check(POOL_PROVIDER, **{**given, "attributeMapping": {}}))
    with pytest.raises(CloudError, match="Pool gone does not exist"):
        desk.create(POOL_PROVIDER, **{**given, "workloadIdentityPoolId": "gone"})


def test_autopilot_takes_no_node_pool(desk: Desk) -> None:
    made = desk.cluster()
    with pytest.raises(CloudError, match="Autopilot clusters do not support"):
        desk.create(tokens.NODE_POOL, name="main", cluster=made["id"], initialNodeCount=1.0)


def test_an_immutable_tag_is_pushed_once(desk: Desk) -> None:
    desk.create(tokens.REPOSITORY, repositoryId="team", format="DOCKER", dockerConfig={"immutableTags": True})
    registry.push(desk.cloud.world, "team", "web", "1", "sha256:a")
    registry.push(desk.cloud.world, "team", "web", "1", "sha256:a")
    with pytest.raises(CloudError, match="tag immutability"):
        registry.push(desk.cloud.world, "team", "web", "1", "sha256:b")


@pytest.mark.parametrize(("inputs", "key"), [({}, "project"), ({"project": "shop-1234", "region": "x"}, "region")])
def test_the_provider_is_told_project_and_region(inputs: dict[str, str], key: str) -> None:
    with pytest.raises(CloudError) as caught:
        configure(inputs, {})
    assert caught.value.code == key


def test_a_cluster_that_exists_is_found_by_its_name(desk: Desk) -> None:
    desk.cluster()
    token = "gcp:container/getCluster:getCluster"
    found = desk.cloud.invoke(token, SCOPE, {"name": "shop", "location": "europe-west3"})
    assert found["masterAuths"][0]["clusterCaCertificate"]
    with pytest.raises(CloudError, match="clusters/other not found"):
        desk.cloud.invoke(token, SCOPE, {"name": "other", "location": "europe-west3"})


KUBECONFIG = {
    "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:6443", "certificate-authority-data": "QQ=="}}],
    "users": [{"name": "u", "user": {"client-certificate-data": "Qg==", "client-key-data": "Qw=="}}],
    "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
    "current-context": "x",
}


def test_a_real_cluster_stands_behind_the_simulated_one(desk: Desk, tmp_path: Path, monkeypatch: Any) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(json.dumps(KUBECONFIG))
    monkeypatch.setenv(environment.GKE_KUBECONFIG, str(file))
    made = desk.cluster()
    assert (made["endpoint"], made["masterAuth"]["clusterCaCertificate"]) == ("127.0.0.1:6443", "QQ==")


def stand_in(**variables: str) -> subprocess.CompletedProcess[str]:
    """What the stand-in of Google's plug-in answers."""
    given = {key: value for key, value in os.environ.items() if key != environment.GKE_KUBECONFIG}
    command = [str(environment.PLUGINS / "gke-gcloud-auth-plugin")]
    return subprocess.run(command, env={**given, **variables}, capture_output=True, text=True, check=False)


def test_the_stand_in_gives_the_real_clusters_credential(tmp_path: Path) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(json.dumps(KUBECONFIG))
    asked = json.dumps({"apiVersion": "client.authentication.k8s.io/v1"})
    answer = json.loads(stand_in(CAAS_GKE_KUBECONFIG=str(file), KUBERNETES_EXEC_INFO=asked).stdout)
    assert answer["apiVersion"] == "client.authentication.k8s.io/v1"
    assert answer["status"] == {"clientCertificateData": "B", "clientKeyData": "C"}


@pytest.mark.parametrize("file", ["", "/nowhere/kubeconfig"])
def test_without_a_cluster_the_stand_in_says_so(file: str) -> None:
    done = stand_in(CAAS_GKE_KUBECONFIG=file)
    assert done.returncode == 1
    assert done.stderr.startswith("gke-gcloud-auth-plugin: ")
    assert "Traceback" not in done.stderr
