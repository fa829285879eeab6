"""An environment on AWS as a whole: parents, provider, names, exports, inventory."""

from __future__ import annotations

import pytest

from tests.components.aws.worlds import ACCOUNT, GIVEN, REGION, declared, environment, full, service
from tests.components.recorder import Recording

PROVIDER = "pulumi:providers:aws"


@pytest.fixture(scope="module")
def world() -> Recording:
    return declared(full())


def test_every_child_descends_from_its_component(world: Recording) -> None:
    components = {one.urn: one.name for one in world.resources if not one.custom}
    children = [one for one in world.resources if one.custom]
    assert len(children) > 80
    for one in children:
        assert one.parent in components, one.urn
        assert one.name.startswith(f"{components[one.parent]}-"), one.urn


def test_every_component_registers_its_outputs(world: Recording) -> None:
    assert set(world.outputs) >= {one.urn for one in world.resources if not one.custom}
    (urn,) = (one.urn for one in world.resources if one.type == "caas:aws:Service" and one.name == "web")
    assert world.outputs[urn] == {
        "image": GIVEN,
        "url": "https://web.example.com/",
        "service": "web",
        "taskDefinition": "arn:aws:web-task",
    }


def test_one_provider_touches_one_account_and_writes_the_tags(world: Recording) -> None:
    provider = world.one(PROVIDER)
    assert provider.inputs["region"] == REGION
    assert provider.inputs["allowedAccountIds"] == f'["{ACCOUNT}"]'
    for tag in ('"caas:owner": "owners"', '"caas:cost-centre": "4711"', '"caas:environment": "staging"'):
        assert tag in provider.inputs["defaultTags"]
    for one in world.resources:
        if one.type.startswith("aws:"):
            assert "::account-provider::" in one.provider, one.urn


def test_exports(world: Recording) -> None:
    assert world.result["environment"] == "staging"
    assert world.result["platform"] == "aws-ecs"
    assert world.result["aws"] == {
        "region": REGION,
        "account": ACCOUNT,
        "cluster": "caas-staging",
        "loadBalancer": "balancer-balancer-dnsName",
    }
    assert world.result["services"]["web"] == {
        "image": GIVEN,
        "url": "https://web.example.com/",
        "cluster": "caas-staging",
        "service": "web",
        "taskDefinition": "arn:aws:web-task",
        "port": 8080,
        "minimum": 3,
        "maximum": 6,
        "healthPath": "/ready",
    }
    assert world.result["services"]["api"]["url"] is None


def test_a_preview_knows_all_it_can() -> None:
    """Nothing is declared inside an apply: a preview shows the same resources."""
    preview = declared(full(), preview=True)
    assert sorted(preview.names()) == sorted(declared(full()).names())
    assert preview.result["services"]["web"]["cluster"] == "caas-staging"


def test_two_declarations_are_equal(world: Recording) -> None:
    again = declared(full())
    assert {one.urn: one.inputs for one in again.resources} == {one.urn: one.inputs for one in world.resources}


def test_names_fit_their_limits() -> None:
    long = declared(environment({"a" * 40: service(ingress={"host": "a.example.com"})}))
    limits = {
        "aws:lb/loadBalancer:LoadBalancer": 32,
        "aws:lb/targetGroup:TargetGroup": 32,
        "aws:iam/role:Role": 64,
        "aws:s3/bucket:Bucket": 63,
    }
    for type_, limit in limits.items():
        for one in long.of(type_):
            name = one.inputs.get("name") or one.inputs["bucket"]
            assert 0 < len(name) <= limit, one.urn


def test_names_in_one_account_differ_by_environment() -> None:
    for type_ in ("aws:iam/role:Role", "aws:s3/bucket:Bucket", "aws:kms/alias:Alias", "aws:ecs/cluster:Cluster"):
        names = [
            {one.inputs.get("name") or one.inputs["bucket"] for one in declared(full(stack)).of(type_)}
            for stack in ("staging", "prod")
        ]
        assert names[0]
        assert not names[0] & names[1], type_
