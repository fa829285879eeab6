"""The documents that ``pulumi import`` is handed, made from the engine's own."""

from __future__ import annotations

from typing import Any

import pytest

from delivery.adoption.importing import document, entries, wanted

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
ROOT = "urn:pulumi:prod::shop::"
GROUP = "aws:cloudwatch/logGroup:LogGroup"

PREVIEWED: dict[str, Any] = {
    "nameTable": {"account": f"{ROOT}caas:aws:Account::account"},
    "resources": [
        # As the engine orders them: a child may come before its component.
        {
            "type": GROUP,
            "name": "group",
            "id": "<PLACEHOLDER>",
            "parent": "web",
            "provider": "aws",
            "version": "7.51.1",
        },
        {"type": "pulumi:providers:aws", "name": "aws", "parent": "account", "inputs": {"region": "eu-central-1"}},
        {"type": "caas:aws:Service", "name": "web", "component": True},
        {"type": "caas:aws:Service", "name": "jobs", "component": True},
        {
            "type": GROUP,
            "name": "groupLogGroup",
            "logicalName": "group",
            "id": "<PLACEHOLDER>",
            "parent": "jobs",
            "provider": "aws",
            "version": "7.51.1",
        },
        {"type": "pulumi:providers:kubernetes", "name": "k8s", "inputs": {"kubeconfig": UNKNOWN}},
    ],
}
WEB = f"{ROOT}caas:aws:Service${GROUP}::group"
SERVICE = f"{ROOT}caas:aws:Service::web"
PROVIDER = f"{ROOT}caas:aws:Account$pulumi:providers:aws::aws"


def test_each_resource_stands_where_its_urn_says() -> None:
    first = {**PREVIEWED, "resources": PREVIEWED["resources"][:3]}
    found = entries(first, "shop", "prod")
    assert set(found) == {WEB, PROVIDER, SERVICE}
    assert (found[WEB].parent, found[WEB].provider) == (SERVICE, PROVIDER)
    assert found[PROVIDER].parent == f"{ROOT}caas:aws:Account::account", "which the stack has already"
    assert (found[SERVICE].component, found[PROVIDER].is_provider, found[WEB].component) == (True, True, False)


def test_a_provider_that_is_not_known_yet_waits() -> None:
    found = entries(PREVIEWED, "shop", "prod")
    assert found[PROVIDER].ready
    assert not found[f"{ROOT}pulumi:providers:kubernetes::k8s"].ready


def test_a_document_names_what_is_in_it_and_what_it_stands_on() -> None:
    found = entries({**PREVIEWED, "resources": PREVIEWED["resources"][:3]}, "shop", "prod")
    several = wanted([WEB], found)
    assert [one.urn for one in several] == [SERVICE, PROVIDER, WEB], "the component and the provider first"
    assert document([found[SERVICE]], {}) == {
        "nameTable": {},
        "resources": [{"type": "caas:aws:Service", "component": True, "name": "web"}],
    }
    assert document([found[PROVIDER], found[WEB]], {WEB: "/shop/web"}) == {
        "nameTable": {"account": f"{ROOT}caas:aws:Account::account", "web": SERVICE},
        "resources": [
            {
                "type": "pulumi:providers:aws",
                "inputs": {"region": "eu-central-1"},
                "name": "aws",
                "parent": "account",
            },
            {
                "type": GROUP,
                "version": "7.51.1",
                "name": "group",
                "parent": "web",
                "provider": "aws",
                "id": "/shop/web",
            },
        ],
    }


def test_two_of_one_name_are_told_apart() -> None:
    component = {"type": "caas:aws:Service", "name": "it", "component": True}
    child = {"type": GROUP, "name": "itLogGroup", "logicalName": "it", "id": "<PLACEHOLDER>", "parent": "it"}
    found = entries({"resources": [component, child]}, "shop", "prod")
    made = document(found.values(), {f"{ROOT}caas:aws:Service${GROUP}::it": "/it"})
    service, group = made["resources"]
    assert service["name"] != group["name"]
    assert (service["logicalName"], group["logicalName"]) == ("it", "it")
    assert group["parent"] == service["name"]


def test_a_document_that_names_nobody_s_child() -> None:
    with pytest.raises(ValueError, match="the engine's document names no nobody"):
        entries({"resources": [{"type": GROUP, "name": "a", "parent": "nobody"}]}, "shop", "prod")
