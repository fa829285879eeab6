"""The pipeline's identity on Azure: which one token each identity believes, and what it may in the environment."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from components.azure.account import ACR_PULL
from components.azure.ci_identity import actions, condition
from components.azure.rights import RIGHTS
from components.declared_types import NoRights
from components.spec import Environment
from tests.components.azure.worlds import GROUPS, SUBSCRIPTION, declared, environment
from tests.components.inventory import DIRECTORY
from tests.components.recorder import Recording
from tests.policies import review

PIPELINES: dict[str, dict[str, Any]] = {
    "github": {"system": "github", "repository": "team/shop"},
    "gitlab": {"system": "gitlab", "repository": "team/shop"},
    "jenkins": {"system": "jenkins", "repository": "team/shop", "issuer": "https://jenkins.example.org/oidc"},
}
TRUST = "azure-native:managedidentity:FederatedIdentityCredential"
ROLE, ASSIGNMENT = "azure-native:authorization:RoleDefinition", "azure-native:authorization:RoleAssignment"


def world(system: str) -> Environment:
    return environment(pipeline=PIPELINES[system])


@cache
def made(system: str) -> Recording:
    return declared(world(system))


def test_nothing_is_declared_for_nobody() -> None:
    recording = declared(environment())
    assert recording.of(TRUST) == []
    assert "pipeline" not in recording.result


@pytest.mark.parametrize(
    ("system", "issuer", "subjects"),
    [
        (
            "github",
            "https://token.actions.githubusercontent.com",
            {"apply": "repo:team/shop:environment:staging", "preview": "repo:team/shop:pull_request"},
        ),
        ("gitlab", "https://gitlab.com", {"apply": "project_path:team/shop:ref_type:branch:ref:main"}),
        (
            "jenkins",
            "https://jenkins.example.org/oidc",
            {"apply": "https://jenkins.example.org/job/team/job/shop/job/main/"},
        ),
    ],
)
def test_an_identity_believes_one_token(system: str, issuer: str, subjects: dict[str, str]) -> None:
    found = {one.name: one.inputs for one in made(system).of(TRUST)}
    assert sorted(found) == [f"pipeline-{purpose}-trust" for purpose in sorted(subjects)]
    for purpose, subject in subjects.items():
        trust = found[f"pipeline-{purpose}-trust"]
        assert (trust["issuer"], trust["subject"], trust["audiences"]) == (issuer, subject, [f"caas-{purpose}"])


def may(purpose: str) -> list[str]:
    (permission,) = made("github").one(ROLE, f"pipeline-{purpose}-role").inputs["permissions"]
    return list(permission["actions"])


def test_a_preview_only_reads() -> None:
    assert len(may("preview")) > 20
    assert [one for one in may("preview") if not one.endswith("/read")] == []


def test_an_apply_changes_what_is_declared_and_not_who_may_do_what() -> None:
    found = may("apply")
    assert {"Microsoft.ContainerInstance/NGroups/write", "Microsoft.ContainerRegistry/registries/push/write"} <= set(
        found
    )
    assert [one for one in found if "*" in one] == []
    refused = ("roleDefinitions", "federatedIdentityCredentials", "resourceGroups")
    assert [one for one in found if any(part in one for part in refused) and not one.endswith("/read")] == []


def test_roles_are_given_by_a_list_and_in_the_environments_groups() -> None:
    names = ("pipeline-apply-granted", "pipeline-apply-granted-1")
    scopes = [made("github").one(ASSIGNMENT, name).inputs["scope"] for name in names]
    assert scopes == [f"{GROUPS}/caas-staging", f"{GROUPS}/caas-staging-images"]
    assert made("github").one(ROLE, "pipeline-apply-role").inputs["assignableScopes"] == scopes
    for name in names:
        given = made("github").one(ASSIGNMENT, name).inputs
        assert (given["condition"], given["conditionVersion"]) == (condition(world("github")), "2.0")
    assert ACR_PULL in condition(world("github"))
    assert "condition" not in made("github").one(ASSIGNMENT, "pipeline-preview-granted").inputs


def test_every_role_that_is_assigned_may_be_assigned() -> None:
    listed = condition(world("github"))
    others = [one for one in made("github").of(ASSIGNMENT) if not one.name.startswith("pipeline-")]
    assert others
    roles = {one.inputs["roleDefinitionId"].rpartition("/")[2] for one in others}
    # The role that changes counts is known by its name once it exists.
    assert [role for role in sorted(roles) if role not in listed and role != "cluster-scaler-id"] == []


def test_the_pack_has_nothing_against_it() -> None:
    given = world("github")
    assert review.violations(review.judged(given, review.declared(given))) == []


STATE = {
    "url": "azblob://states/team?storage_account=shopstates",
    "key": "azurekeyvault://shop-keys.vault.azure.net/keys/states",
    "resourceGroup": "shop-states",
}
BLOBS, KEYS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs", "Microsoft.KeyVault/vaults/keys"
ACCOUNT = f"{GROUPS}/shop-states/providers/Microsoft.Storage/storageAccounts/shopstates"


@cache
def with_state() -> Recording:
    return declared(environment(pipeline={**PIPELINES["github"], "state": STATE}))


def data(purpose: str) -> list[str]:
    role = with_state().one(ROLE, f"pipeline-{purpose}-state-role").inputs
    assert role["assignableScopes"] == [f"{GROUPS}/caas-staging", f"{GROUPS}/shop-states"]
    (permission,) = role["permissions"]
    assert permission["actions"] == ["Microsoft.Authorization/roleAssignments/read"]
    return list(permission["dataActions"])


def test_a_preview_reads_the_states_and_an_apply_changes_them_too() -> None:
    assert data("preview") == [f"{KEYS}/decrypt/action", f"{BLOBS}/read"]
    assert set(data("apply")) - set(data("preview")) == {
        *(f"{BLOBS}/{change}" for change in ("add/action", "delete", "write")),
        f"{KEYS}/encrypt/action",
    }


def test_the_states_are_read_under_their_path_and_changed_where_they_are_the_stacks_own() -> None:
    preview = with_state().one(ASSIGNMENT, "pipeline-preview-state").inputs
    assert preview["scope"] == f"{ACCOUNT}/blobServices/default/containers/states"
    assert f"@Resource[{BLOBS}:path] StringStartsWith 'team/'" in preview["condition"]
    assert f"@Request[{BLOBS}:prefix] StringStartsWith 'team/'" in preview["condition"]
    apply = with_state().one(ASSIGNMENT, "pipeline-apply-state").inputs
    assert apply["condition"].startswith(preview["condition"])
    own = [part.rstrip(")'") for part in apply["condition"].removeprefix(preview["condition"]).split("'team/")[1:]]
    assert len(own) == 8
    assert [one for one in own if "/staging" not in one] == []
    assert preview["conditionVersion"] == apply["conditionVersion"] == "2.0"


def test_one_key_is_used() -> None:
    vault = f"{GROUPS}/shop-states/providers/Microsoft.KeyVault/vaults/shop-keys/keys/states"
    for purpose in ("preview", "apply"):
        assert with_state().one(ASSIGNMENT, f"pipeline-{purpose}-state-key").inputs["scope"] == vault


def test_no_right_on_a_state_without_one() -> None:
    assert [one.name for kind in (ROLE, ASSIGNMENT) for one in made("github").of(kind) if "-state" in one.name] == []


def test_the_pack_has_nothing_against_rights_on_the_state() -> None:
    given = environment(pipeline={**PIPELINES["github"], "state": STATE})
    assert review.violations(review.judged(given, review.declared(given))) == []


def test_every_type_that_is_declared_has_its_operations() -> None:
    lines = [line for path in DIRECTORY.glob("azure-*.txt") for line in path.read_text(encoding="utf-8").splitlines()]
    types = {line.split()[1] for line in lines if " azure-native:" in line}
    assert len(types) > 20
    assert sorted(types - set(RIGHTS)) == []


def test_a_type_without_operations_is_named() -> None:
    with pytest.raises(NoRights, match=r"azure-native:sql:Server is declared, and components/azure/rights\.py does"):
        actions(["azure-native:sql:Server"], "apply")


def test_a_job_is_told_what_it_sets() -> None:
    assert made("github").result["pipeline"]["apply"] == {
        "ARM_CLIENT_ID": "pipeline-apply-identity-client",
        "ARM_TENANT_ID": "pipeline-apply-identity-tenant",
        "ARM_SUBSCRIPTION_ID": SUBSCRIPTION,
    }
    assert set(made("gitlab").result["pipeline"]) == {"apply"}
