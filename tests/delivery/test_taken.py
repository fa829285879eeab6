"""A create that meets a resource of its name: is it told, and is the command given that takes it over?"""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from pulumi.automation.events import StepEventStateMetadata

from delivery.taken import identifier, is_taken, ways_out

STACK = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"
PARENT = "urn:pulumi:dev::shop::caas:aws:Service::web"
PROVIDER = "urn:pulumi:dev::shop::caas:aws:Account$pulumi:providers:aws::account-provider"
TAKEN = "EntityAlreadyExists: Role with name shop-dev-web already exists."


def made(type_: str = "aws:iam/role:Role", *, parent: str = PARENT, **inputs: Any) -> StepEventStateMetadata:
    """What was to be made."""
    urn = f"urn:pulumi:dev::shop::caas:aws:Service${type_}::web-role"
    return StepEventStateMetadata(type_, urn, "", parent, f"{PROVIDER}::0a1b", custom=True, inputs=inputs)


@pytest.mark.parametrize(
    "message",
    [
        TAKEN,
        "ResourceAlreadyExistsException: The specified log group already exists",
        "DuplicateTargetGroupName: A target group with the same name 'web' exists, but with different settings",
        "InvalidParameterException: Creation of service was not idempotent.",
        "googleapi: Error 409: Already exists: projects/shop/locations/europe-west3/clusters/dev, alreadyExists",
        "cannot create already existing resource '/subscriptions/0/resourceGroups/shop'",
        "BucketAlreadyOwnedByYou: Your previous request to create the named bucket succeeded",
    ],
)
def test_every_cloud_has_its_words_for_it(message: str) -> None:
    assert is_taken(message)


@pytest.mark.parametrize("message", ["ThrottlingException: Rate exceeded", "ResourceNotFoundException", ""])
def test_another_failure_is_none(message: str) -> None:
    assert not is_taken(message)
    assert ways_out([(made(name="shop-dev-web"), message)], [], "dev") == ()


@pytest.mark.parametrize(
    ("type_", "inputs", "message", "expected"),
    [
        ("aws:iam/role:Role", {"name": "shop-dev-web"}, TAKEN, "shop-dev-web"),
        (
            "aws:ecs/service:Service",
            {"name": "web", "cluster": "arn:aws:ecs:eu-central-1:123456789012:cluster/shop-dev"},
            "Creation of service was not idempotent.",
            "shop-dev/web",
        ),
        (
            "gcp:container/cluster:Cluster",
            {"name": "dev", "location": "europe-west3"},
            "Already exists",
            "projects/shop/locations/europe-west3/clusters/dev",
        ),
        (
            "azure-native:containerinstance:NGroup",
            {},
            "cannot create already existing resource '/subscriptions/0/resourceGroups/shop/providers/x/nGroups/web'",
            "/subscriptions/0/resourceGroups/shop/providers/x/nGroups/web",
        ),
        ("aws:lb/targetGroup:TargetGroup", {"name": "web"}, "already exists", None),
        ("aws:iam/role:Role", {}, TAKEN, None),
    ],
)
def test_the_id_is_that_of_its_type(type_: str, inputs: dict[str, Any], message: str, expected: str | None) -> None:
    assert identifier(made(type_, **inputs), message, {"project": "shop", "region": "europe-west3"}) == expected


def test_the_line_says_what_why_and_how() -> None:
    (line,) = ways_out([(made(name="shop-dev-web"), TAKEN)], [], "dev")
    assert line.startswith("web-role (aws:iam/role:Role) exists already, and the state does not know it.")
    assert "If an earlier apply made it and the answer was lost" in line
    command = shlex.split(line.split("`")[1])
    assert command[:5] == ["pulumi", "import", "aws:iam/role:Role", "web-role", "shop-dev-web"]
    assert command[5:] == [
        *("--stack", "dev", "--protect=false", "--parent", f"parent={PARENT}"),
        *("--provider", f"provider={PROVIDER}", "--generate-code=false", "--yes"),
    ]


def test_of_the_stack_itself_and_a_default_provider_nothing_is_said() -> None:
    urn = "urn:pulumi:dev::shop::aws:iam/role:Role::role"
    provider = "urn:pulumi:dev::shop::pulumi:providers:aws::default_7_0_0::0a1b"
    lone = StepEventStateMetadata("aws:iam/role:Role", urn, "", STACK, provider, custom=True, inputs={"name": "role"})
    (line,) = ways_out([(lone, TAKEN)], [], "dev")
    assert "--parent" not in line
    assert "--provider" not in line


def test_where_only_the_cloud_knows_the_id_it_is_to_be_looked_up() -> None:
    (line,) = ways_out([(made("aws:lb/targetGroup:TargetGroup", name="web"), "already exists")], [], "dev")
    assert "look up its ID at the cloud" in line
    assert "pulumi import aws:lb/targetGroup:TargetGroup web-role ID " in line


def test_a_project_of_the_provider_is_the_resources_own() -> None:
    network = made("gcp:compute/network:Network", name="shop")
    stored = [{"urn": PROVIDER, "inputs": {"project": "shop-1234"}}]
    (line,) = ways_out([(network, "already exists")], stored, "dev")
    assert "projects/shop-1234/global/networks/shop" in line
