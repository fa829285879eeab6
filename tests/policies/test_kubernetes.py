"""What the rules for Kubernetes say: where, and in which words."""

from __future__ import annotations

import pytest

from policies import kubernetes
from policies.pods import PODS
from policies.rule import UNKNOWN, Answer, Resource, Setting, Undecided, Violation
from tests.policies.fixtures import kubernetes_access as access
from tests.policies.fixtures import kubernetes_networks as networks
from tests.policies.fixtures import kubernetes_pods as pods
from tests.policies.fixtures import kubernetes_workloads as workloads
from tests.policies.workload import workload

RULES = {rule.id: rule for rule in kubernetes.RULES}
FIXTURES = {**pods.FIXTURES, **workloads.FIXTURES, **networks.FIXTURES, **access.FIXTURES}
POD, SHOP = "spec.template.spec", "spec.template.spec.containers[0]"


def said(rule: str, resource: Resource, setting: Setting | None = None) -> list[Answer]:
    return list(RULES[rule].check(resource, setting or Setting()))


def test_every_rule_has_its_fixture() -> None:
    assert set(FIXTURES) == set(RULES)


CASES: list[tuple[str, Resource, list[Answer]]] = [
    (
        "k8s-no-privileged",
        pods.secured(privileged=True),
        [Violation("container 'shop' runs privileged", f"{SHOP}.securityContext.privileged")],
    ),
    (
        "k8s-no-privilege-escalation",
        pods.secured(allowPrivilegeEscalation=None),
        [
            Violation(
                "container 'shop' may gain rights while it runs", f"{SHOP}.securityContext.allowPrivilegeEscalation"
            )
        ],
    ),
    (
        "k8s-non-root",
        pods.pod_secured(runAsNonRoot=False),
        [Violation("container 'shop' may run as root", f"{POD}.securityContext.runAsNonRoot")],
    ),
    (
        "k8s-non-root",
        pods.secured(runAsNonRoot=False),
        [Violation("container 'shop' may run as root", f"{SHOP}.securityContext.runAsNonRoot")],
    ),
    (
        "k8s-high-uid",
        pods.pod_secured(runAsUser=9999),
        [
            Violation(
                "container 'shop' runs as a user below 10000, or as whom its image names",
                f"{POD}.securityContext.runAsUser",
            )
        ],
    ),
    (
        "k8s-drop-capabilities",
        pods.secured(capabilities={"drop": [], "add": ["NET_BIND_SERVICE", "SYS_ADMIN"]}),
        [
            Violation(
                "container 'shop' keeps capabilities; it must drop ALL", f"{SHOP}.securityContext.capabilities.drop"
            ),
            Violation("container 'shop' adds the capability SYS_ADMIN", f"{SHOP}.securityContext.capabilities.add[1]"),
        ],
    ),
    (
        "k8s-no-host-path",
        workload(pod={"volumes": [{"name": "run", "hostPath": {"path": "/run"}}]}),
        [Violation("volume 'run' is the directory /run of the node", f"{POD}.volumes[0].hostPath")],
    ),
    (
        "k8s-no-host-port",
        workload({"ports": [{"hostPort": 80}]}),
        [Violation("container 'shop' takes port 80 of the node", f"{SHOP}.ports[0].hostPort")],
    ),
    (
        "k8s-probes",
        workload({"readinessProbe": None, "livenessProbe": UNKNOWN}),
        [
            Violation("container 'shop' has no readinessProbe", f"{SHOP}.readinessProbe"),
            Undecided(f"{SHOP}.livenessProbe"),
        ],
    ),
    (
        "k8s-probes-not-identical",
        workload({"readinessProbe": {"tcpSocket": {"port": 8080}}}),
        [
            Violation(
                "container 'shop' is restarted for the same answer that takes it out of traffic",
                f"{SHOP}.livenessProbe.tcpSocket",
            )
        ],
    ),
    (
        "k8s-resources",
        workload({"resources": {"limits": None}}),
        [Violation("container 'shop' has no memory in its limits", f"{SHOP}.resources.limits.memory")],
    ),
    (
        "k8s-ingress-tls",
        networks.ingress("shop.example.com", None),
        [
            Violation("shop.example.com is served without TLS", "spec.rules[0].host"),
            Violation("every host is served without TLS", "spec.rules[1].host"),
        ],
    ),
    (
        "k8s-network-policy-closed",
        networks.policy(ingress=[{}], egress=[{"to": []}]),
        [
            Violation("the policy admits everybody", "spec.ingress[0].from"),
            Violation("the policy lets pods call anywhere", "spec.egress[0].to"),
        ],
    ),
    (
        "k8s-no-wildcard-role",
        access.role(verbs=["*"]),
        [Violation("the role holds for all verbs", "rules[0].verbs[0]")],
    ),
    (
        "k8s-no-escalating-role",
        access.role(verbs=["get", "bind"]),
        [Violation("the role may bind: whoever has it can have every other", "rules[0].verbs[1]")],
    ),
    (
        "k8s-no-binding-for-everybody",
        access.binding(subject="system:anonymous"),
        [Violation("it gives the role to system:anonymous, which is everybody", "subjects[1].name")],
    ),
    (
        "k8s-no-service-account-token",
        access.account(True),
        [Violation("every pod of this account gets a token for the Kubernetes API", "automountServiceAccountToken")],
    ),
]


@pytest.mark.parametrize(
    ("rule", "resource", "answers"), CASES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_rule_says_where_and_what(rule: str, resource: Resource, answers: list[Answer]) -> None:
    assert said(rule, resource) == answers


def test_an_unknown_container_does_not_hide_a_known_one() -> None:
    resource = workload({"securityContext": {"privileged": True}}, pod={"initContainers": UNKNOWN})
    assert said("k8s-no-privileged", resource) == [
        Undecided(f"{POD}.initContainers.securityContext.privileged"),
        Violation("container 'shop' runs privileged", f"{SHOP}.securityContext.privileged"),
    ]


@pytest.mark.parametrize("type_", PODS)
def test_a_pod_is_found_wherever_one_can_be_declared(type_: str) -> None:
    (answer,) = said("k8s-no-privileged", workload({"securityContext": {"privileged": True}}, type_=type_))
    inside = ".".join(str(step) for step in PODS[type_])
    path = f"{inside}.containers[0].securityContext.privileged"
    assert answer == Violation("container 'shop' runs privileged", path)


def test_a_limit_on_cpu_is_asked_for_where_the_rule_is_told_so() -> None:
    asked = Setting(options={"cpuLimit": True})
    path = f"{SHOP}.resources.limits.cpu"
    assert said("k8s-resources", workload(), asked) == [Violation("container 'shop' has no cpu in its limits", path)]
    assert said("k8s-resources", workload({"resources": {"limits": {"cpu": "1"}}}), asked) == []


def test_dev_may_serve_plain_http() -> None:
    plain = networks.ingress("shop.example.com")
    assert said("k8s-ingress-tls", plain, Setting(tier="dev")) == []
    assert len(said("k8s-ingress-tls", plain, Setting(tier="staging"))) == 1
