"""What watches the sandbox's cluster: the switch, the operator's kinds, and the images that it takes by itself."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any

import pytest

from sandbox import ports
from sandbox.errors import SandboxError
from sandbox.source import addons, monitoring
from sandbox.toolchain import versions


class Cluster:
    """An API that knows the kinds that were applied to it, and those that it is given."""

    def __init__(self, **known: str) -> None:
        self.known = known
        self.applied: list[str] = []

    def get(self, path: str, absent: tuple[int, ...] = (404,)) -> dict[str, Any]:
        if path == monitoring.API:
            return {"resources": [{"kind": kind} for kind in ("Prometheus", "Alertmanager", "PodMonitor")]}
        items = [
            {
                "metadata": {
                    "name": f"{kind}.monitoring.coreos.com",
                    "annotations": {"operator.prometheus.io/version": at},
                }
            }
            for kind, at in self.known.items()
        ]
        return {"items": [*items, {"metadata": {"name": "gateways.gateway.networking.k8s.io"}}]}

    def apply_text(self, path: str, text: str) -> None:
        assert text == f"text of {path.rpartition('/')[2].partition('.')[0]}"
        self.applied.append(path.rpartition("/")[2])


class Tools:
    """Definitions whose text names their kind."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def tool(self, name: str) -> Path:
        file = self._directory / name
        file.write_text(f"text of {name.removesuffix('.yaml').partition('_')[2]}")
        return file


@pytest.mark.parametrize(("given", "names"), [("on", 6), ("off", 4)])
def test_one_switch_leaves_it_out(given: str, names: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAAS_SANDBOX_MONITORING", given)
    assert len(addons.chosen()) == names
    assert ("prometheus-operator" in addons.chosen()) is (given == "on")
    assert "prometheus" in addons.chosen(), "the gate asks it"


def test_without_the_switch_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CAAS_SANDBOX_MONITORING", raising=False)
    assert "prometheus-operator" in addons.chosen()


def test_another_word_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAAS_SANDBOX_MONITORING", "no")
    with pytest.raises(SandboxError, match=r"CAAS_SANDBOX_MONITORING is 'no': write on or off"):
        addons.chosen()


def test_every_kind_of_the_operator_is_defined_once(tmp_path: Path) -> None:
    cluster: Any = Cluster(podmonitors=versions.OPERATOR_VERSION, prometheuses="0.70.0")
    monitoring.define(cluster, Tools(tmp_path))
    left = {f"{kind}.monitoring.coreos.com" for kind in versions.MONITORING_KINDS} - {
        "podmonitors.monitoring.coreos.com"
    }
    assert set(cluster.applied) == left


def test_the_operator_finds_under_its_own_tags_what_it_takes_by_itself() -> None:
    images = {name: name for name in (*addons.ADDONS, *addons.OPERATED, "prometheus-config-reloader")}
    (operator,) = [one for one in addons.manifests(images, ["prometheus-operator"]) if one["kind"] == "Deployment"]
    arguments = operator["spec"]["template"]["spec"]["containers"][0]["args"]
    tags = {program.name: program.tag for program in addons.OPERATED_PROGRAMS}
    for kind, name, tag in (
        ("prometheus", "prometheus-operated", "v3.5.0"),
        ("alertmanager", "alertmanager", "v0.28.1"),
    ):
        assert f"--{kind}-default-base-image=127.0.0.1:15000/caas-sandbox/{name}" in arguments
        assert tags[name] == tag


def test_no_program_stands_where_the_operator_mounts_data() -> None:
    assert {program.path.rpartition("/")[0] for program in addons.OPERATED_PROGRAMS} == {"/bin"}


def test_what_watches_takes_what_carries_its_label_in_every_namespace() -> None:
    made = {(one["kind"], one["metadata"]["name"]): one for one in monitoring.manifests()}
    spec = made["Prometheus", "sandbox"]["spec"]
    for kind in ("podMonitor", "rule"):
        assert spec[f"{kind}Selector"] == {"matchLabels": {"release": "sandbox"}}
        assert spec[f"{kind}NamespaceSelector"] == {}
    counts = made["ScrapeConfig", "kube-state-metrics"]["metadata"]["labels"]
    assert counts == spec["scrapeConfigSelector"]["matchLabels"]
    assert spec["serviceAccountName"] == made["ServiceAccount", "watch"]["metadata"]["name"]
    assert (
        made["Alertmanager", "sandbox"]["spec"]["configSecret"] == made["Secret", "sandbox-alerts"]["metadata"]["name"]
    )


def test_both_have_an_address_that_the_cluster_gives_nobody_else() -> None:
    services = {one["metadata"]["name"]: one["spec"] for one in monitoring.manifests() if one["kind"] == "Service"}
    first = ipaddress.ip_network(ports.SERVICE_RANGE).network_address
    for name, url in (("watch", monitoring.WATCH), ("alerts", monitoring.ALERTS)):
        address = ipaddress.ip_address(services[name]["clusterIP"])
        assert url == f"http://{address}:{services[name]['ports'][0]['port']}"
        # The lower band, of sixteen addresses: the API server draws from above it for whoever names none.
        assert 1 < int(address) - int(first) <= 16


@pytest.mark.parametrize(("available", "well"), [(1, True), (0, False), (None, False)])
def test_both_are_well_when_their_pods_are_and_they_answer(
    available: int | None, well: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Sets:
        def get(self, path: str) -> dict[str, Any] | None:
            assert path.startswith("/apis/apps/v1/namespaces/monitoring/statefulsets/")
            return None if available is None else {"status": {"availableReplicas": available}}

    asked: list[str] = []

    def answers(url: str) -> bool:
        asked.append(url)
        return True

    monkeypatch.setattr(monitoring, "answers", answers)
    cluster: Any = Sets()
    assert monitoring.ready(cluster) == {"watch": well, "alerts": well}
    assert asked == (["http://10.215.0.11:9090/-/ready", "http://10.215.0.12:9093/-/ready"] if well else [])
