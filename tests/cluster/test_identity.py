"""The pipeline's identity in a cluster, with tokens that the API server itself has issued: who previews reads, who
applies rolls out, and neither goes further."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.cluster import hello
from tests.cluster.scene import Scene, scene
from tests.projects import Completed, Project

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

ELSEWHERE = "default"


class Identity:
    """One of the stack's accounts, with a token that is bound to it and ends."""

    def __init__(self, of: Scene, purpose: str) -> None:
        self.of = of
        project, account = of.project, f"caas-{purpose}"
        asked = ["kubectl", "--namespace", of.target.namespace, "create", "token", account, "--duration", "10m"]
        issued = project.run(asked)
        assert issued.code == 0, issued.text
        config = json.loads(project.run(["kubectl", "config", "view", "--raw", "--minify", "--output", "json"]).out)
        config["users"] = [{"name": one["name"], "user": {"token": issued.out.strip()}} for one in config["users"]]
        file = project.directory / f"{account}.json"
        file.write_text(json.dumps(config), encoding="utf-8")
        self.project = Project(project.directory, project.stack, {**project.environment, "KUBECONFIG": str(file)})

    def kubectl(self, *arguments: str, namespace: str | None = None) -> Completed:
        """A request of this identity."""
        where = namespace or self.of.target.namespace
        return self.project.run(["kubectl", "--namespace", where, *arguments])

    def may(self, verb: str, resource: str, namespace: str | None = None) -> bool:
        """What the API server says to whoever asks about themselves."""
        answer = self.kubectl("auth", "can-i", verb, resource, namespace=namespace).out.strip()
        assert answer in ("yes", "no"), answer
        return answer == "yes"


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory, sandbox_variables: dict[str, str]) -> Iterator[Scene]:
    """A stack with a pipeline and a secret, applied once by an administrator."""
    with scene(tmp_path_factory.mktemp("identity"), sandbox_variables, "ident") as made:
        describe(made, "first")
        for command in (
            ("stack", "init", "--no-select"),
            ("config", "set", "--secret", "--path", "caas:secrets.word", "a-word-of-tests"),
            ("up", "--yes", "--skip-preview"),
        ):
            done = made.project.pulumi(*command)
            assert done.code == 0, done.text
        yield made


def describe(made: Scene, said: str) -> None:
    described = {**hello.with_environment(SAID=said), "secrets": {"WORD": {"config": "word"}}}
    made.describe(described, pipeline={"system": "github", "repository": "team/shop"})


def test_who_applies_rolls_out_and_who_previews_sees_it_and_changes_nothing(applied: Scene) -> None:
    preview, apply = Identity(applied, "preview"), Identity(applied, "apply")
    unchanged = preview.project.pulumi("preview", "--expect-no-changes")
    assert unchanged.code == 0, unchanged.text

    describe(applied, "second")
    before = applied.snapshot()
    refused = preview.project.pulumi("up", "--yes", "--skip-preview")
    assert refused.code != 0, refused.text
    user = f"system:serviceaccount:{applied.target.namespace}:caas-preview"
    assert "is forbidden" in refused.text
    assert user in refused.text
    assert applied.snapshot().newest == before.newest

    rolled = apply.project.pulumi("up", "--yes", "--skip-preview")
    assert rolled.code == 0, rolled.text
    after = applied.snapshot()
    assert after.newest != before.newest
    assert (after.updated, after.ready) == (2, 2)
    unchanged = apply.project.pulumi("preview", "--expect-no-changes")
    assert unchanged.code == 0, unchanged.text


@pytest.mark.parametrize("purpose", ["preview", "apply"])
def test_neither_reads_secrets_nor_acts_elsewhere_nor_takes_more_rights(applied: Scene, purpose: str) -> None:
    identity = Identity(applied, purpose)
    listed = identity.kubectl("get", "secrets")
    assert listed.code != 0
    assert "cannot list resource" in listed.err
    for verb, resource in (("get", "pods"), ("patch", "deployments.apps"), ("get", "secrets"), ("create", "pods")):
        assert not identity.may(verb, resource, ELSEWHERE), f"{verb} {resource} in another namespace"
    made = identity.kubectl("create", "serviceaccount", "caas-taken", namespace=ELSEWHERE)
    assert made.code != 0
    assert "cannot create resource" in made.err
    # Nobody raises themselves: neither by a role, nor by another's token, nor by another namespace.
    for verb, resource in (
        ("patch", "roles.rbac.authorization.k8s.io"),
        ("create", "rolebindings.rbac.authorization.k8s.io"),
        ("create", "serviceaccounts/token"),
        ("impersonate", "serviceaccounts"),
        ("create", "pods/exec"),
        ("create", "namespaces"),
    ):
        assert not identity.may(verb, resource), f"{verb} {resource}"
    # What it is there for, so that the refusals above are not those of a token that nobody takes.
    assert identity.may("get", "deployments.apps")
    assert identity.may("patch", "deployments.apps") is (purpose == "apply")
    (secret,) = applied.objects("secrets", "api/v1")
    assert (identity.kubectl("get", "secret", secret).code == 0) is (purpose == "apply")
