"""The pipeline's identity in a cluster: whose tokens count, and what they may in the environment's own namespaces."""

from __future__ import annotations

from functools import cache
from typing import Any

import pulumi
import pytest

from components import platform
from components.declared_types import NoRights
from components.kubernetes.ci_identity import API, RESOURCES, rules
from components.pipeline_tokens import review_token, token
from components.spec import Environment, SpecError
from tests.components.inventory import DIRECTORY
from tests.components.recorder import Recording, record
from tests.components.worlds import environment, service
from tests.policies import review

GITHUB = {"system": "github", "repository": "team/shop"}
GITLAB = {"system": "gitlab", "repository": "team/shop"}
ROLE, BINDING = "kubernetes:rbac.authorization.k8s.io/v1:Role", "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding"
ACCOUNT = "kubernetes:core/v1:ServiceAccount"


def world(pipeline: dict[str, Any] | None) -> Environment:
    services = {"web": service(ingress={"path": "/"}, secrets={"KEY": {"config": "apiKey"}})}
    more: dict[str, Any] = {} if pipeline is None else {"pipeline": pipeline}
    return environment(services, secrets=("apiKey",), **more)


@cache
def made(system: str | None) -> Recording:
    given = world({"github": GITHUB, "gitlab": GITLAB}[system] if system else None)

    def program() -> dict[str, Any]:
        return platform.declare(given, {key: pulumi.Output.secret("hidden") for key in given.secret_keys})

    return record(program, stack_name=given.stack)


def may(purpose: str) -> dict[tuple[str, str], set[str]]:
    """(group, resource) -> verbs of a role."""
    found: dict[tuple[str, str], set[str]] = {}
    for rule in made("github").one(ROLE, f"pipeline-{purpose}").inputs["rules"]:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                found.setdefault((group, resource), set()).update(rule["verbs"])
    return found


def test_nothing_is_declared_for_nobody() -> None:
    recording = made(None)
    assert recording.of(ROLE) == recording.of(BINDING) == []
    assert "pipeline" not in recording.result


def test_there_is_an_account_for_each_purpose_and_no_token() -> None:
    recording = made("github")
    for purpose in ("preview", "apply"):
        account = recording.one(ACCOUNT, f"pipeline-{purpose}-account")
        assert account.inputs["metadata"]["name"] == f"caas-{purpose}"
        assert account.inputs["automountServiceAccountToken"] is False
    secrets = [one for one in recording.of("kubernetes:core/v1:Secret") if "token" in str(one.inputs.get("type"))]
    assert secrets == []
    assert recording.result["pipeline"] == {
        purpose: {"CAAS_KUBERNETES_ACCOUNT": f"caas-staging/caas-{purpose}"} for purpose in ("preview", "apply")
    }


@pytest.mark.parametrize(
    ("system", "purpose", "users"),
    [
        (
            "github",
            "apply",
            ["https://token.actions.githubusercontent.com#repo:team/shop:environment:staging"],
        ),
        ("github", "preview", ["https://token.actions.githubusercontent.com#repo:team/shop:pull_request"]),
        ("gitlab", "apply", ["https://gitlab.com#project_path:team/shop:ref_type:branch:ref:main"]),
        ("gitlab", "preview", []),
    ],
)
def test_a_role_is_bound_to_one_account_and_one_subject(system: str, purpose: str, users: list[str]) -> None:
    binding = made(system).one(BINDING, f"pipeline-{purpose}-binding").inputs
    account = {"kind": "ServiceAccount", "name": f"caas-{purpose}", "namespace": "caas-staging"}
    group = "rbac.authorization.k8s.io"
    assert binding["subjects"] == [account, *({"kind": "User", "apiGroup": group, "name": user} for user in users)]
    assert binding["roleRef"] == {"apiGroup": group, "kind": "Role", "name": f"caas-{purpose}"}
    assert binding["metadata"]["namespace"] == "caas-staging"


def test_a_preview_only_reads() -> None:
    assert {verb for verbs in may("preview").values() for verb in verbs} == {"get", "list", "watch"}
    assert ("", "secrets") not in may("preview")
    assert ("apps", "deployments") in may("preview")


def test_an_apply_changes_what_is_declared() -> None:
    found = may("apply")
    everything = {"get", "list", "watch", "create", "delete", "patch", "update"}
    assert found["apps", "deployments"] == found["networking.k8s.io", "ingresses"] == everything
    assert found["", "pods"] == {"get", "list", "watch"}
    assert ("batch", "jobs") not in found


def test_who_applies_sees_what_caas_asks_for_when_it_proves_an_apply() -> None:
    given = environment({"web": service(scaling=None, replicas=2)}, pipeline=GITHUB)

    def program() -> dict[str, Any]:
        return platform.declare(given, {})

    role = record(program, stack_name=given.stack).one(ROLE, "pipeline-apply").inputs
    readable = [rule for rule in role["rules"] if "get" in rule["verbs"]]
    seen = {(group, one) for rule in readable for group in rule["apiGroups"] for one in rule["resources"]}
    # The autoscalers too, where no service has one: whether it has is what is asked.
    wanted = {("apps", "replicasets"), ("", "pods"), ("", "events"), ("autoscaling", "horizontalpodautoscalers")}
    assert wanted | {("", "pods/log")} <= seen
    assert ("", "pods/log") not in may("preview")


def test_no_pipeline_lists_secrets_or_changes_who_may_do_what() -> None:
    found = may("apply")
    assert found["", "secrets"] == {"create", "delete", "get", "patch", "update"}
    for resource in (("", "namespaces"), (ROLE.split(":")[1].partition("/")[0], "roles")):
        assert found[resource] == {"get", "list", "watch"}
    assert found["rbac.authorization.k8s.io", "rolebindings"] == {"get", "list", "watch"}


@cache
def reviewed() -> Recording:
    pipeline = {**GITLAB, "reviews": 2}
    given = environment({"web": service(ingress={"path": "/"})}, stack="dev", pipeline=pipeline)

    def program() -> dict[str, Any]:
        return platform.declare(given, {})

    return record(program, stack_name=given.stack)


def test_reviews_have_an_account_that_acts_in_their_namespaces_alone() -> None:
    recording = reviewed()
    assert recording.result["pipeline"]["review"] == {"CAAS_KUBERNETES_ACCOUNT": "caas-dev/caas-review"}
    bound = {
        (one.inputs["metadata"]["namespace"], one.inputs["roleRef"]["name"])
        for one in recording.of(BINDING)
        for subject in one.inputs["subjects"]
        if subject["name"] == "caas-review"
    }
    assert bound == {("caas-dev-review-1", "caas-review"), ("caas-dev-review-2", "caas-review")}
    assert [one.inputs["metadata"]["name"] for one in recording.of("kubernetes:core/v1:Namespace")] == [
        "caas-dev",
        "caas-dev-review-1",
        "caas-dev-review-2",
    ]
    assert all(
        one.inputs["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
        for one in recording.of("kubernetes:core/v1:Namespace")
    )


def test_a_review_changes_neither_its_namespace_nor_who_may_do_what() -> None:
    found: dict[tuple[str, str], set[str]] = {}
    for rule in reviewed().one(ROLE, "pipeline-review-1").inputs["rules"]:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                found.setdefault((group, resource), set()).update(rule["verbs"])
    everything = {"get", "list", "watch", "create", "delete", "patch", "update"}
    # The mark by which it holds the namespace is a ConfigMap.
    assert found["apps", "deployments"] == found["", "configmaps"] == everything
    for resource in (("", "namespaces"), (API, "roles"), (API, "rolebindings")):
        assert found[resource] == {"get", "list", "watch"}
    assert ("", "secrets") not in found


def test_what_a_branch_runs_is_given_no_secret() -> None:
    services = {"web": service(secrets={"KEY": {"config": "apiKey"}})}
    with pytest.raises(SpecError, match="0 beside a service with secrets"):
        environment(services, secrets=("apiKey",), stack="dev", pipeline={**GITHUB, "reviews": 1})
    registry = {"address": "registry.example.com/team", "username": "robot", "password": "login"}
    with pytest.raises(SpecError, match=r"0 beside registry\.password"):
        environment(None, secrets=("login",), stack="dev", registry=registry, pipeline={**GITHUB, "reviews": 1})


def test_who_looks_after_the_reviews_namespaces_only_reads_there() -> None:
    role = reviewed().one(ROLE, "pipeline-review-1-seen").inputs
    assert {verb for rule in role["rules"] for verb in rule["verbs"]} == {"get", "list", "watch"}
    assert "secrets" not in {resource for rule in role["rules"] for resource in rule["resources"]}
    subjects = reviewed().one(BINDING, "pipeline-review-1-seen-binding").inputs["subjects"]
    assert {one["name"] for one in subjects if one["kind"] == "ServiceAccount"} == {"caas-preview", "caas-apply"}


def test_reviews_are_made_from_a_stack_of_tier_dev() -> None:
    with pytest.raises(SpecError, match="0 in staging: reviews are made from a stack of tier dev"):
        environment({"web": service()}, pipeline={**GITHUB, "reviews": 1})


def test_whoever_previews_directly_reviews_directly() -> None:
    given = environment({"web": service()}, stack="dev", pipeline={**GITHUB, "reviews": 1})
    assert review_token(given).subject == token(given, "preview").subject
    assert (review_token(given).audience, token(given, "preview").audience) == ("caas-review", "caas-preview")


def test_a_namespace_that_exists_is_held_and_not_made() -> None:
    given = environment({"web": service()}, kubernetes={"namespace": "caas-dev-review-1", "namespaceExists": True})

    def program() -> dict[str, Any]:
        return platform.declare(given, {})

    recording = record(program, stack_name=given.stack)
    assert recording.of("kubernetes:core/v1:Namespace") == []
    (mark,) = recording.of("kubernetes:core/v1:ConfigMap")
    assert mark.inputs["metadata"]["name"] == "caas-held"
    assert mark.inputs["metadata"]["namespace"] == "caas-dev-review-1"
    # A second stack's apply is refused: nobody changes what cannot be changed.
    assert (mark.inputs["immutable"], mark.inputs["data"]) == (True, {"manager": "caas-caas-staging"})
    deployment = recording.of("kubernetes:apps/v1:Deployment")[0]
    assert deployment.inputs["metadata"]["namespace"] == "caas-dev-review-1"


def test_the_pack_has_nothing_against_reviews() -> None:
    given = environment({"web": service()}, stack="dev", pipeline={**GITHUB, "reviews": 1})
    assert review.violations(review.judged(given, review.declared(given))) == []


def test_the_pack_has_nothing_against_it() -> None:
    given = world(GITHUB)
    assert review.violations(review.judged(given, review.declared(given))) == []


def test_every_type_that_is_declared_has_a_name() -> None:
    lines = [line for path in DIRECTORY.iterdir() for line in path.read_text(encoding="utf-8").splitlines()]
    types = {line.split()[1] for line in lines if " kubernetes:" in line}
    assert len(types) > 15
    assert sorted(types - set(RESOURCES)) == []


def test_a_type_without_a_name_is_said() -> None:
    with pytest.raises(NoRights, match=r"kubernetes:batch/v2:Thing is declared, and components/kubernetes/ci_identity"):
        list(rules(["kubernetes:batch/v2:Thing"], "preview"))
