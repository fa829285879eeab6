"""The pipeline's identity on Google Cloud: whose tokens are taken, and what its accounts may, outside and inside."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from components.declared_types import NoRights
from components.gcp.ci_identity import permissions
from components.gcp.rights import RIGHTS
from components.spec import Environment
from tests.components.gcp.worlds import declared, environment
from tests.components.inventory import DIRECTORY
from tests.components.recorder import Recording
from tests.policies import review

PIPELINES: dict[str, dict[str, Any]] = {
    "github": {"system": "github", "repository": "team/shop"},
    "gitlab": {"system": "gitlab", "repository": "group/team/shop"},
    "jenkins": {"system": "jenkins", "repository": "team/shop", "issuer": "https://jenkins.example.org/oidc"},
}
PROVIDER = "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider"
MEMBER = "gcp:serviceaccount/iAMMember:IAMMember"
BUCKET_MEMBER = "gcp:storage/bucketIAMMember:BucketIAMMember"
KEY_MEMBER = "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember"
OWN_ROLE = "gcp:projects/iAMCustomRole:IAMCustomRole"


def world(system: str) -> Environment:
    return environment(pipeline=PIPELINES[system])


@cache
def made(system: str) -> Recording:
    return declared(world(system))


def test_nothing_is_declared_for_nobody() -> None:
    recording = declared(environment())
    assert recording.of(PROVIDER) == recording.of(OWN_ROLE) == []
    assert "pipeline" not in recording.result


JOB = "https://jenkins.example.org/job/team/job/shop/job"


@pytest.mark.parametrize(
    ("system", "purpose", "condition"),
    [
        (
            "github",
            "apply",
            "assertion.sub == 'repo:team/shop:environment:staging' && assertion.repository == 'team/shop' && "
            "assertion.environment == 'staging' && assertion.ref == 'refs/heads/main'",
        ),
        (
            "github",
            "preview",
            "assertion.sub == 'repo:team/shop:pull_request' && assertion.repository == 'team/shop' && "
            "assertion.event_name == 'pull_request'",
        ),
        (
            "gitlab",
            "apply",
            "assertion.sub == 'project_path:group/team/shop:ref_type:branch:ref:main' && "
            "assertion.project_path == 'group/team/shop' && assertion.environment == 'staging' && "
            "assertion.ref == 'main' && assertion.ref_type == 'branch'",
        ),
        (
            "gitlab",
            "preview",
            "assertion.sub.startsWith('project_path:group/team/shop:ref_type:branch:ref:') && "
            "assertion.project_path == 'group/team/shop' && assertion.pipeline_source == 'merge_request_event'",
        ),
        ("jenkins", "apply", f"assertion.sub == '{JOB}/main/'"),
        ("jenkins", "preview", f"assertion.sub.startsWith('{JOB}/PR-')"),
    ],
)
def test_a_provider_takes_one_repositorys_tokens(system: str, purpose: str, condition: str) -> None:
    provider = made(system).one(PROVIDER, f"pipeline-{purpose}-provider").inputs
    assert provider["attributeCondition"] == condition
    assert provider["oidc"]["allowedAudiences"] == [f"caas-{purpose}"]
    assert provider["oidc"]["issuerUri"].startswith("https://")


@pytest.mark.parametrize(("system", "repository"), [("github", "team/shop"), ("gitlab", "group/team/shop")])
def test_an_account_is_its_own_pools(system: str, repository: str) -> None:
    for purpose in ("preview", "apply"):
        pool = made(system).one("gcp:iam/workloadIdentityPool:WorkloadIdentityPool", f"pipeline-{purpose}-pool")
        assert pool.inputs["workloadIdentityPoolId"] == f"caas-staging-{purpose}"
        member = made(system).one(MEMBER, f"pipeline-{purpose}-pipeline")
        assert member.inputs["role"] == "roles/iam.workloadIdentityUser"
        whole = f"principalSet://iam.googleapis.com/pools/pipeline-{purpose}-pool/attribute.repository/{repository}"
        assert member.inputs["member"] == whole


def test_there_is_no_key() -> None:
    assert made("github").of("gcp:serviceaccount/key:Key") == []


def may(purpose: str) -> list[str]:
    return list(made("github").one(OWN_ROLE, f"pipeline-{purpose}-role").inputs["permissions"])


LOOKS = ("get", "list", "getIamPolicy", "downloadArtifacts")


def test_a_preview_only_reads() -> None:
    assert len(may("preview")) > 15
    assert [one for one in may("preview") if one.rpartition(".")[2] not in LOOKS] == []


def test_an_apply_changes_what_is_declared_and_not_who_may_do_what() -> None:
    found = may("apply")
    assert {"container.clusters.update", "artifactregistry.repositories.uploadArtifacts"} <= set(found)
    assert [one for one in found if one.endswith(("setIamPolicy", ".actAs", ".getAccessToken"))] == []
    assert [one for one in found if one.startswith("iam.") and not one.rpartition(".")[2].startswith("get")] == []


def test_inside_the_cluster_the_same_accounts_count() -> None:
    binding = made("github").one("kubernetes:rbac.authorization.k8s.io/v1:RoleBinding", "pipeline-inside-apply-binding")
    (subject,) = binding.inputs["subjects"]
    assert (subject["kind"], subject["name"]) == ("User", "pipeline-apply-account-email")
    assert not [one for one in made("github").of("kubernetes:core/v1:ServiceAccount") if "pipeline" in one.name]


def test_the_pack_has_nothing_against_it() -> None:
    given = world("gitlab")
    assert review.violations(review.judged(given, review.declared(given))) == []


KEY = "projects/shop-keys/locations/europe-west3/keyRings/states/cryptoKeys/states"
STATE = {"url": "gs://shop-states/team", "key": f"gcpkms://{KEY}"}
FILES = "resource.name.startsWith('projects/_/buckets/shop-states/objects/team/"


@cache
def with_state() -> Recording:
    return declared(environment(pipeline={**PIPELINES["github"], "state": STATE}))


def granted(purpose: str, part: str) -> dict[str, Any]:
    one = with_state().one(BUCKET_MEMBER, f"pipeline-{purpose}-state-{part}").inputs
    assert (one["bucket"], one["member"]) == ("shop-states", f"serviceAccount:pipeline-{purpose}-account")
    return one


@pytest.mark.parametrize("purpose", ["preview", "apply"])
def test_both_read_the_states_under_their_path(purpose: str) -> None:
    reads = granted(purpose, "read")
    assert reads["role"] == "roles/storage.objectViewer"
    listed = "api.getAttribute('storage.googleapis.com/objectListPrefix', '').startsWith('team/')"
    assert reads["condition"]["expression"] == f"{FILES}') || {listed}"


def test_only_an_apply_changes_the_files_of_its_stack_and_no_other() -> None:
    writes = granted("apply", "write")
    assert writes["role"] == "roles/storage.objectUser"
    own = writes["condition"]["expression"].split(" || ")
    assert len(own) == 8
    assert f"{FILES}.pulumi/stacks/caas/staging.')" in own
    assert f"{FILES}.pulumi/locks/organization/caas-releases/staging/')" in own
    assert [one for one in own if "/staging" not in one] == []
    assert len(with_state().of(BUCKET_MEMBER)) == 3


def test_one_key_is_used_and_by_a_preview_only_to_read() -> None:
    found = {one.name: (one.inputs["cryptoKeyId"], one.inputs["role"]) for one in with_state().of(KEY_MEMBER)}
    assert found == {
        "pipeline-apply-state-key": (KEY, "roles/cloudkms.cryptoKeyEncrypterDecrypter"),
        "pipeline-preview-state-key": (KEY, "roles/cloudkms.cryptoKeyDecrypter"),
    }


def test_no_right_on_a_state_without_one() -> None:
    assert made("github").of(BUCKET_MEMBER) == made("github").of(KEY_MEMBER) == []
    assert "storage.buckets.getIamPolicy" not in may("apply")


def test_the_pack_has_nothing_against_rights_on_the_state() -> None:
    given = environment(pipeline={**PIPELINES["github"], "state": STATE})
    assert review.violations(review.judged(given, review.declared(given))) == []


def test_every_type_that_is_declared_has_its_permissions() -> None:
    lines = [line for path in DIRECTORY.glob("gke-*.txt") for line in path.read_text(encoding="utf-8").splitlines()]
    types = {line.split()[1] for line in lines if " gcp:" in line}
    assert len(types) > 15
    assert sorted(types - set(RIGHTS)) == []


def test_a_type_without_permissions_is_named() -> None:
    with pytest.raises(NoRights, match=r"gcp:sql/x:X is declared, and components/gcp/rights\.py does not say"):
        permissions(["gcp:sql/x:X"], "apply")


def test_a_job_is_told_what_it_sets() -> None:
    assert made("github").result["pipeline"] == {
        purpose: {
            "CAAS_GOOGLE_PROVIDER": f"providers/pipeline-{purpose}-provider",
            "CAAS_GOOGLE_ACCOUNT": f"pipeline-{purpose}-account-email",
        }
        for purpose in ("preview", "apply")
    }
