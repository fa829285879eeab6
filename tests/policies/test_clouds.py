"""The rules of the clouds over what the project's own components declare: no false alarm, in a preview or an update."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pulumi
import pytest

from components import platform
from policies.rule import UNKNOWN, Resource, Rule, Setting, Undecided, Violation
from tests.components import recorder
from tests.components.aws import inventory as aws
from tests.components.azure import inventory as azure
from tests.components.gcp import inventory as gcp
from tests.policies import messages

CLOUDS = {"aws": aws.stack, "gcp": gcp.stack, "azure": azure.stack}
WORLDS = [(cloud, stack) for cloud in CLOUDS for stack in ("dev", "staging", "prod")]

WAIVED = {("azure", "prod"): ["acr-private-network registry-registry publicNetworkAccess"]}
"""World -> what its rules refuse. Images are pushed from outside the network, by laptops and CI systems; who may
do what is decided by roles, since there is neither an admin user nor anonymous access."""


@cache
def declared(cloud: str, stack: str, preview: bool) -> tuple[Resource, ...]:
    environment = CLOUDS[cloud](stack)

    def program() -> dict[str, Any]:
        values = {key: pulumi.Output.secret(f"value of {key}") for key in environment.secret_keys}
        return platform.declare(environment, values)

    return tuple(
        Resource(one.type, one.name, known(one.inputs), one.urn, one.parent or None, one.made_from)
        for one in recorder.record(program, stack_name=stack, preview=preview).resources
    )


def known(value: Any) -> Any:
    """Values as a rule reads them: what is unknown on the wire is UNKNOWN."""
    if isinstance(value, dict):
        return {key: known(each) for key, each in value.items()}
    if isinstance(value, list):
        return [known(each) for each in value]
    return UNKNOWN if value == recorder.UNKNOWN else value


def judged(cloud: str, stack: str, preview: bool = False) -> Iterator[tuple[str, str, Violation | Undecided]]:
    """Rule, resource and answer, for every rule of the clouds."""
    resources, setting = declared(cloud, stack, preview), Setting(tier=CLOUDS[cloud](stack).tier)
    for rule in (rule for domain in messages.DOMAINS for rule in messages.rules(domain)):
        if isinstance(rule, Rule):
            for resource in (each for each in resources if each.type in rule.types):
                yield from ((rule.id, resource.name, answer) for answer in rule.check(resource, setting))
        else:
            for about, answer in rule.check(resources, setting):
                yield rule.id, about.name if about is not None else "", answer


@pytest.mark.parametrize("preview", [False, True], ids=["update", "preview"])
@pytest.mark.parametrize(("cloud", "stack"), WORLDS)
def test_the_components_break_no_rule_but_those_that_are_waived(cloud: str, stack: str, preview: bool) -> None:
    found = [
        f"{rule} {name} {answer.path}"
        for rule, name, answer in judged(cloud, stack, preview)
        if isinstance(answer, Violation)
    ]
    assert sorted(found) == WAIVED.get((cloud, stack), [])


@pytest.mark.parametrize(("cloud", "stack"), WORLDS)
def test_an_update_leaves_nothing_undecided(cloud: str, stack: str) -> None:
    found = [(rule, name) for rule, name, answer in judged(cloud, stack) if isinstance(answer, Undecided)]
    assert found == []


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_a_preview_knows_which_listener_and_which_firewall_belong_together(stack: str) -> None:
    """Their ARNs are unknown before the first apply; what they will be of is not."""
    undecided = {rule for rule, _, answer in judged("aws", stack, True) if isinstance(answer, Undecided)}
    assert "ecs-task-role" in undecided
    assert not undecided & {"alb-redirect", "alb-waf", "ecr-lifecycle"}


def test_nearly_every_rule_has_something_of_the_components_to_judge() -> None:
    """A type that is misspelt would never be judged, and nobody would notice."""
    types = {resource.type for cloud, stack in WORLDS for resource in declared(cloud, stack, False)}
    idle = {
        rule.id
        for domain in messages.DOMAINS
        for rule in messages.rules(domain)
        if isinstance(rule, Rule) and not rule.types & types
    }
    assert idle == {
        "azure-storage-closed",
        "azure-vault-protected",
        "ecr-not-public",
        "gcp-no-service-account-keys",
        "gcp-oidc-scoped",
    }
