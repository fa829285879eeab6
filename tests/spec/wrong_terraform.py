"""Wrong configurations of networks that a Terraform state names: where it is kept, and what its outputs hold."""

from __future__ import annotations

import json
from typing import Any

from tests.spec import wrong_aws, wrong_azure, wrong_gcp
from tests.spec.wrong_case import MARKER, Case

S3 = {"bucket": "shop-terraform", "key": "network.tfstate", "region": "eu-central-1"}
BLOB = {"storageAccount": "shopstates", "container": "tfstate", "key": "network.tfstate"}
SUBNET = f"{wrong_azure.HOME}/containers"


def state(sensitive: str = "", **values: Any) -> dict[str, str]:
    """A state file with these outputs, one of them sensitive."""
    outputs = {name: {"value": value, "sensitive": name == sensitive} for name, value in values.items()}
    return {"net.tfstate": json.dumps({"version": 4, "outputs": outputs})}


def on_aws(id: str, key: str, limit: str, remedy: str, spec: dict[str, Any], **more: Any) -> Case:
    """A network on AWS that is named by this."""
    place = "aws.vpc.terraform"
    return wrong_aws.setting(f"terraform-{id}", f"{place}{key}", limit, remedy, {place: spec}, **more)


def on_gke(id: str, key: str, limit: str, remedy: str, outputs: dict[str, Any], **more: Any) -> Case:
    """A network on Google Cloud by a state with these outputs."""
    changes = {"gcp.terraform": {"state": "net.tfstate"}}
    return wrong_gcp.setting(id, f"gcp.{key}", limit, remedy, changes, files=state(**outputs), line="terraform", **more)


NAMES = {"network": "shared", "subnetwork": "nodes", "pods_range": "pods", "services_range": "services"}

TERRAFORM = [
    on_aws("kept-nowhere", "", "exactly one of state, s3, gcs, azurerm, http and hcp; there is none", "say where", {}),
    on_aws(
        "kept-twice",
        "",
        "exactly one of state, s3, gcs, azurerm, http and hcp; there are state and s3",
        "keep one of state and s3",
        {"state": "net.tfstate", "s3": S3},
    ),
    on_aws(
        "with-a-key",
        ".s3.secretKey",
        "no credential: the environment says who reads a state",
        "remove secretKey, and renew",
        {"s3": {**S3, "secretKey": MARKER}},
    ),
    on_aws(
        "with-an-access-key",
        ".s3.access_key",
        "no credential: the environment says who reads a state",
        "remove access_key, and renew",
        {"s3": {**S3, "access_key": MARKER}},
    ),
    on_aws(
        "with-a-token",
        ".hcp.token",
        "no credential: the environment says who reads a state",
        "remove token, and renew",
        {"hcp": {"organization": "shop", "workspace": "network", "token": MARKER}},
    ),
    on_aws(
        "with-a-sas-token",
        ".azurerm.sasToken",
        "no credential: the environment says who reads a state",
        "remove sasToken, and renew",
        {"azurerm": {**BLOB, "sasToken": MARKER}},
    ),
    on_aws(
        "password-in-the-address",
        ".http.address",
        "without user, password or query",
        "TF_HTTP_PASSWORD",
        {"http": {"address": f"https://reader:{MARKER}@states.example.org/network"}},
    ),
    on_aws(
        "plain-http",
        ".http.address",
        "a state's https:// address",
        "TF_HTTP_USERNAME",
        {"http": {"address": "http://states.example.org/network"}},
    ),
    on_aws("bucket", ".s3.bucket", "a bucket's name", "shop-terraform", {"s3": {**S3, "bucket": "s3://shop"}}),
    on_aws("key", ".s3.key", "a path in the bucket", "network/terraform.tfstate", {"s3": {**S3, "key": "/net"}}),
    on_aws("account", ".azurerm.storageAccount", "3 to 24", "shopstates", {"azurerm": {**BLOB, "storageAccount": "A"}}),
    on_aws("container", ".azurerm.container", "3 to 63", "tfstate", {"azurerm": {**BLOB, "container": "a--b"}}),
    on_aws(
        "organization",
        ".hcp.organization",
        "letters, digits, '_' and '-'",
        "shop",
        {"hcp": {"organization": "a/b", "workspace": "network"}},
    ),
    on_aws(
        "sensitive",
        ".vpc",
        "an output that is not sensitive",
        "remove sensitive",
        {"state": "net.tfstate"},
        line="terraform",
        files=state(
            sensitive="vpc_id",
            vpc_id=MARKER,
            private_subnets=wrong_aws.SUBNETS[:2],
            public_subnets=wrong_aws.SUBNETS[2:],
        ),
    ),
    on_gke(
        "terraform-no-output",
        "terraform.pods",
        "an output of net.tfstate; there are network, services_range, subnetwork",
        "name one of them",
        {name: value for name, value in NAMES.items() if name != "pods_range"},
    ),
    on_gke(
        "terraform-another-type",
        "terraform.subnetwork",
        "an output that holds the name of a subnetwork",
        "name another output",
        {**NAMES, "subnetwork": ["nodes"]},
    ),
    wrong_gcp.setting(
        "terraform-beside-network",
        "gcp.network",
        "only one of terraform and network",
        "remove network",
        {
            "gcp.terraform": {"gcs": {"bucket": "shop-terraform"}},
            "gcp.network": {"name": "a", "subnetwork": "b", "pods": "c", "services": "d"},
        },
    ),
    wrong_azure.setting(
        "terraform-without-gateway",
        "azure.terraform.gateway",
        "required where a service has ingress (hello)",
        "gateway_subnet",
        {"azure.terraform": {"azurerm": BLOB}},
        line="terraform",
    ),
    wrong_azure.setting(
        "terraform-another-type",
        "azure.terraform.front",
        "an output that holds the id of a subnet",
        "correct its value",
        {"azure.terraform": {"state": "net.tfstate", "gateway": "g"}},
        line="terraform",
        files=state(containers_subnet=SUBNET, front_subnet="front", g=SUBNET),
    ),
]
