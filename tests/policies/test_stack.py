"""What the rules over a whole stack say: about which resource, where, and in which words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from policies import stack
from policies.pod_selectors import selects
from policies.rule import UNKNOWN, Answer, Resource, Setting, Undecided, Violation
from policies.stack import alerts
from policies.stack.services import NAME
from tests.policies.fixtures import stack_access as access
from tests.policies.fixtures import stack_exposure as exposure
from tests.policies.fixtures import stack_services as services
from tests.policies.fixtures import stack_workloads as workloads
from tests.policies.workload import LABELS, workload

RULES = {rule.id: rule for rule in stack.STACK_RULES}


def said(rule: str, *resources: Resource, setting: Setting | None = None) -> list[tuple[str, Answer]]:
    answers = RULES[rule].check(resources, setting or Setting())
    return [(about.name if about is not None else "", answer) for about, answer in answers]


def test_every_rule_has_its_fixture() -> None:
    found = [access.STACK_FIXTURES, exposure.STACK_FIXTURES, services.STACK_FIXTURES, workloads.STACK_FIXTURES]
    assert sorted(id_ for fixtures in found for id_ in fixtures) == sorted(RULES)


FEW = "it may run as fewer than 2 instances: while one is replaced, nobody answers"

CASES: list[tuple[str, tuple[Resource, ...], list[tuple[str, Answer]]]] = [
    (
        "k8s-disruption-budget",
        (workloads.several(),),
        [("shop", Violation("no disruption budget holds for its pods: a drain may take all of them at once"))],
    ),
    (
        "k8s-disruption-budget-minimum",
        (workload(), workloads.autoscaler(2), workloads.budget(minAvailable="100%")),
        [
            (
                "budget",
                Violation(
                    "it keeps 100% available, and there are 2 instances when load is low: none may go",
                    "spec.minAvailable",
                ),
            )
        ],
    ),
    (
        "several-instances",
        (workloads.several(1), workloads.ecs(UNKNOWN), workloads.group(1)),
        [
            (
                "shop",
                Violation(
                    "it may run as fewer than 2 instances: while one is replaced, nobody answers", "spec.replicas"
                ),
            ),
            ("shop", Undecided("desiredCount")),
            (
                "shop",
                Violation(
                    "it may run as fewer than 2 instances: while one is replaced, nobody answers",
                    "elasticProfile.desiredCount",
                ),
            ),
        ],
    ),
    (
        "k8s-autoscaler-owns-replicas",
        (workloads.several(), workloads.autoscaler()),
        [("shop", Violation("it declares its count, which the autoscaler autoscaler decides", "spec.replicas"))],
    ),
    (
        "autoscaler-target",
        (workloads.autoscaler(), workloads.target()),
        [
            ("autoscaler", Violation("nothing in this stack is what it scales", "spec.scaleTargetRef.name")),
            ("scaling", Violation("nothing in this stack is what it scales", "resourceId")),
        ],
    ),
    ("k8s-network-policy", (workload(),), [("shop", Violation("no network policy selects its pods"))]),
    (
        "k8s-default-deny",
        (access.space(),),
        [
            (
                "namespace",
                Violation("no network policy closes it to all pods, in both directions", "metadata.name"),
            )
        ],
    ),
    (
        "unused-security-group",
        (access.group(),),
        [("shop", Violation("no instance, load balancer or endpoint of this stack is in it"))],
    ),
    (
        "public-path-tls",
        (exposure.listener("HTTP", exposure.FORWARD), exposure.gateway(exposure.HTTP), exposure.route()),
        [
            (
                "http",
                Violation("the public listener http forwards plain HTTP to a container", "defaultActions[0].type"),
            ),
            ("route", Violation("the route leads from a plain HTTP listener to a container", "spec.parentRefs[0]")),
        ],
    ),
    (
        "public-path-tls",
        (exposure.azure("Http"),),
        [
            (
                "front",
                Violation("the listener shop leads plain HTTP to a container", "requestRoutingRules[0].httpListener"),
            )
        ],
    ),
    (
        "public-database",
        (exposure.ingress_rule(3306, 5432), exposure.azure_rule(), exposure.database(True)),
        [
            ("in", Violation("the world may connect to the ports of MySQL, PostgreSQL")),
            ("rules", Violation("the world may connect to the ports of PostgreSQL", "securityRules[0]")),
            ("db", Violation("the database has an address on the internet", "publiclyAccessible")),
        ],
    ),
    (
        "service-rollback-alarm",
        (services.service({}),),
        [("shop", Violation("no alarm takes a bad version back", "alarms"))],
    ),
    (
        "service-slo-alert",
        (services.service(), services.alarm()),
        [("shop", Violation("no alarm looks at its latency", "alarms.alarmNames"))],
    ),
    (
        "service-log-shipping",
        (services.task(), services.azure(None), services.gke()),
        [
            (
                "shop",
                Violation(
                    "container 'shop' logs to /shop, which this stack does not declare",
                    "containerDefinitions[0].logConfiguration",
                ),
            ),
            ("shop", Violation("its logs go nowhere", "diagnostics.logAnalytics")),
            ("gke", Violation("the logs of its workloads go nowhere", "loggingConfig.enableComponents")),
        ],
    ),
    (
        "slo-agreement",
        (services.service(bake="1"), services.alarm(), services.alarm("other", threshold=2)),
        [
            (
                "shop",
                Violation(
                    "the old version is kept for 1 minutes, and the alarm shop-errors needs 120 seconds",
                    "deploymentConfiguration.bakeTimeInMinutes",
                ),
            ),
            (
                "shop",
                Violation("shop-errors and other look at the same errors, above 1 and above 2", "alarms.alarmNames"),
            ),
        ],
    ),
]


@pytest.mark.parametrize(("rule", "resources", "answers"), CASES)
def test_a_rule_says_of_which_resource_where_and_what(
    rule: str, resources: tuple[Resource, ...], answers: list[tuple[str, Answer]]
) -> None:
    assert said(rule, *resources) == answers


@pytest.mark.parametrize("rule", ["several-instances", "public-path-tls"])
def test_dev_may_do_with_less(rule: str) -> None:
    fixtures = {**workloads.STACK_FIXTURES, **exposure.STACK_FIXTURES}
    for resources in fixtures[rule].refused:
        assert said(rule, *resources, setting=Setting(tier="dev")) == []
        assert said(rule, *resources, setting=Setting(tier="staging")) != []


@pytest.mark.parametrize("rule", ["service-rollback-alarm", "service-slo-alert", "service-log-shipping"])
def test_what_is_asked_for_on_which_platform_is_data(rule: str) -> None:
    asked = Setting(options={"platforms": []})
    for resources in services.STACK_FIXTURES[rule].refused:
        assert said(rule, *resources, setting=asked) == []


GOOGLE = Resource(alerts.GOOGLE_RULES, "rules", {"metadata": {"labels": {NAME: "shop"}}}, "urn:rules")
LEFT_OUT = [("shop", Violation("no Rules alert on its objective"))]


def test_on_gke_rules_are_asked_for_where_google_s_prometheus_watches() -> None:
    other = replace(GOOGLE, properties={"metadata": {"labels": {NAME: "other"}}})
    on_gke = Setting(options={"platforms": ["gke"], "everywhere": True})
    assert said("service-slo-alert", workload(), GOOGLE) == []
    assert said("service-slo-alert", workload(), other) == LEFT_OUT
    assert said("service-slo-alert", workload()) == []
    filled = Setting(options={"platforms": ["aws-ecs", "azure-aci", "gke"], "everywhere": False})
    assert said("service-slo-alert", workload(), setting=filled) == [], "the engine fills defaults in"
    assert said("service-slo-alert", workload(), setting=on_gke) == LEFT_OUT
    assert said("service-slo-alert", workload(), GOOGLE, setting=on_gke) == []


def test_on_azure_rules_are_asked_for_where_its_prometheus_watches() -> None:
    missing = [("shop", Violation("no rules alert on its objective", "containers"))]
    on_azure = Setting(options={"platforms": ["azure-aci"], "everywhere": True})
    assert said("service-slo-alert", services.group()) == []
    assert said("service-slo-alert", services.group(), services.AZURE) == missing
    assert said("service-slo-alert", services.group(), setting=on_azure) == missing


def test_on_ecs_also_a_service_that_the_world_does_not_see_has_rules() -> None:
    inside = services.service({}, loadBalancers=[], name="shop")
    missing = [("shop", Violation("no rules alert on its objective"))]
    assert said("service-slo-alert", inside) == []
    assert said("service-slo-alert", inside, services.AMAZON) == missing
    assert said("service-slo-alert", inside, services.AMAZON, services.amazon_rules("shop")) == []


def test_an_alert_on_kubernetes_is_not_asked_for_yet() -> None:
    assert said("service-slo-alert", workload()) == []
    on_kubernetes = Setting(options={"platforms": ["kubernetes"]})
    assert said("service-slo-alert", workload(), setting=on_kubernetes) == [
        ("shop", Violation("no PrometheusRule alerts on its objective"))
    ]


IN = {"key": "tier", "operator": "In", "values": ["web", "api"]}
NOT_IN = {**IN, "operator": "NotIn"}


@pytest.mark.parametrize(
    ("selector", "labels", "found"),
    [
        (None, LABELS, False),
        ({}, LABELS, True),
        ({}, None, True),
        ({"matchLabels": LABELS}, LABELS, True),
        ({"matchLabels": LABELS}, None, False),
        ({"matchLabels": LABELS}, {**LABELS, "other": UNKNOWN}, True),
        ({"matchLabels": LABELS}, {key: UNKNOWN for key in LABELS}, UNKNOWN),
        ({"matchLabels": {**LABELS, "tier": "web"}}, {**{key: UNKNOWN for key in LABELS}, "tier": "api"}, False),
        ({"matchLabels": {**LABELS, "tier": "web"}}, LABELS, False),
        ({"matchLabels": LABELS}, UNKNOWN, UNKNOWN),
        ({"matchLabels": UNKNOWN}, LABELS, UNKNOWN),
        ({"matchExpressions": [IN]}, {"tier": "web"}, True),
        ({"matchExpressions": [IN]}, {"tier": "db"}, False),
        ({"matchExpressions": [IN]}, {"tier": UNKNOWN}, UNKNOWN),
        ({"matchExpressions": [IN]}, {}, False),
        ({"matchExpressions": [NOT_IN]}, {"tier": "web"}, False),
        ({"matchExpressions": [NOT_IN]}, {}, True),
        ({"matchExpressions": [{"key": "tier", "operator": "Exists"}]}, {"tier": UNKNOWN}, True),
        ({"matchExpressions": [{"key": "tier", "operator": "Exists"}]}, {}, False),
        ({"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}, {}, True),
        ({"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}, {"tier": "web"}, False),
        ({"matchExpressions": [{"key": 5, "operator": "DoesNotExist"}]}, {}, False),
    ],
)
def test_a_selector_finds_what_kubernetes_would(selector: Any, labels: Any, found: Any) -> None:
    assert selects(selector, labels) is found
