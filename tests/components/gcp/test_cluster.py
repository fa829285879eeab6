"""Registry, network and cluster: each fact that security rests on, by itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.gcp.network import ranges
from tests.components.gcp import inventory
from tests.components.gcp.worlds import KEY, NETWORK, OFFICE, PROJECT, REGION, REGISTRY, declared, full, web
from tests.components.recorder import Recording

REPOSITORY = "gcp:artifactregistry/repository:Repository"
CLUSTER = "gcp:container/cluster:Cluster"
POOL = "gcp:container/nodePool:NodePool"
PROVIDER = "pulumi:providers:kubernetes"
STANDARD: dict[str, Any] = {"mode": "standard", "nodePools": {"main": {}}}


def options(recording: Recording) -> dict[str, Any]:
    return recording.one(CLUSTER).inputs


def test_a_repository_has_tags_that_stay_and_keeps_what_has_one() -> None:
    inputs = web().one(REPOSITORY).inputs
    assert (inputs["location"], inputs["project"], inputs["repositoryId"]) == (REGION, PROJECT, "team")
    assert inputs["dockerConfig"] == {"immutableTags": True}
    assert inputs["vulnerabilityScanningConfig"] == {"enablementConfig": "INHERITED"}
    removing = [one for one in inputs["cleanupPolicies"] if one["action"] == "DELETE"]
    assert [one["condition"]["tagState"] for one in removing] == ["UNTAGGED"]
    assert inputs["cleanupPolicyDryRun"] is False


def test_an_image_is_built_for_the_nodes_after_its_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(inventory.__file__.rpartition("/tests/")[0])
    image = declared(inventory.stack("staging")).one("docker-build:index:Image")
    assert image.inputs["platforms"] == ["linux/amd64"]
    assert image.inputs["tags"][0].startswith(f"{REGISTRY}/web:")
    assert [one for one in image.depends_on if one.endswith("::registry-repository")]


def test_a_registry_of_another_stack_is_only_read() -> None:
    recording = web(gcp={"repository": "existing"})
    assert recording.of(REPOSITORY) == []
    reader = recording.one("gcp:artifactregistry/repositoryIamMember:RepositoryIamMember").inputs
    assert (reader["repository"], reader["role"]) == ("team", "roles/artifactregistry.reader")


def test_nodes_have_an_account_of_their_own_with_two_roles() -> None:
    recording = web()
    assert recording.one("gcp:projects/iAMMember:IAMMember").inputs == {
        "project": PROJECT,
        "role": "roles/container.defaultNodeServiceAccount",
        "member": "serviceAccount:gke-nodes",
    }
    reader = recording.one("gcp:artifactregistry/repositoryIamMember:RepositoryIamMember").inputs
    assert reader["member"] == "serviceAccount:gke-nodes"


def test_addresses_are_divided_without_overlap() -> None:
    divided = ranges("10.20.0.0/16")
    assert (divided.nodes, divided.services, divided.pods) == ("10.20.0.0/20", "10.20.16.0/20", "10.20.128.0/17")


def test_the_network_is_private_and_watched() -> None:
    recording = web()
    assert recording.one("gcp:compute/network:Network").inputs["autoCreateSubnetworks"] is False
    subnetwork = recording.one("gcp:compute/subnetwork:Subnetwork").inputs
    assert subnetwork["privateIpGoogleAccess"] is True
    assert subnetwork["logConfig"]["flowSampling"] > 0
    nat = recording.one("gcp:compute/routerNat:RouterNat").inputs
    assert nat["subnetworks"] == [{"name": "network-subnetwork-id", "sourceIpRangesToNats": ["ALL_IP_RANGES"]}]
    assert [one for one in recording.one(CLUSTER).depends_on if one.endswith("::network-nat")]


def test_the_control_plane_answers_to_the_named_only() -> None:
    inputs = options(web())
    assert inputs["privateClusterConfig"] == {"enablePrivateNodes": True, "enablePrivateEndpoint": False}
    assert inputs["masterAuthorizedNetworksConfig"] == {
        "cidrBlocks": [{"displayName": "office", "cidrBlock": OFFICE["office"]}],
        "gcpPublicCidrsAccessEnabled": False,
    }
    assert inputs["masterAuth"]["clientCertificateConfig"] == {"issueClientCertificate": False}


def test_autopilot_never_gets_a_node_config() -> None:
    inputs = options(web())
    assert inputs["enableAutopilot"] is True
    assert "nodeConfig" not in inputs
    defaults = inputs["clusterAutoscaling"]["autoProvisioningDefaults"]
    assert defaults["serviceAccount"] == "gke-nodes-email"
    assert "enabled" not in inputs["clusterAutoscaling"], "Autopilot takes the defaults alone"


def test_a_standard_cluster_has_what_autopilot_has_anyway() -> None:
    recording = web(gcp=STANDARD)
    inputs = options(recording)
    assert "enableAutopilot" not in inputs
    assert inputs["datapathProvider"] == "ADVANCED_DATAPATH"
    assert inputs["enableShieldedNodes"] is True
    assert inputs["workloadIdentityConfig"] == {"workloadPool": f"{PROJECT}.svc.id.goog"}
    assert inputs["removeDefaultNodePool"] is True
    pool = recording.one(POOL).inputs
    assert pool["nodeConfig"]["shieldedInstanceConfig"] == {"enableSecureBoot": True, "enableIntegrityMonitoring": True}
    assert pool["nodeConfig"]["workloadMetadataConfig"] == {"mode": "GKE_METADATA"}
    assert pool["nodeConfig"]["serviceAccount"] == "gke-nodes-email"
    assert pool["management"] == {"autoRepair": True, "autoUpgrade": True}


@pytest.mark.parametrize(("stack", "held", "kept"), [("dev", False, 0), ("staging", False, 1), ("prod", True, 1)])
def test_what_matters_is_held_and_kept(stack: str, held: bool, kept: int) -> None:
    recording = web(stack=stack)
    assert options(recording)["deletionProtection"] is held
    assert len(recording.of("gcp:gkebackup/backupPlan:BackupPlan")) == kept


def test_a_key_encrypts_images_secrets_and_backups() -> None:
    recording = web(gcp={"kmsKey": KEY})
    assert recording.one(REPOSITORY).inputs["kmsKeyName"] == KEY
    assert options(recording)["databaseEncryption"] == {"state": "ENCRYPTED", "keyName": KEY}
    backup = recording.one("gcp:gkebackup/backupPlan:BackupPlan").inputs
    assert backup["backupConfig"]["encryptionKey"] == {"gcpKmsEncryptionKey": KEY}


def test_a_binary_authorization_policy_is_enforced_by_choice() -> None:
    assert "binaryAuthorization" not in options(web())
    chosen = options(web(gcp={"binaryAuthorization": True}))
    assert chosen["binaryAuthorization"] == {"evaluationMode": "PROJECT_SINGLETON_POLICY_ENFORCE"}


def test_the_kubeconfig_holds_no_credential() -> None:
    recording = web()
    document = json.loads(recording.one(PROVIDER).inputs["kubeconfig"])
    (user,) = document["users"]
    assert list(user["user"]) == ["exec"]
    assert user["user"]["exec"]["command"] == "gke-gcloud-auth-plugin"
    (cluster,) = document["clusters"]
    assert cluster["cluster"] == {
        "server": "https://192.0.2.1",
        "certificate-authority-data": "gke-cluster-authority",
    }
    assert recording.result["gke"]["kubeconfig"] == recording.one(PROVIDER).inputs["kubeconfig"]


def test_a_cluster_that_exists_is_only_asked() -> None:
    recording = web(gcp={"cluster": "shared", "authorizedNetworks": None})
    made = {one.type for one in recording.resources if one.type.startswith("gcp:")}
    assert not made & {CLUSTER, "gcp:compute/network:Network", "gcp:serviceaccount/account:Account"}
    assert ("gcp:container/getCluster:getCluster", {"name": "shared", "location": REGION, "project": PROJECT}) in (
        recording.invokes
    )
    document = json.loads(recording.one(PROVIDER).inputs["kubeconfig"])
    assert document["clusters"][0]["cluster"]["certificate-authority-data"] == "found-authority"


def test_a_network_that_exists_is_only_named() -> None:
    recording = web(gcp={"network": NETWORK})
    assert recording.of("gcp:compute/network:Network") == []
    inputs = options(recording)
    assert (inputs["network"], inputs["subnetwork"]) == ("shared", "nodes")
    assert inputs["ipAllocationPolicy"] == {
        "clusterSecondaryRangeName": "pods-a",
        "servicesSecondaryRangeName": "services-a",
    }


def test_a_preview_knows_no_endpoint_and_goes_through() -> None:
    recording = declared(full(), preview=True)
    assert recording.one("kubernetes:apps/v1:Deployment", "web-deployment")
