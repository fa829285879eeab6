"""The pipeline's identity in a cluster, with tokens that the API server itself has issued: who previews reads, who
applies rolls out, and neither goes further."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from components.kubernetes.metadata import HELD
from delivery.observe.kubernetes import KubernetesObserver
from tests import projects
from tests.cluster import hello
from tests.cluster.scene import Scene
from tests.projects import Completed, Project

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

ELSEWHERE = "default"
REVIEWS = 1
PIPELINE = {"system": "github", "repository": "team/shop"}


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
        """What the API server says to whoever asks about themselves; ``pods/exec`` is a part of pods."""
        kind, _, part = resource.partition("/")
        asked = ["auth", "can-i", verb, kind, *(["--subresource", part] if part else [])]
        answer = self.kubectl(*asked, namespace=namespace).out.strip()
        assert answer in ("yes", "no"), answer
        return answer == "yes"


@contextmanager
def administered(directory: Path, variables: Mapping[str, str], describe: Callable[[Scene], None]) -> Iterator[Scene]:
    """A stack with a pipeline, applied once by an administrator."""
    stack = f"ident-{secrets.token_hex(2)}"
    kept = {k: v for k, v in variables.items() if k not in ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE")}
    made = Scene(projects.make(directory, stack, **kept), kept["KUBECONFIG"])
    made.describe()
    try:
        done = made.project.pulumi("stack", "init", "--no-select")
        assert done.code == 0, done.text
        describe(made)
        done = made.project.pulumi("up", "--yes", "--skip-preview")
        assert done.code == 0, done.text
        yield made
    finally:
        # All of it lies in its namespaces, and its state in a directory of this test: nothing else has to be told.
        spaces = [made.target.namespace, *(f"{made.target.namespace}-review-{one}" for one in range(1, REVIEWS + 1))]
        gone = made.project.run(["kubectl", "delete", "namespace", "--ignore-not-found", "--wait=false", *spaces])
    assert gone.code == 0, gone.text


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory, sandbox_variables: dict[str, str]) -> Iterator[Scene]:
    """A stack that reviews can be made from."""
    directory = tmp_path_factory.mktemp("identity")
    with administered(directory, sandbox_variables, lambda scene: describe(scene, "first")) as made:
        yield made


def describe(made: Scene, said: str) -> None:
    made.describe(hello.with_environment(SAID=said), pipeline={**PIPELINE, "reviews": REVIEWS})


def with_token(made: Scene, value: str) -> None:
    """The service with a secret of this value."""
    made.describe(hello.service(replicas=1, secrets={"TOKEN": {"config": "token"}}), pipeline=PIPELINE)
    stored = made.project.pulumi("config", "set", "--secret", "--path", "caas:secrets.token", value)
    assert stored.code == 0, stored.text


def test_who_applies_rolls_out_and_who_previews_sees_it_and_changes_nothing(applied: Scene) -> None:
    preview, apply = Identity(applied, "preview"), Identity(applied, "apply")
    describe(applied, "second")
    seen = preview.project.pulumi("preview", "--json")
    assert seen.code == 0, seen.text
    # What has changed, and nothing that only looks so to who may not read it.
    steps = [step for step in json.loads(seen.out)["steps"] if step["op"] != "same"]
    changed = {(step.get("newState") or step["oldState"])["type"] for step in steps}
    assert changed == {"kubernetes:apps/v1:Deployment"}

    before = applied.snapshot()
    refused = preview.kubectl("set", "env", "deployment/hello", "SAID=second")
    assert refused.code != 0
    account = f"system:serviceaccount:{applied.target.namespace}:caas-preview"
    assert f'User "{account}" cannot patch resource "deployments"' in refused.err
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


def test_who_reviews_acts_where_nothing_else_is_and_changes_no_one_s_mark(applied: Scene) -> None:
    identity = Identity(applied, "review")
    space = f"{applied.target.namespace}-review-1"
    for verb, resource in (("create", "deployments.apps"), ("delete", "services")):
        assert identity.may(verb, resource, space), f"{verb} {resource}"
        assert not identity.may(verb, resource), f"{verb} {resource} of the stack that reviews are made from"
        assert not identity.may(verb, resource, ELSEWHERE), f"{verb} {resource} in another namespace"
    for verb, resource in (
        ("patch", "namespaces"),
        ("list", "secrets"),
        ("patch", "roles.rbac.authorization.k8s.io"),
        ("create", "rolebindings.rbac.authorization.k8s.io"),
        ("create", "pods/exec"),
    ):
        assert not identity.may(verb, resource, space), f"{verb} {resource}"
    mark = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": HELD}, "immutable": True}
    for stack, code in (("one", 0), ("one", 0), ("two", 1)):
        (applied.project.directory / "mark.json").write_text(json.dumps({**mark, "data": {"manager": stack}}))
        done = identity.kubectl("apply", "--server-side", "--force-conflicts", "-f", "mark.json", namespace=space)
        assert done.code == code, done.text
    assert "field is immutable when `immutable` is set" in done.err
    assert KubernetesObserver(applied.kubeconfig).held_by(space) == "one"
    assert identity.kubectl("delete", "configmap", HELD, namespace=space).code == 0
    assert KubernetesObserver(applied.kubeconfig).held_by(space) is None


def test_who_applies_rotates_a_secret_and_waits_until_the_old_one_is_gone(
    tmp_path: Path, sandbox_variables: dict[str, str]
) -> None:
    with administered(tmp_path / "rotated", sandbox_variables, lambda scene: with_token(scene, "first")) as made:
        apply, (old,) = Identity(made, "apply"), made.objects("secrets", "api/v1")
        with_token(made, "second")
        rotated = apply.project.pulumi("up", "--yes", "--skip-preview", limit=60)
        assert rotated.code == 0, rotated.text
        (new,) = made.objects("secrets", "api/v1")
        assert new != old
        assert made.found("secrets", "api/v1")[0]["data"] == {"TOKEN": base64.b64encode(b"second").decode()}
        unchanged = apply.project.pulumi("preview", "--expect-no-changes")
        assert unchanged.code == 0, unchanged.text
