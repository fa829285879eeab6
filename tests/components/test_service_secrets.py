"""Secret values of a service on Kubernetes: where they stand, who refers to them, and what changes with them."""

from __future__ import annotations

import pytest

from tests.components import declared_services
from tests.components.declared_services import (
    MARKER,
    OWNER,
    SECRET,
    container,
    declared,
    pod,
)
from tests.components.recorder import Recording
from tests.components.worlds import environment, service


@pytest.fixture(scope="module")
def full() -> Recording:
    return declared_services.full()


def test_secret_values_are_secret_in_what_the_engine_is_told(full: Recording) -> None:
    secret = full.one(SECRET)
    assert secret.inputs["stringData"] == {"API_KEY": MARKER}
    assert secret.secret_paths == {"stringData"}
    assert secret.inputs["immutable"] is True
    others = [one.inputs for one in full.resources if one.urn != secret.urn]
    assert MARKER not in repr((others, full.outputs, full.result))


def test_a_secret_goes_with_an_owner_of_its_own_and_the_engine_waits_for_that(full: Recording) -> None:
    """The engine would watch every Secret of the namespace to see one end, which a pipeline may not."""
    secret, owner = full.one(SECRET), full.one(OWNER, "web-secret-owner")
    name = f"{secret.inputs['metadata']['name']}-owner"
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": "web-secret-owner-uid"}
    assert secret.inputs["metadata"]["ownerReferences"] == [{**reference, "blockOwnerDeletion": True}]
    assert secret.deleted_with == owner.urn
    assert (owner.inputs["metadata"]["name"], owner.inputs["immutable"]) == (name, True)
    assert "data" not in owner.inputs
    assert owner.inputs["metadata"]["namespace"] == secret.inputs["metadata"]["namespace"]


def test_variables_refer_to_the_secrets(full: Recording) -> None:
    references = {e["name"]: e["valueFrom"]["secretKeyRef"] for e in container(full)["env"] if "valueFrom" in e}
    own = full.one(SECRET).inputs["metadata"]["name"]
    assert references == {"API_KEY": {"name": own, "key": "API_KEY"}, "TOKEN": {"name": "existing", "key": "token"}}


def test_a_changed_secret_value_rolls_the_pods_and_an_equal_one_does_not() -> None:
    world = environment({"web": service(secrets={"API_KEY": {"config": "apiKey"}})}, secrets=("apiKey",))
    first, same, changed = (pod(declared(world, apiKey=value)) for value in ("one", "one", "two"))
    assert first == same
    assert first != changed


def test_equal_secrets_of_two_services_do_not_look_equal() -> None:
    body = service(secrets={"API_KEY": {"config": "apiKey"}})
    recording = declared(environment({"a": body, "b": body}, secrets=("apiKey",)), apiKey=MARKER)
    suffixes = {one.inputs["metadata"]["name"].rpartition("-")[2] for one in recording.of(SECRET)}
    assert len(suffixes) == 2
