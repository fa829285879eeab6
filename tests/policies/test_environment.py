"""Secrets in plain values, and whose a resource is."""

from __future__ import annotations

import json

import pytest

from policies import environment
from policies.entropy import random_text
from policies.rule import UNKNOWN, Answer, Resource, Setting, Undecided, Violation
from tests.policies.fixtures.environment import (
    ECS_SERVICE,
    HEX,
    LABELS,
    TAGS,
    WRITTEN,
    config_map,
    pod,
    provider,
    tagged,
    variables,
)
from tests.policies.fixtures.supply_chain import GITHUB_TOKEN, RANDOM
from tests.policies.workload import workload

RULES = {rule.id: rule for rule in environment.RULES}
(TAGS_RULE,) = environment.STACK_RULES


def said(rule: str, resource: Resource) -> list[Answer]:
    return list(RULES[rule].check(resource, Setting()))


def tags(*resources: Resource, setting: Setting | None = None) -> list[str]:
    answers = TAGS_RULE.check(resources, setting or Setting())
    return [answer.message if isinstance(answer, Violation) else f"undecided {answer.path}" for _, answer in answers]


def test_a_secret_variable_is_named_and_not_shown() -> None:
    answers = said("k8s-no-secret-env", pod(PORT="8080", DB_PASSWORD="opensesame", HELPER=GITHUB_TOKEN))
    inside = "spec.template.spec.containers[0].env"
    assert answers == [
        Violation("variable DB_PASSWORD of container 'shop' holds a secret, by its name", f"{inside}[1].value"),
        Violation("variable HELPER of container 'shop' holds a secret, by the form of its value", f"{inside}[2].value"),
    ]
    assert not any(value in str(answers) for value in ("opensesame", GITHUB_TOKEN))


def test_a_random_variable_is_found_on_every_platform_and_not_shown() -> None:
    paths = []
    for resource in variables(HELPER=RANDOM):
        (answer,) = said("no-random-env", resource)
        assert isinstance(answer, Violation)
        assert answer.message == "variable HELPER of container 'shop' is as random as a key"
        paths.append(answer.path)
    assert paths == [
        "spec.template.spec.containers[0].env[0].value",
        "containerDefinitions[0].environment[0].value",
        "containers[0].environmentVariables[0].value",
        "containers[0].environmentVariables[0].value",
    ]


def test_a_key_of_a_config_map_is_named() -> None:
    assert said("k8s-no-secret-in-config-map", config_map(greeting="Hello", helper=RANDOM)) == [
        Violation("key helper is as random as a key", "data.helper")
    ]


@pytest.mark.parametrize(
    "text",
    [
        RANDOM,
        HEX,
        HEX.upper(),
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzKEY1",
        "dGhpcyBpcyBub3QgYSByZWFsIGtleQ3x9Zk2Qw==",
    ],
)
def test_a_key_is_random(text: str) -> None:
    assert random_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Hello",
        "ProductionReadReplicaCluster01",
        "application/json; charset=utf-8",
        "/opt/Shop1/config/Settings2/prod",
        "Team-Alpha-Service-01-Prod-Europe-West",
        "registry.example.com/shop@sha256:" + "a" * 64,
        "0" * 40,
        "123456789012345678901234567890",
        "kT9xQ2mZ7vB4nL8pW3sD",
        "https://shop.example.com/aB3dE6gH9jK2mN5pQ8sT",
        "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "eu-central-1a,eu-central-1b,eu-central-1c",
    ],
)
def test_what_people_write_is_not(text: str) -> None:
    assert not random_text(text)


@pytest.mark.parametrize("name", ["GIT_COMMIT", "imageDigest", "BUILD_ID", "CONFIG_SHA256", "content-hash"])
def test_a_fingerprint_is_no_secret(name: str) -> None:
    assert not random_text(HEX, name)
    assert random_text(HEX, "HELPER")


def test_what_is_missing_is_said_one_by_one() -> None:
    assert tags(tagged(ECS_SERVICE)) == [
        "nothing says which owner it belongs to",
        "nothing says which environment it belongs to",
        "nothing says which cost-centre it belongs to",
        "nothing says which service it belongs to",
    ]


def test_what_the_provider_writes_counts_and_only_for_its_own_package() -> None:
    assert tags(WRITTEN, tagged()) == []
    assert len(tags(WRITTEN, tagged("azure-native:network:LoadBalancer"))) == 3


def test_of_two_providers_only_what_both_write_counts() -> None:
    second = provider(
        json.dumps({"tags": {key: value for key, value in TAGS.items() if key != "caas:owner"}}), "second"
    )
    assert tags(WRITTEN, second, tagged()) == ["nothing says which owner it belongs to"]
    assert tags(second, WRITTEN, tagged()) == ["nothing says which owner it belongs to"]


def test_in_dev_nobody_needs_to_answer_or_pay() -> None:
    dev = Setting(tier="dev")
    assert tags(tagged(tags={"caas:environment": "dev"}), setting=dev) == []
    assert tags(tagged(), setting=dev) == ["nothing says which environment it belongs to"]


def test_what_is_required_can_be_told() -> None:
    asked = Setting(options={"required": ["service"]})
    assert tags(tagged(ECS_SERVICE), tagged(), setting=asked) == ["nothing says which service it belongs to"]


def test_the_place_is_the_platform_s() -> None:
    places = {
        "aws:ecs/cluster:Cluster": "tags",
        "gcp:storage/bucket:Bucket": "labels",
        "kubernetes:core/v1:Namespace": "metadata.labels",
    }
    for type_, place in places.items():
        answers = [answer for _, answer in TAGS_RULE.check((tagged(type_),), Setting())]
        assert {answer.path for answer in answers} == {place}


def test_labels_of_kubernetes_name_the_service() -> None:
    assert tags(workload(metadata={"labels": LABELS})) == []


def test_an_unknown_tag_is_undecided_and_hides_nothing() -> None:
    found = tags(tagged(tags={"caas:owner": UNKNOWN, "caas:environment": "prod"}))
    assert found == ["undecided tags", "nothing says which cost-centre it belongs to"]
    unknown = tagged(tags=UNKNOWN)
    assert list(TAGS_RULE.check((unknown,), Setting())) == [(unknown, Undecided("tags"))]
