"""Compute Engine's vCPU, asked as its API is asked: of a region and of the project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components.spec import Environment
from components.spec.gcp import NodePool
from delivery.checks import State
from delivery.errors import DeliveryError
from delivery.quotas import gcp
from delivery.quotas.model import Need, Quota
from tests.components.gcp.worlds import PROJECT, REGION, environment
from tests.delivery.quotas.answers import Answers, serving

HERE = f"/compute/v1/projects/{PROJECT}/regions/{REGION}?fields=quotas"
ALL = f"/compute/v1/projects/{PROJECT}?fields=quotas"


def said(**limits: tuple[float, float]) -> dict[str, Any]:
    return {"quotas": [{"metric": name, "limit": limit, "usage": used} for name, (limit, used) in limits.items()]}


@pytest.fixture
def heard() -> list[tuple[str, str | None]]:
    return []


def asked(world: Environment, answers: Answers, heard: list[tuple[str, str | None]]) -> list[Quota]:
    assert world.gcp is not None
    with serving(answers, heard) as address:
        return list(gcp.quotas(world, world.gcp, address))


def test_a_new_cluster_is_held_by_region_and_project(monkeypatch: pytest.MonkeyPatch, heard: list[Any]) -> None:
    monkeypatch.setenv(gcp.LOGIN, "given")
    answers = {HERE: (200, said(CPUS=(24, 22), N2_CPUS=(8, 0))), ALL: (200, said(CPUS_ALL_REGIONS=(12, 0)))}
    here, everywhere = (one.check() for one in asked(environment(), answers, heard))
    assert heard == [(HERE, "Bearer given"), (ALL, "Bearer given")]
    assert here.state is State.WARNING
    assert here.what == f"CPUS in {REGION}: 24, 22 in use; the services need 3 at their maximum"
    assert here.remedy == (
        f"`gcloud beta quotas preferences create --service=compute.googleapis.com --project={PROJECT} "
        f"--quota-id=CPUS-per-project-region --preferred-value=25 --dimensions=region={REGION}` asks for more."
    )
    assert (everywhere.state, everywhere.what.split(":")[0]) == (State.OK, f"CPUS_ALL_REGIONS of {PROJECT}")


def test_a_cluster_that_exists_asks_for_no_machines(heard: list[Any]) -> None:
    assert asked(environment(gcp={"cluster": "shared", "authorizedNetworks": None}), {}, heard) == []
    assert heard == []


def test_in_mode_standard_the_machines_count() -> None:
    pools = {
        "a": {"machine": "e2-standard-4", "minimum": 1, "maximum": 3},
        "b": {"machine": "n2-custom-6-8192", "minimum": 1, "maximum": 2},
        "c": {"machine": "e2-medium", "minimum": 0, "maximum": 5},
    }
    world = environment(gcp={"mode": "standard", "nodePools": pools})
    assert world.gcp is not None
    assert gcp.needs(world, world.gcp) == {"CPUS": Need(4, 22), "N2_CPUS": Need(6, 12)}


@pytest.mark.parametrize(
    ("machine", "spot", "counted"),
    [
        ("e2-standard-4", True, ("PREEMPTIBLE_CPUS", 4)),
        ("c3-highcpu-22-lssd", False, ("C3_CPUS", 22)),
        ("t2d-standard-1", False, ("CPUS", 1)),
    ],
)
def test_which_metric_a_machine_counts_towards(machine: str, spot: bool, counted: tuple[str, int]) -> None:
    assert gcp.machine(NodePool(machine=machine, spot=spot)) == counted


def test_a_machine_that_says_no_size_is_named() -> None:
    with pytest.raises(DeliveryError, match=r"^How many vCPU a z9-mega has is not known here\.$"):
        gcp.machine(NodePool(machine="z9-mega"))


@pytest.mark.parametrize(
    ("answer", "message", "remedy"),
    [
        ((403, {}), "answered 403 to GET", "compute.regions.get"),
        ((401, {}), "answered 401 to GET", "gcloud auth login"),
        ((200, said(N2_CPUS=(8, 0))), f"does not say what CPUS in {REGION} is limited to", ""),
    ],
)
def test_what_google_does_not_say(
    monkeypatch: pytest.MonkeyPatch, heard: list[Any], answer: tuple[int, Any], message: str, remedy: str
) -> None:
    monkeypatch.setenv(gcp.LOGIN, "given")
    with pytest.raises(DeliveryError, match=message) as refused:
        asked(environment(), {HERE: answer}, heard)
    assert remedy in (refused.value.remedy or "")


def test_the_token_is_gcloud_s_where_none_is_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(gcp.LOGIN, raising=False)
    program = tmp_path / "gcloud"
    program.write_text('#!/bin/sh\n[ "$*" = "auth print-access-token" ] && echo of-gcloud\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gcp.token() == "of-gcloud"
    program.write_text("#!/bin/sh\necho 'ERROR: no account is active' >&2\nexit 1\n", encoding="utf-8")
    with pytest.raises(DeliveryError, match="gcloud has no token: ERROR: no account is active"):
        gcp.token()
    program.unlink()
    with pytest.raises(DeliveryError, match="gcloud is not on the PATH"):
        gcp.token()
