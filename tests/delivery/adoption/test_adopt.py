"""An adoption: found in rounds, tried out on a copy, refused where something that runs would be deleted."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from delivery.adoption import adopt
from delivery.adoption.importing import Entry, entries
from delivery.adoption.matching import Match, Planned, Wish
from delivery.adoption.rehearsal import Plan
from delivery.adoption.states import Made
from delivery.commands.adoption import _pairs
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.output import Output
from delivery.preview.model import Operation

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
ROOT = "urn:pulumi:prod::shop::"
CLUSTER, POOL = "gcp:container/cluster:Cluster", "gcp:container/nodePool:NodePool"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
URNS = {
    "cluster": f"{ROOT}caas:gcp:Cluster${CLUSTER}::gke-cluster",
    "pool": f"{ROOT}caas:gcp:Cluster${POOL}::gke-main",
    "web": f"{ROOT}caas:kubernetes:Service${DEPLOYMENT}::web-deployment",
    "other": f"{ROOT}caas:kubernetes:Service${DEPLOYMENT}::other-deployment",
}
WHERE = {"project": "p", "location": "l"}
LONG = "projects/p/locations/l/clusters/shop"
MADE = (
    Made("google_container_cluster.it", "google_container_cluster", {**WHERE, "name": "shop"}),
    Made("google_container_node_pool.main", "google_container_node_pool", {**WHERE, "name": "main", "cluster": LONG}),
    Made("kubernetes_deployment.web", "kubernetes_deployment", {"metadata": [{"namespace": "shop", "name": "web"}]}),
    Made("google_dns_record_set.www", "google_dns_record_set", {}),
)


class Copy:
    """A stack that knows its cluster's provider once the cluster is in it, as the engine would have it."""

    stack = "prod"

    def __init__(self, changes: Mapping[str, tuple[Operation, tuple[str, ...]]] | None = None) -> None:
        self.has: dict[str, str] = {}
        self.rounds: list[list[str]] = []
        self.changes = changes or {}

    def plan(self) -> Plan:
        inside = URNS["cluster"] in self.has
        planned = [
            Planned(URNS["cluster"], CLUSTER, {"name": "shop", "location": "l"}),
            Planned(URNS["pool"], POOL, {"name": "main", "cluster": LONG if inside else UNKNOWN}),
            *(
                Planned(URNS[name], DEPLOYMENT, {"metadata": {"namespace": "shop", "name": name}})
                for name in ("web", "other")
            ),
        ]
        kubeconfig = "apiVersion: v1" if inside else UNKNOWN
        resources: list[dict[str, Any]] = [
            {"type": "caas:gcp:Cluster", "name": "gke", "component": True},
            {"type": "caas:kubernetes:Service", "name": "web", "component": True},
            {"type": "pulumi:providers:kubernetes", "name": "inside", "inputs": {"kubeconfig": kubeconfig}},
            {"type": CLUSTER, "name": "gke-cluster", "id": "<PLACEHOLDER>", "parent": "gke"},
            {"type": POOL, "name": "gke-main", "id": "<PLACEHOLDER>", "parent": "gke"},
            {"type": DEPLOYMENT, "name": "web-deployment", "id": "<>", "parent": "web", "provider": "inside"},
            {"type": DEPLOYMENT, "name": "other-deployment", "id": "<>", "parent": "web", "provider": "inside"},
        ]
        changes = {urn: change for urn, change in self.changes.items() if urn in self.has}
        found = entries({"resources": resources}, "shop", "prod")
        return Plan(tuple(one for one in planned if one.urn not in self.has), found, changes)

    def bring(self, which: list[Entry], ids: Mapping[str, str]) -> None:
        assert {one.urn for one in which if not one.component and not one.is_provider} == set(ids)
        assert all(one.ready for one in which)
        self.has |= ids
        self.rounds.append(sorted(ids.values()))


def rehearsed(
    copy: Copy, wish: Wish | None = None, made: tuple[Made, ...] = MADE, replacing: tuple[str, ...] = ()
) -> adopt.Adoption:
    # The copy stands in for the engine, whose commands tests/engine/test_adopt.py runs.
    return adopt.rehearse(copy, made, wish or Wish(), Output(as_json=True), replacing=replacing)  # type: ignore[arg-type]


def test_what_is_in_a_cluster_comes_after_the_cluster() -> None:
    copy = Copy()
    found = rehearsed(copy)
    assert copy.rounds == [[LONG, f"{LONG}/nodePools/main"], ["shop/web"]]
    assert [(one.address, one.urn, one.id) for one in found.matches] == [
        ("google_container_cluster.it", URNS["cluster"], LONG),
        ("google_container_node_pool.main", URNS["pool"], f"{LONG}/nodePools/main"),
        ("kubernetes_deployment.web", URNS["web"], "shop/web"),
    ]
    assert found.left == ("google_dns_record_set.www",)
    assert found.created == ("other-deployment",)
    assert {row[3] for row in found.rows()} == {"no change"}


def test_the_documents(tmp_path: Path) -> None:
    paths = adopt.write(rehearsed(Copy()), tmp_path / "new")
    first, second, third = [path.read_text() for path in paths]
    assert [path.name for path in paths] == [
        "1-components.json",
        "2-resources.json",
        "3-terraform-state-rm.txt",
    ]
    assert [(one["name"], one.get("id")) for one in json.loads(first)["resources"]] == [("gke", None), ("web", None)]
    resources = json.loads(second)
    assert {one["name"]: one.get("id") for one in resources["resources"]} == {
        "gke-cluster": LONG,
        "gke-main": f"{LONG}/nodePools/main",
        "inside": None,
        "web-deployment": "shop/web",
    }
    assert resources["nameTable"] == {
        "gke": f"{ROOT}caas:gcp:Cluster::gke",
        "web": f"{ROOT}caas:kubernetes:Service::web",
    }
    (provider,) = [one for one in resources["resources"] if one["name"] == "inside"]
    assert provider["inputs"] == {"kubeconfig": "apiVersion: v1"}, "as it is known by the end"
    assert third.splitlines() == [
        "terraform state rm google_container_cluster.it",
        "terraform state rm google_container_node_pool.main",
        "terraform state rm kubernetes_deployment.web",
    ]
    with pytest.raises(DeliveryError, match="cannot be written to"):
        adopt.write(rehearsed(Copy()), paths[0] / "below")


REPLACED = {
    URNS["cluster"]: (Operation.REPLACE, ("location",)),
    URNS["web"]: (Operation.UPDATE, ("spec.replicas", "metadata.labels")),
}


def test_what_is_typed_then_is_one_word_for_a_shell() -> None:
    address = """aws_ecs_service.it["it's; rm -r \"$HOME\""]"""
    adoption = adopt.Adoption("dev", (Match(address, "urn", "id"),), (), {}, (), ())
    assert [shlex.split(line) for line in adoption.removals()] == [["terraform", "state", "rm", address]]


def test_what_would_be_made_anew_is_refused() -> None:
    copy = Copy(REPLACED)
    with pytest.raises(DeliveryError) as caught:
        rehearsed(copy)
    assert caught.value.code is Exit.BAD_INPUT
    assert (
        "stack 'prod' would delete 1 of the adopted resources and make them anew. Nothing was" in caught.value.message
    )
    assert caught.value.details == ("gke-cluster: location",)
    assert "--replace RESOURCE" in caught.value.line
    assert [one["change"] for one in caught.value.content["adopted"]] == [
        "replace: location",
        "no change",
        "update: spec.replicas, metadata.labels",
    ]


@pytest.mark.parametrize("name", ["gke-cluster", URNS["cluster"]])
def test_unless_it_is_named(name: str) -> None:
    found = rehearsed(Copy(REPLACED), replacing=(name,))
    assert found.told(Operation.REPLACE) == [URNS["cluster"]]
    assert found.told(Operation.UPDATE) == [URNS["web"]]


def test_what_is_not_found_is_refused() -> None:
    made = (*MADE, Made("kubernetes_deployment.x", "kubernetes_deployment", {"metadata": [{"name": "x"}]}))
    with pytest.raises(DeliveryError, match="1 of what was made elsewhere could not be found"):
        rehearsed(Copy(), made=made)
    assert rehearsed(Copy(), Wish(leaves=("kubernetes_deployment.x",)), made).left == (
        "google_dns_record_set.www",
        "kubernetes_deployment.x",
    )


def test_by_ids_alone() -> None:
    found = rehearsed(Copy(), Wish(ids={"gke-cluster": LONG, "other-deployment": "shop/other"}), ())
    assert [(one.address, one.id) for one in found.matches] == [("", LONG), ("", "shop/other")]
    assert found.removals() == []
    with pytest.raises(DeliveryError, match="There is nothing to adopt that stack 'prod' declares and does not have"):
        rehearsed(Copy(), made=())


def test_settling_looks_at_the_stack_itself() -> None:
    found = rehearsed(Copy())
    real = Copy({URNS["web"]: (Operation.UPDATE, ("spec",))})
    done = adopt.settle(real, found)  # type: ignore[arg-type] # stands in for the engine
    assert real.has == found.ids
    assert [row[3] for row in done.rows()] == ["no change", "no change", "update: spec"]


def test_options_of_two_parts() -> None:
    assert _pairs("--map", ['a.b["x=y"]=web']) == {'a.b["x=y"]': "web"}
    assert _pairs("--id", ["web=arn:x=y"]) == {"web": "arn:x=y"}
    with pytest.raises(DeliveryError, match=r"--map 'web' is not of the form A=B\."):
        _pairs("--map", ["web"])
