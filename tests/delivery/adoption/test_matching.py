"""Which resource of Terraform's is which of a stack's, and by what id it is imported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from delivery.adoption.kinds import KINDS, camel
from delivery.adoption.matching import Match, Planned, Wish, adoptable, match, refuse
from delivery.adoption.states import Made
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
GROUP = "aws:cloudwatch/logGroup:LogGroup"
RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"


def planned(token: str, called: str, /, **inputs: Any) -> Planned:
    return Planned(f"urn:pulumi:prod::shop::caas:aws:Service${token}::{called}", token, inputs)


def log(address: str, name: str) -> Made:
    return Made(f"aws_cloudwatch_log_group.{address}", "aws_cloudwatch_log_group", {"name": name})


def found(made: Sequence[Made], stack: Sequence[Planned], wish: Wish = Wish()) -> dict[str, tuple[str, str]]:  # noqa: B008 - frozen
    matches = match(made, stack, wish)
    assert len({one.urn for one in matches}) == len(matches)
    return {one.address: (one.urn.rpartition("::")[2], one.id) for one in matches}


def test_the_same_name_is_the_same_resource() -> None:
    stack = [planned(GROUP, "web", name="/shop/web"), planned(GROUP, "jobs", name="/shop/jobs")]
    made = [log("jobs", "/shop/jobs"), log("web", "/shop/web"), log("other", "/other")]
    assert found(made, stack) == {
        "aws_cloudwatch_log_group.jobs": ("jobs", "/shop/jobs"),
        "aws_cloudwatch_log_group.web": ("web", "/shop/web"),
    }


def rule(address: str, group: str, port: int | None) -> Made:
    attributes = {"id": f"sgr-{address}", "security_group_id": group, "from_port": port, "to_port": port}
    return Made(
        f"aws_vpc_security_group_ingress_rule.{address}",
        "aws_vpc_security_group_ingress_rule",
        # Terraform keeps an empty text where nothing was given.
        {**attributes, "cidr_ipv4": "", "prefix_list_id": None},
    )


def test_what_hangs_on_something_unknown_waits() -> None:
    made = [rule("a", "sg-1", 80), rule("b", "sg-2", 80)]
    waiting = [planned(RULE, name, securityGroupId=UNKNOWN, fromPort=80, toPort=80.0) for name in ("web", "jobs")]
    assert found(made, waiting) == {}
    ready = [planned(RULE, "web", securityGroupId="sg-2", fromPort=80, toPort=80.0), waiting[1]]
    assert found(made, ready) == {
        "aws_vpc_security_group_ingress_rule.b": ("web", "sgr-b"),
        "aws_vpc_security_group_ingress_rule.a": ("jobs", "sgr-a"),
    }


def test_one_of_a_kind_is_known_by_its_kind() -> None:
    gateway = Made("aws_internet_gateway.it", "aws_internet_gateway", {"id": "igw-1"})
    token = KINDS["aws_internet_gateway"].token
    assert found([gateway], [planned(token, "gateway")]) == {gateway.address: ("gateway", "igw-1")}
    assert found([gateway], [planned(token, "gateway"), planned(token, "other")]) == {}
    twin = Made("aws_internet_gateway.twin", "aws_internet_gateway", {"id": "igw-2"})
    assert found([gateway, twin], [planned(token, "gateway")]) == {}, "either could be it"


def test_what_a_person_says_counts_first() -> None:
    stack = [planned(GROUP, "web", name="/shop/web"), planned(GROUP, "jobs", name="/shop/jobs")]
    made = [log("web", "/shop/web"), log("old", "/old")]
    wish = Wish(maps={"aws_cloudwatch_log_group.old": "web"}, ids={stack[1].urn: "/by/hand"})
    assert match(made, stack, wish) == [
        Match("", stack[1].urn, "/by/hand"),
        Match("aws_cloudwatch_log_group.old", stack[0].urn, "/old"),
    ]


def test_what_stays() -> None:
    made = [
        log("web", "/shop/web"),
        Made("aws_route53_record.www", "aws_route53_record", {}),
        Made("module.net.aws_vpc.it", "aws_vpc", {}),
        Made("module.net[0].aws_vpc.it", "aws_vpc", {}),
        Made("module.network.aws_vpc.it", "aws_vpc", {}),
    ]
    left = Wish(leaves=("module.net",))
    assert [one.address for one in adoptable(made, left)] == [
        "aws_cloudwatch_log_group.web",
        "module.network.aws_vpc.it",
    ]


def test_everything_that_is_not_found_is_said_at_once() -> None:
    stack = [
        planned(GROUP, "web", name="/shop/web"),
        planned(RULE, "in", securityGroupId=UNKNOWN),
        planned(RULE, "from", securityGroupId=UNKNOWN),
    ]
    made = [
        log("other", "/other"),
        rule("a", "sg-1", None),
        Made("aws_lb.it", "aws_lb", {"name": "shop", "arn": "arn:lb"}),
        log("mapped", "/mapped"),
    ]
    wish = Wish(maps={"aws_cloudwatch_log_group.mapped": "nothing"}, ids={"absent": "x"})
    with pytest.raises(DeliveryError) as caught:
        refuse(made, stack, wish, "prod")
    assert caught.value.code is Exit.BAD_INPUT
    assert caught.value.message.startswith(
        "5 of what was made elsewhere could not be found in what stack 'prod' declares"
    )
    assert caught.value.details == (
        "aws_cloudwatch_log_group.other: web differs (name '/other', not '/shop/web')",
        "aws_vpc_security_group_ingress_rule.a: could be from or in",
        "aws_lb.it: the stack declares no further aws:lb/loadBalancer:LoadBalancer",
        "aws_cloudwatch_log_group.mapped: --map names nothing, and the stack declares no one resource of that name "
        "(web)",
        "--id absent: stack prod declares nothing new of this name",
    )
    assert "--map ADDRESS=RESOURCE" in caught.value.line
    assert "--leave ADDRESS" in caught.value.line
    refuse([], stack, Wish(), "prod")


def test_a_map_onto_another_type() -> None:
    with pytest.raises(DeliveryError, match=r"aws_lb\.it is a aws:lb/.*, and web a aws:cloudwatch/"):
        match([Made("aws_lb.it", "aws_lb", {})], [planned(GROUP, "web")], Wish(maps={"aws_lb.it": "web"}))


def test_a_state_without_what_is_imported_by() -> None:
    made = Made("aws_security_group.it", "aws_security_group", {"name": "web"})
    with pytest.raises(DeliveryError, match=r"aws_security_group\.it has not what it is imported by \(\{id\}\)"):
        match([made], [planned(KINDS["aws_security_group"].token, "web", name="web")], Wish())


SERVICE_ARN = "arn:aws:ecs:eu-central-1:123456789012:cluster/shop"
SCALED = {
    "service_namespace": "ecs",
    "resource_id": "service/shop/web",
    "scalable_dimension": "ecs:service:DesiredCount",
    "name": "cpu",
}
IDS: list[tuple[str, dict[str, Any], str]] = [
    ("aws_ecs_cluster", {"id": "arn:x", "name": "shop"}, "shop"),
    ("aws_ecs_service", {"cluster": SERVICE_ARN, "name": "web"}, "shop/web"),
    ("aws_ecs_task_definition", {"id": "web", "arn": "arn:task:3"}, "arn:task:3"),
    ("aws_appautoscaling_target", SCALED, "ecs/service/shop/web/ecs:service:DesiredCount"),
    ("aws_appautoscaling_policy", SCALED, "ecs/service/shop/web/ecs:service:DesiredCount/cpu"),
    ("aws_iam_role_policy", {"role": "web", "name": "logs"}, "web:logs"),
    ("aws_iam_role_policy_attachment", {"role": "web", "policy_arn": "arn:p"}, "web/arn:p"),
    ("aws_cloudwatch_log_group", {"name": "/shop/web"}, "/shop/web"),
    (
        "google_container_cluster",
        {"project": "p", "location": "l", "name": "c"},
        "projects/p/locations/l/clusters/c",
    ),
    (
        "google_container_node_pool",
        {"project": "p", "location": "l", "cluster": "projects/p/locations/l/clusters/c", "name": "main"},
        "projects/p/locations/l/clusters/c/nodePools/main",
    ),
    ("google_service_account", {"project": "p", "email": "a@p.iam"}, "projects/p/serviceAccounts/a@p.iam"),
    ("google_compute_router_nat", {"project": "p", "region": "r", "router": "ro", "name": "n"}, "p/r/ro/n"),
    ("kubernetes_deployment", {"metadata": [{"namespace": "shop", "name": "web"}]}, "shop/web"),
    ("kubernetes_horizontal_pod_autoscaler_v2", {"metadata": [{"namespace": "shop", "name": "web"}]}, "shop/web"),
    ("kubernetes_namespace_v1", {"metadata": [{"name": "shop"}]}, "shop"),
]


@pytest.mark.parametrize(("type_", "attributes", "expected"), IDS, ids=[one[0] for one in IDS])
def test_ids_are_written_as_the_provider_takes_them(type_: str, attributes: dict[str, Any], expected: str) -> None:
    assert KINDS[type_].identified(attributes) == expected
    assert KINDS[type_].identified({}) is None


def test_what_is_in_a_cluster_is_known_by_name_and_namespace() -> None:
    token = "kubernetes:apps/v1:Deployment"
    made = Made(
        "kubernetes_deployment_v1.web", "kubernetes_deployment_v1", {"metadata": [{"namespace": "b", "name": "web"}]}
    )
    stack = [planned(token, f"web-{space}", metadata={"namespace": space, "name": "web"}) for space in ("a", "b")]
    assert found([made], stack) == {made.address: ("web-b", "b/web")}
    # A cluster that is to be made first lets nothing of it be known.
    assert found([made], [planned(token, "one", metadata=UNKNOWN), planned(token, "two", metadata=UNKNOWN)]) == {}


def test_names_in_both_languages() -> None:
    assert camel("metadata.0.cluster_name") == "metadata.clusterName"
    assert camel("cidr_ipv4") == "cidrIpv4"
