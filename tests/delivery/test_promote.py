"""What a promotion moves, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components.release import Pinned
from components.spec import Environment
from delivery import releases
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.output import Output
from delivery.promote import Move, mixture, plan, promote, same
from delivery.purpose import Purpose
from delivery.records import Outcome
from tests import projects
from tests.cluster import hello
from tests.delivery.test_records import release
from tests.delivery.world import declaration, service

DIGEST = "sha256:" + "b" * 64
OLD, NEW = "registry.test/staging", "registry.test/prod"


def promoted(services: dict[str, Any] | None = None) -> dict[str, Any]:
    """The configuration that another stack has proven."""
    return {"registry": {"address": OLD}, "services": services or {"hello": hello.service()}}


def environment(directory: Path, services: dict[str, Any], address: str = NEW) -> Environment:
    """A stack whose registry has this address, running these services."""
    project = projects.make(directory, "check")
    settings = hello.settings("check", registry={"address": address})
    project.write({"other": hello.service()}, settings)
    return releases.environment_of(
        directory, "check", Pinned("release staging 4", {**settings, "services": services}, {})
    )


def test_digests_move_to_the_target_s_registry_and_those_of_others_stay(tmp_path: Path) -> None:
    away = {key: value for key, value in hello.service(image=f"elsewhere.test/db@{DIGEST}").items() if key != "build"}
    services = {"hello": hello.service(), "away": {**away, "ingress": None}}
    images = {"hello": f"{OLD}/hello@{DIGEST}", "away": f"elsewhere.test/db@{DIGEST}"}
    found = plan(environment(tmp_path, services), release(4, images=images), promoted(services), "staging")
    assert found == [
        Move("hello", f"{OLD}/hello@{DIGEST}", f"{NEW}/hello@{DIGEST}"),
        Move("away", f"elsewhere.test/db@{DIGEST}", f"elsewhere.test/db@{DIGEST}"),
    ]
    assert [move.needed for move in found] == [True, False]
    assert found[0].repository == f"{NEW}/hello"


def test_one_registry_for_both_copies_nothing(tmp_path: Path) -> None:
    images = {"hello": f"{OLD}/hello@{DIGEST}"}
    (move,) = plan(environment(tmp_path, promoted()["services"], OLD), release(4, images=images), promoted(), "staging")
    assert not move.needed


def test_a_service_that_was_not_released_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match=r"Release 4 of stack 'staging' ran no hello\.") as refused:
        plan(environment(tmp_path, promoted()["services"]), release(4), promoted(), "staging")
    assert refused.value.code is Exit.NOT_PROVEN


def test_the_services_come_as_they_were_proven_and_the_settings_are_the_target_s() -> None:
    own = {"domain": "example.com", "services": {"hello": {"cpu": 9}}, "secrets": {"token": {"secure": "v1:x"}}}
    assert mixture(own, promoted()) == {"domain": "example.com", "services": promoted()["services"]}


def test_the_configuration_is_the_release_s_and_not_the_files(tmp_path: Path) -> None:
    assert [one.name for one in environment(tmp_path, promoted()["services"]).services] == ["hello"]


def test_what_runs_must_be_what_was_released() -> None:
    truth = declaration(service())
    same(release(4, images={"hello": service().image}, outcome=Outcome.SUCCEEDED), truth)
    with pytest.raises(DeliveryError, match="since release 4 it was given another hello by something else") as refused:
        same(release(4, images={"hello": f"{OLD}/hello@sha256:{'9' * 64}"}), truth)
    assert refused.value.code is Exit.NOT_PROVEN


def test_a_stack_is_not_promoted_to_itself(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match="--from and --to both name 'prod'"):
        promote(tmp_path, "prod", "prod", Output(), timeout=1, lock_timeout=1, why=Purpose("promote"))
