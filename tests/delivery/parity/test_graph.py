"""What a stack would declare, in words that do not name the stack."""

from __future__ import annotations

from typing import Any

import pytest

from delivery.parity.graph import SECRET, UNKNOWN, Node, Words, graph
from tests.delivery.parity.environments import ecs, kubernetes


def one(inputs: dict[str, Any], name: str = "thing", type_: str = "a:b:C") -> Node:
    found = graph(kubernetes("staging"), [{"type": type_, "name": name, "inputs": inputs}])
    ((node,),) = found.nodes.values()
    return node


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("caas-staging-hello", "caas-<stack>-hello"),
        ("hello.staging.example.com", "hello.<domain>"),
        ("registry.example.com/team/hello", "<registry>/hello"),
        ("stagings", "stagings"),
        ("web-883999549f", "web-<hash>"),
        ("ecr-6f87a531", "ecr-<hash>"),
        ("deadbeef", "deadbeef"),
        ("sha256:" + "0123456789abcdef" * 4, "sha256:" + "0123456789abcdef" * 4),
    ],
)
def test_the_environment_s_own_words_are_replaced(text: str, plain: str) -> None:
    assert Words.of(kubernetes("staging"))(text) == plain


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("network-private-eu-central-1b", "network-private-<zone>"),
        ("arn:aws:ecs:eu-central-1:123456789012:cluster/x", "arn:aws:ecs:<region>:<account>:cluster/x"),
    ],
)
def test_places_of_a_cloud_are_replaced(text: str, plain: str) -> None:
    assert Words.of(ecs("prod"))(text) == plain


def test_the_stack_and_its_providers_are_no_part_of_it() -> None:
    given: list[dict[str, Any]] = [
        {"type": type_, "name": "x", "inputs": {}} for type_ in ("pulumi:pulumi:Stack", "pulumi:providers:aws")
    ]
    assert graph(kubernetes("staging"), given).nodes == {}


def test_elements_of_a_list_are_known_by_their_names() -> None:
    env = [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}]
    assert one({"env": env}).properties == {
        "env[A].name": "A",
        "env[A].value": "1",
        "env[B].name": "B",
        "env[B].value": "2",
    }


def test_a_text_of_json_is_compared_by_what_is_in_it() -> None:
    assert one({"policy": '{"Version": "1", "Allow": [true]}'}).properties == {
        "policy.Allow[0]": "true",
        "policy.Version": "1",
    }


def test_secrets_and_what_is_not_known_are_only_that() -> None:
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": "hush"}
    unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    found = one({"a": secret, "b": unknown, "c": "[secret]", "d": None, "e": 3.0})
    assert found.properties == {"a": SECRET, "b": UNKNOWN, "c": SECRET, "e": "3"}
