"""What watches an environment on Kubernetes: what is declared, in what order, and whether one finds the other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components import platform
from components.kubernetes.monitoring_dashboards import LIMIT
from components.kubernetes.monitoring_objects import marks
from components.monitoring import alertmanager
from components.spec import SpecError
from components.spec.monitoring import Receivers
from policies.rule import Resource
from policies.stack.burn_rates import disagreements
from tests.components.recorder import Declared, Recording, record
from tests.components.worlds import environment, service

KIND = "kubernetes:monitoring.coreos.com/v1:"
URL = "https://hooks.example.com/marker-71ac"
TOLD = {"receivers": {"webhook": {"url": "chat"}}}
SECRETS = ("chat", "pager", "mail", "alive", "token")


def declared(monitoring: dict[str, Any], stack: str = "staging", **settings: Any) -> Recording:
    services = settings.pop("services", None)
    described = environment(services, secrets=SECRETS, stack=stack, monitoring=monitoring, **settings)

    def program() -> Any:
        import pulumi

        values = {key: pulumi.Output.secret(f"{URL}-{key}") for key in SECRETS}
        return platform.declare(described, values)

    return record(program)


def custom(recording: Recording, kind: str, name: str | None = None) -> Declared:
    return recording.one(f"{KIND}{kind}", name)


def test_what_prometheus_selects_is_what_the_services_carry() -> None:
    recording = declared(TOLD)
    spec = custom(recording, "Prometheus").inputs["spec"]
    (names,) = spec["podMonitorNamespaceSelector"]["matchExpressions"]
    assert names["values"] == ["caas-staging", "caas-staging-monitoring"]
    for kind, selector in (("PodMonitor", "podMonitorSelector"), ("PrometheusRule", "ruleSelector")):
        made = custom(recording, kind).inputs["metadata"]
        assert made["namespace"] == "caas-staging"
        assert spec[selector]["matchLabels"].items() <= made["labels"].items()
    counts = recording.one("kubernetes:monitoring.coreos.com/v1alpha1:ScrapeConfig").inputs["metadata"]
    assert spec["scrapeConfigSelector"]["matchLabels"].items() <= counts["labels"].items()


def test_a_monitor_reads_every_instance_at_its_metrics() -> None:
    recording = declared(TOLD)
    spec = custom(recording, "PodMonitor").inputs["spec"]
    pods = recording.one("kubernetes:apps/v1:Deployment").inputs["spec"]["template"]
    assert spec["selector"]["matchLabels"].items() <= pods["metadata"]["labels"].items()
    (endpoint,) = spec["podMetricsEndpoints"]
    assert endpoint == {"port": "http", "path": "/metrics", "interval": "30s", "scrapeTimeout": "10s"}
    (container,) = pods["spec"]["containers"]
    assert [port["name"] for port in container["ports"]] == ["http"]


def test_the_rules_are_the_objectives_and_name_the_deployment_before() -> None:
    groups = custom(declared(TOLD), "PrometheusRule").inputs["spec"]["groups"]
    alerts = [rule for group in groups for rule in group["rules"] if "alert" in rule]
    assert {rule["alert"] for rule in alerts} == {
        "ServiceFailsTooOften",
        "ServiceAnswersTooSlowly",
        "ServiceDown",
        "ServiceNotScraped",
        "ServiceMetricsMissing",
    }
    assert {rule["labels"]["owner"] for rule in alerts} == {"owners"}
    assert all(
        rule["annotations"]["deployment"].startswith("registry.example.com/team/thing@sha256:") for rule in alerts
    )


@pytest.mark.parametrize("slo", [{}, {"availability": 90}, {"availability": 99.5, "latency": {"percentile": 50}}])
def test_the_policy_finds_that_the_alerts_agree(slo: dict[str, Any]) -> None:
    recording = declared(TOLD, services={"web": service(slo=slo)})
    made = custom(recording, "PrometheusRule")
    assert list(disagreements(Resource(made.type, made.name, made.inputs, made.urn))) == []


def test_links_lead_where_the_environment_says() -> None:
    links = {"grafana": "https://g.example.com/", "logs": "https://k.example.com", "runbooks": "https://r.example.com"}
    groups = custom(declared({**TOLD, **links}), "PrometheusRule").inputs["spec"]["groups"]
    said = next(rule["annotations"] for rule in groups[0]["rules"] if "alert" in rule)
    assert said["dashboard_url"] == "https://g.example.com/d/caas-caas-staging-web-service"
    query = "service.environment%3A%22staging%22%20and%20service.name%3A%22web%22"
    assert said["logs_url"] == f"https://k.example.com/app/discover#/?_a=(query:(language:kuery,query:'{query}'))"
    assert said["runbook_url"] == "https://r.example.com/ServiceFailsTooOften.md"


def test_an_alert_leads_to_the_search_that_was_brought_to_kibana() -> None:
    logging = {
        "agent": "registry.example.com/team/collector@sha256:" + "c" * 64,
        "elasticsearch": "https://e.example.com",
        "apiKey": SECRETS[0],
        "kibana": "https://k.example.com",
    }
    described = declared(TOLD, logging=logging)
    groups = custom(described, "PrometheusRule").inputs["spec"]["groups"]
    said = next(rule["annotations"] for rule in groups[0]["rules"] if "alert" in rule)
    assert said["logs_url"].startswith("https://k.example.com/app/discover#/view/caas-logs-staging-deployment?_a=")
    assert "service.name%3A%22web%22" in said["logs_url"]


def test_no_secret_stands_in_the_configuration_and_every_file_has_its_own() -> None:
    receivers = {
        "slack": {"webhook": "chat", "channel": "#alerts"},
        "pagerDuty": {"key": "pager"},
        "email": {
            "to": ["team@example.com"],
            "sender": "caas@example.com",
            "smarthost": "mail.example.com:587",
            "username": "caas",
            "password": "mail",
        },
        "webhook": {"url": "chat"},
        "deadMansSwitch": "alive",
    }
    recording = declared(
        {"receivers": receivers}, "prod", services={"web": service(scaling={"minimum": 3, "maximum": 4})}
    )
    text = recording.one("kubernetes:core/v1:Secret", "monitoring-alertmanager-config").inputs["stringData"]
    config = json.loads(text["alertmanager.yaml"])
    assert "marker" not in text["alertmanager.yaml"]
    files = recording.one("kubernetes:core/v1:Secret", "monitoring-receivers")
    assert sorted(files.inputs["stringData"]) == ["dead-mans-switch", "email", "pagerduty", "slack", "webhook"]
    assert files.inputs["stringData"]["pagerduty"] == f"{URL}-pager"
    assert any(path.startswith("stringData") for path in files.secret_paths)
    named = {word.rsplit("/", 1)[-1] for word in json.dumps(config).split('"') if word.startswith(alertmanager.FILES)}
    assert named == set(files.inputs["stringData"])
    assert custom(recording, "Alertmanager").inputs["spec"]["secrets"] == ["receivers"]
    assert (
        custom(recording, "PrometheusRule", "monitoring-switch").inputs["spec"]["groups"][0]["rules"][0]["alert"]
        == "Watchdog"
    )


def test_a_page_wakes_and_a_ticket_waits() -> None:
    told = Receivers.model_validate(
        {
            "pagerDuty": {"key": "pager"},
            "email": {"to": ("a@example.com",), "sender": "b@example.com", "smarthost": "mail:25"},
            "deadMansSwitch": "alive",
        }
    )
    config = alertmanager.configuration(told, "receivers")
    by_name = {one["name"]: one for one in config["receivers"]}
    assert set(by_name) == {"page", "ticket", "dead-mans-switch"}
    assert set(by_name["page"]) == {"name", "pagerduty_configs"}
    assert set(by_name["ticket"]) == {"name", "email_configs"}
    assert [route["receiver"] for route in config["route"]["routes"]] == ["dead-mans-switch", "page", "ticket"]
    assert config["route"]["receiver"] == "page"
    assert config["route"]["group_by"] == ["project", "environment", "service", "alertname"]
    assert config["inhibit_rules"][0] == {
        "source_matchers": ['severity="page"'],
        "target_matchers": ['severity="ticket"'],
        "equal": ["project", "environment", "service", "slo"],
    }


def test_a_severity_that_nobody_asked_for_is_told_to_everybody() -> None:
    config = alertmanager.configuration(Receivers.model_validate({"pagerDuty": {"key": "pager"}}), "receivers")
    assert [set(one) for one in config["receivers"]] == [{"name", "pagerduty_configs"}] * 2


def test_without_a_receiver_there_is_no_alertmanager_that_swallows_alerts() -> None:
    recording = declared({}, "dev")
    assert recording.of(f"{KIND}Alertmanager") == []
    assert "alerting" not in custom(recording, "Prometheus").inputs["spec"]
    with pytest.raises(ValueError, match="nobody is told"):
        alertmanager.configuration(Receivers(), "receivers")


@pytest.mark.parametrize("receivers", [{}, {"webhook": {"url": "chat", "severities": ["ticket"]}}])
def test_prod_refuses_to_wake_nobody(receivers: dict[str, Any]) -> None:
    services = {"web": service(scaling={"minimum": 3, "maximum": 4})}
    with pytest.raises(SpecError, match=r"required in prod: at least one of slack, pagerDuty, email, webhook"):
        environment(services, stack="prod", secrets=SECRETS, monitoring={"receivers": receivers})


@pytest.mark.parametrize(
    ("stack", "retention", "storage"),
    [
        ("dev", "7d", {"emptyDir": {"sizeLimit": "2Gi"}}),
        ("staging", "15d", "10Gi"),
    ],
)
def test_how_long_metrics_are_kept_follows_the_tier(stack: str, retention: str, storage: Any) -> None:
    spec = custom(declared(TOLD, stack), "Prometheus").inputs["spec"]
    assert spec["retention"] == retention
    claim = spec["storage"].get("volumeClaimTemplate")
    assert (claim["spec"]["resources"]["requests"]["storage"] if claim else spec["storage"]) == storage


def test_the_operator_comes_before_whatever_is_of_its_kinds() -> None:
    recording = declared({**TOLD, "operator": "install"})
    release = recording.one("kubernetes:helm.sh/v3:Release")
    assert (release.inputs["chart"], release.inputs["version"]) == ("kube-prometheus-stack", "77.0.0")
    assert release.inputs["values"]["prometheus"] == {"enabled": False}
    of_its_kinds = [one for one in recording.resources if one.type.startswith("kubernetes:monitoring.coreos.com/")]
    assert {one.type.rpartition(":")[2] for one in of_its_kinds} >= {"Prometheus", "Alertmanager", "PodMonitor"}
    assert [one.name for one in of_its_kinds if release.urn not in one.depends_on] == []


def test_prometheus_may_find_pods_in_the_services_namespace_and_nothing_else() -> None:
    recording = declared(TOLD)
    role = recording.one("kubernetes:rbac.authorization.k8s.io/v1:Role", "monitoring-watched-role").inputs
    assert role["metadata"]["namespace"] == "caas-staging"
    assert role["rules"] == [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}]
    for binding in recording.of("kubernetes:rbac.authorization.k8s.io/v1:RoleBinding"):
        assert binding.inputs["subjects"] == [
            {"kind": "ServiceAccount", "name": "prometheus", "namespace": "caas-staging-monitoring"}
        ]
    assert recording.of("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole") == []


def test_prometheus_may_find_alertmanager_beside_it() -> None:
    """Without this right it tells nobody, and says so only in its log."""
    recording = declared(TOLD)
    role = recording.one("kubernetes:rbac.authorization.k8s.io/v1:Role", "monitoring-own-role").inputs
    assert role["metadata"]["namespace"] == "caas-staging-monitoring"
    assert {name for rule in role["rules"] for name in rule["resources"]} == {"pods", "services", "endpointslices"}
    assert custom(recording, "Prometheus").inputs["spec"]["serviceDiscoveryRole"] == "EndpointSlice"


def test_only_that_prometheus_reads_the_services() -> None:
    recording = declared(TOLD)
    policy = recording.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", "web-policy").inputs["spec"]
    assert {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "caas-staging-monitoring"}},
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "prometheus"}},
    } in policy["ingress"][0]["from"]
    own = recording.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", "monitoring-alertmanager-policy").inputs[
        "spec"
    ]
    assert own["ingress"][0]["from"] == [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "prometheus"}}}]


def test_with_a_prometheus_that_exists_only_what_it_reads_is_declared() -> None:
    labels = {"release": "kube-prometheus-stack"}
    recording = declared({"prometheus": "existing", "labels": labels})
    kinds = {one.type.rpartition(":")[2] for one in recording.resources if one.type.startswith("kubernetes:monitoring")}
    assert kinds == {"PodMonitor", "PrometheusRule"}
    for kind in kinds:
        assert labels.items() <= custom(recording, kind).inputs["metadata"]["labels"].items()


def test_a_service_without_metrics_is_not_watched() -> None:
    recording = declared(TOLD, services={"web": {**service(), "metricsPath": None}})
    assert recording.of(f"{KIND}PodMonitor") == []


def test_remote_write_takes_its_token_from_a_secret() -> None:
    write = {"url": "https://metrics.example.com/api/v1/write", "token": "token"}
    recording = declared({**TOLD, "remoteWrite": write})
    (made,) = custom(recording, "Prometheus").inputs["spec"]["remoteWrite"]
    assert made["authorization"] == {"credentials": {"name": "remote-write", "key": "token"}}
    secret = recording.one("kubernetes:core/v1:Secret", "monitoring-remote-write")
    assert secret.inputs["stringData"] == {"token": f"{URL}-token"}


def test_the_marks_of_two_environments_differ() -> None:
    assert marks(environment(stack="staging")) != marks(environment(stack="dev"))


CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
INSTALLED: dict[str, Any] = {**TOLD, "operator": "install", "dashboards": {"grafana": "install", "password": "pager"}}


def shown(recording: Recording, label: str = "grafana_dashboard") -> dict[str, Declared]:
    """The ConfigMaps that Grafana's sidecar finds by a label, by their names."""
    every = [one.inputs["metadata"] | {"made": one} for one in recording.of(CONFIG_MAP)]
    return {one["name"]: one["made"] for one in every if one["labels"].get(label) == "1"}


def test_the_dashboards_stand_where_grafanas_sidecar_finds_them() -> None:
    found = shown(declared(TOLD))
    assert set(found) == {
        "caas-caas-staging-delivery",
        "caas-caas-staging-web-service",
        "caas-caas-staging-web-rollout",
    }
    for name, made in found.items():
        metadata = made.inputs["metadata"]
        assert metadata["namespace"] == "caas-staging-monitoring"
        assert metadata["annotations"]["grafana_folder"] == "caas-staging"
        ((file, text),) = made.inputs["data"].items()
        assert (file, json.loads(text)["uid"]) == (f"{name}.json", name)
        assert json.loads(text)["templating"]["list"][0].get("current") is None


def test_the_cluster_is_shown_where_somebody_watches_the_whole_of_it() -> None:
    found = shown(declared({"prometheus": "existing", "dashboards": {"namespace": "observability", "folder": "Shop"}}))
    assert "caas-caas-staging-capacity" in found
    assert {one.inputs["metadata"]["namespace"] for one in found.values()} == {"observability"}
    assert {one.inputs["metadata"]["annotations"]["grafana_folder"] for one in found.values()} == {"Shop"}
    (text,) = found["caas-caas-staging-web-service"].inputs["data"].values()
    assert "container_memory_working_set_bytes" in text


def test_no_dashboard_asks_the_own_prometheus_for_what_it_does_not_read() -> None:
    asked = "".join(text for one in shown(declared(TOLD)).values() for text in one.inputs["data"].values())
    assert "service:slo_bad:ratio_rate" in asked
    assert "container_" not in asked
    assert "kube_node" not in asked


def test_the_largest_dashboard_fits_a_config_map() -> None:
    names = {f"{'s' * 36}-{number:03}": service() for number in range(3)}
    found = shown(declared({"prometheus": "existing"}, services=names))
    assert len(found) == 2 + 2 * len(names)
    sizes = [len(text.encode()) for one in found.values() for text in one.inputs["data"].values()]
    assert max(sizes) < LIMIT / 8


def test_the_own_prometheus_is_a_data_source_that_grafana_may_ask() -> None:
    recording = declared({**TOLD, "dashboards": {"namespace": "observability"}})
    ((name, made),) = shown(recording, "grafana_datasource").items()
    assert (name, made.inputs["metadata"]["namespace"]) == ("caas-caas-staging", "observability")
    (source,) = json.loads(made.inputs["data"][f"{name}.yaml"])["datasources"]
    assert source["url"] == "http://prometheus-operated.caas-staging-monitoring.svc:9090"
    (text,) = shown(recording)["caas-caas-staging-delivery"].inputs["data"].values()
    assert json.loads(text)["templating"]["list"][0]["current"]["text"] == source["name"] == "caas staging"
    policy = recording.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", "monitoring-prometheus-policy")
    assert {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "observability"}},
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "grafana"}},
    } in policy.inputs["spec"]["ingress"][0]["from"]


def test_a_named_data_source_is_asked_first() -> None:
    found = shown(declared({"prometheus": "existing", "dashboards": {"datasource": "Amazon"}}))
    chosen = [
        json.loads(text)["templating"]["list"][0] for one in found.values() for text in one.inputs["data"].values()
    ]
    assert {one["current"]["text"] for one in chosen} == {"Amazon"}
    assert {one["type"] for one in chosen} == {"datasource"}


def test_the_charts_grafana_has_a_password_of_ones_own_and_reads_its_own_namespace() -> None:
    recording = declared(INSTALLED)
    release = recording.one("kubernetes:helm.sh/v3:Release")
    grafana = release.inputs["values"]["grafana"]
    assert grafana["adminPassword"] == f"{URL}-pager"
    assert any(path.startswith("values") for path in release.secret_paths)
    assert (grafana["enabled"], grafana["ingress"], grafana["rbac"]) == (True, {"enabled": False}, {"namespaced": True})
    for sidecar, label in (("dashboards", "grafana_dashboard"), ("datasources", "grafana_datasource")):
        assert grafana["sidecar"][sidecar].items() >= {"label": label, "searchNamespace": "monitoring"}.items()
    made = [*shown(recording).values(), *shown(recording, "grafana_datasource").values()]
    assert len(made) == 4
    assert {one.inputs["metadata"]["namespace"] for one in made} == {"monitoring"}
    assert [one.name for one in made if release.urn not in one.depends_on] == []


def test_grafana_is_the_charts_only_where_it_is_asked_for() -> None:
    release = declared({**TOLD, "operator": "install"}).one("kubernetes:helm.sh/v3:Release")
    assert release.inputs["values"]["grafana"] == {"enabled": False}


@pytest.mark.parametrize(
    ("monitoring", "said"),
    [
        (
            {**TOLD, "dashboards": INSTALLED["dashboards"]},
            "install only where operator is install and prometheus is own",
        ),
        (INSTALLED | {"dashboards": {"grafana": "install"}}, "a key in caas:secrets with the password"),
        (INSTALLED | {"dashboards": {"grafana": "install", "password": "gone"}}, "a key in caas:secrets that is set"),
        (INSTALLED | {"dashboards": {**INSTALLED["dashboards"], "namespace": "x"}}, "the chart's stands beside"),
        ({**TOLD, "dashboards": {"password": "pager"}}, "password only where grafana is install"),
        ({**TOLD, "dashboards": {"folder": "a/b"}}, "letters, digits, spaces"),
    ],
)
def test_a_grafana_that_could_not_work_is_refused(monitoring: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        environment(secrets=SECRETS, monitoring=monitoring)


def test_a_mail_without_a_server_is_refused_where_alertmanager_sends_it() -> None:
    with pytest.raises(SpecError) as refused:
        environment(monitoring={"receivers": {"email": {"to": ["team@example.com"]}}})
    said = str(refused.value)
    assert "email.sender" in said
    assert "email.smarthost" in said
    assert "required where an Alertmanager sends the mail" in said
