"""A network that a Terraform state names: who reads which backend, what leaves the state, and how a failure is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from components import terraform
from components.spec.environment import Settings
from components.spec.errors import Finding
from components.spec.terraform import Outputs, Unreadable, resolved
from components.spec.terraform_state import AzurermState, Backend, GcsState, HcpState, HttpState, S3State
from tests.terraform import server

WRITTEN = (Path(server.__file__).parent / "written.tfstate").read_text(encoding="utf-8")
"""What Terraform 1.11 made of tests/terraform/root."""

WANTED = frozenset({"vpc_id", "private_subnets", "database_password"})
PRIVATE = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
SUBNET = (
    "/subscriptions/12345678-1234-9876-4563-123456789012/resourceGroups/nets/providers/Microsoft.Network"
    "/virtualNetworks/shared/subnets"
)

S3 = S3State(bucket="shop-terraform", key="network.tfstate", region="eu-central-1")
HCP = HcpState(organization="shop", workspace="network", hostname="terraform.my-shop.example.org")


@pytest.fixture
def backend() -> Iterator[server.Backend]:
    with server.serving() as made:
        made.state = WRITTEN.encode()
        yield made


@pytest.fixture
def readable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The job knows the backend's password."""
    monkeypatch.setenv("TF_HTTP_USERNAME", server.USER)
    monkeypatch.setenv("TF_HTTP_PASSWORD", server.PASSWORD)


@pytest.fixture
def plug_in(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], list[Any]]:
    """Stands for a plug-in that answers so, or fails so; gives the calls that it gets."""

    def answering(answer: Any) -> list[Any]:
        calls: list[Any] = []

        def invoke(token: str, arguments: dict[str, Any], options: pulumi.InvokeOptions) -> SimpleNamespace:
            calls.append((token, arguments, options.version))
            if isinstance(answer, Exception):
                raise answer
            return SimpleNamespace(value=answer)

        monkeypatch.setattr(pulumi.runtime, "invoke", invoke)
        return calls

    return answering


REFERENCES: list[tuple[Backend, str, dict[str, Any]]] = [
    (
        S3,
        "terraform:state:getS3Reference",
        {"bucket": "shop-terraform", "key": "network.tfstate", "region": "eu-central-1", "workspace": "default"},
    ),
    (
        AzurermState(storage_account="shopstates", container="tfstate", key="net", workspace="blue"),
        "terraform:state:getAzureRMReference",
        {
            "storageAccountName": "shopstates",
            "containerName": "tfstate",
            "key": "net",
            "workspace": "blue",
            "useAzureadAuth": True,
        },
    ),
    (
        HCP,
        "terraform:state:getRemoteReference",
        {
            "hostname": "terraform.my-shop.example.org",
            "organization": "shop",
            "workspaces": {"name": "network"},
            "token": "of-hunter2",
        },
    ),
]


@pytest.mark.parametrize(("backend", "token", "arguments"), REFERENCES, ids=["s3", "azurerm", "hcp"])
def test_the_state_reference_is_asked_and_only_what_is_wanted_is_kept(
    backend: Backend,
    token: str,
    arguments: dict[str, Any],
    plug_in: Callable[[Any], list[Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TF_TOKEN_terraform_my__shop_example_org", "of-hunter2")
    calls = plug_in({"outputs": {"vpc_id": "vpc-1", "other": "behind-hunter2"}})
    found = terraform.read(backend, WANTED)
    assert calls == [(token, arguments, "6.1.0")]
    assert found == Outputs(frozenset({"vpc_id", "other"}), {"vpc_id": "vpc-1"})
    assert "vpc-1" not in repr(found)


@pytest.mark.parametrize(("prefix", "name"), [(None, "default.tfstate"), ("net/", "net/default.tfstate")])
def test_a_state_on_google_cloud_is_an_object_of_its_bucket(
    prefix: str | None, name: str, plug_in: Callable[[Any], list[Any]]
) -> None:
    calls = plug_in({"content": WRITTEN})
    found = terraform.read(GcsState(bucket="shop-terraform", prefix=prefix), WANTED)
    token = "gcp:storage/getBucketObjectContent:getBucketObjectContent"
    assert calls == [(token, {"bucket": "shop-terraform", "name": name}, None)]
    assert found.values == {"vpc_id": "vpc-0123456789abcdef0", "private_subnets": PRIVATE}


@pytest.mark.usefixtures("readable")
def test_a_state_behind_a_web_server_is_read_by_its_password(backend: server.Backend) -> None:
    found = terraform.read(HttpState(address=backend.address), WANTED)
    assert backend.asked == [("GET", server.PATH)]
    assert found.values == {"vpc_id": "vpc-0123456789abcdef0", "private_subnets": PRIVATE}
    assert found.names == {"vpc_id", "private_subnets", "public_subnets", "database_password"}
    assert found.sensitive == {"database_password"}


def unreadable(backend: Backend) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        terraform.read(backend, WANTED)
    assert caught.value.__cause__ is None
    return caught.value


def test_who_may_not_read_is_told_what_to_set(backend: server.Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TF_HTTP_USERNAME", "TF_HTTP_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    error = unreadable(HttpState(address=backend.address))
    assert error.limit == "a state that may be read: the server answers 401"
    assert error.remedy.startswith("set TF_HTTP_USERNAME and TF_HTTP_PASSWORD")


@pytest.mark.usefixtures("readable")
def test_a_password_is_not_carried_to_another_server(backend: server.Backend) -> None:
    with server.serving() as other:
        other.state, backend.elsewhere = backend.state, other.address
        error = unreadable(HttpState(address=backend.address))
        assert other.asked == []
    assert error.limit == "the state's own address: the server sends elsewhere"


@pytest.mark.usefixtures("readable")
def test_a_root_that_was_never_applied_is_told_apart(backend: server.Backend) -> None:
    backend.state = None
    error = unreadable(HttpState(address=backend.address))
    assert (error.limit, error.remedy) == (
        "a state: there is none at this address yet",
        "apply the Terraform root first",
    )
    backend.state = b"<html>"
    assert unreadable(HttpState(address=backend.address)).limit == "a Terraform state: JSON"


def test_nobody_at_the_address() -> None:
    with server.serving() as gone:
        address = gone.address
    assert unreadable(HttpState(address=address)).limit.startswith("a server that answers: ")


def test_a_missing_token_is_named_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TF_TOKEN_terraform_my__shop_example_org", raising=False)
    limit = unreadable(HCP).limit
    assert limit == "a state that may be read: TF_TOKEN_terraform_my__shop_example_org is not set"


def test_a_plug_in_s_failure_is_one_line_without_the_token(
    plug_in: Callable[[Any], list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_TOKEN_terraform_my__shop_example_org", "of-hunter2")
    engine = "invoke of terraform:state:x failed: invocation of terraform:state:x returned an error: "
    plug_in(RuntimeError(f"{engine}no:\n  401 for of-hunter2 " + "x" * 300))
    error = unreadable(HCP)
    assert error.limit.startswith("a state that can be read: no: 401 for … xxx")
    assert len(error.limit) < 240
    assert error.remedy.startswith("apply the Terraform root first")


def settings(**platform: Any) -> Settings:
    """Settings as the loader reads them."""
    return Settings.model_validate_json(json.dumps({"registry": {"address": "x.example.org"}, **platform}))


def answered(values: dict[str, Any]) -> Callable[[Backend, frozenset[str]], Outputs]:
    """A reader of a state with these outputs."""
    return lambda _, wanted: Outputs.of({name: {"value": value} for name, value in values.items()}, wanted)


AWS = {"region": "eu-central-1", "vpc": {"terraform": {"s3": {"bucket": "shop", "key": "a", "region": "eu-central-1"}}}}
GCP = {"project": "shop-prod-1234", "region": "europe-west3", "terraform": {"gcs": {"bucket": "shop"}}}
AZURE = {
    "subscription": "12345678-1234-9876-4563-123456789012",
    "location": "westeurope",
    "terraform": {
        "azurerm": {"storageAccount": "shop", "container": "tfstate", "key": "a"},
        "gateway": "gateway_subnet",
    },
}


def test_outputs_stand_for_the_names_of_a_network_on_each_cloud() -> None:
    names = {"network": "shared", "subnetwork": "nodes", "pods_range": "pods", "services_range": "services"}
    read, wrong = resolved(settings(gcp=GCP), None, answered(names))
    assert wrong == []
    assert read.gcp is not None
    assert read.gcp.terraform is None
    network = read.gcp.network
    assert network is not None
    assert network.model_dump() == {"name": "shared", "subnetwork": "nodes", "pods": "pods", "services": "services"}
    ids = {f"{name}_subnet": f"{SUBNET}/{name}" for name in ("containers", "front", "gateway")}
    read, wrong = resolved(settings(azure=AZURE), None, answered(ids))
    assert wrong == []
    assert read.azure is not None
    assert read.azure.network is not None
    assert read.azure.network.model_dump() == {name: f"{SUBNET}/{name}" for name in ("containers", "front", "gateway")}


@pytest.mark.parametrize("given", [{"aws": AWS}, {"gcp": GCP}, {"azure": AZURE}], ids=["aws", "gcp", "azure"])
def test_a_remote_state_is_not_asked_for_where_nobody_reads(given: dict[str, Any]) -> None:
    """A description is validated with no credential: by a fork's pipeline, by a person without a login."""
    assert resolved(settings(**given), None, None) == (settings(**given), [])


def test_what_is_wrong_in_a_remote_state_is_told_by_its_key() -> None:
    values = {"vpc_id": ["vpc-0123456789abcdef0"], "private_subnets": PRIVATE}
    _, wrong = resolved(settings(aws=AWS), None, answered(values))
    place = ("aws", "vpc", "terraform")
    assert wrong == [
        Finding(
            (*place, "vpc"),
            "vpc_id",
            "an output that holds the id of a VPC",
            "name another output, or correct its value",
        ),
        Finding(
            (*place, "publicSubnets"),
            "public_subnets",
            "the name of an output of the state in s3; there are private_subnets, vpc_id",
            "name one of them, or add the output and apply",
        ),
    ]


def test_an_unreadable_state_is_told_at_its_backend() -> None:
    def fails(*_: Any) -> Outputs:
        raise Unreadable("a state that may be read", "log in")

    _, (wrong,) = resolved(settings(aws=AWS), None, fails)
    assert (wrong.path, wrong.limit, wrong.remedy) == (
        ("aws", "vpc", "terraform", "s3"),
        "a state that may be read",
        "log in",
    )
