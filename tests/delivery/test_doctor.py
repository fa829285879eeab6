"""`caas doctor`: what is wrong is found whatever else is, each with its way out, and nothing is changed."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from components.spec import Environment
from delivery import doctor, oci
from delivery.checks import Check, State
from delivery.doctor import Doctor
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.observe import Snapshot, Target
from tests.components.worlds import environment
from tests.delivery.registries import served

DIGEST = "sha256:" + "1" * 64
REFUSED = DeliveryError("It answered 401.", Exit.NOT_PROVEN, remedy="Renew the credential.")


class Surroundings:
    """What the checks meet. Each of ``broken`` refuses."""

    def __init__(self) -> None:
        self.broken: set[str] = set()
        self.stacks = ["staging", "dev"]
        self.engine = version("pulumi")
        self.asked: list[Target] = []
        self.repositories: list[tuple[str, str]] = []

    def meet(self, name: str) -> None:
        if name in self.broken:
            raise REFUSED

    def made_engine(self) -> Any:
        self.meet("engine")
        return SimpleNamespace(version=self.engine)

    def program(self, *_: Any) -> Any:
        def names() -> list[str]:
            self.meet("backend")
            return self.stacks

        def secret_values() -> list[str]:
            self.meet("secrets")
            return ["hidden-word", "another"]

        return SimpleNamespace(backend="s3://state", names=names, secret_values=secret_values)

    def observer(self, _: Environment) -> Any:
        self.meet("observer")

        def snapshot(target: Target) -> Snapshot:
            self.meet("platform")
            self.asked.append(target)
            return Snapshot(target, exists=False)

        return SimpleNamespace(snapshot=snapshot, versions=lambda: {"kubernetes": "1.34.1"})

    def quotas(self, asked: Environment) -> Iterable[Check]:
        yield Check("quota", State.WARNING if "quota" in self.broken else State.OK, f"enough for {asked.stack}")

    def registry(self, host: str, path: str) -> Any:
        def has(kind: str, digest: str) -> bool:
            self.meet("registry")
            self.repositories.append((f"{host}/{path}", f"{kind}/{digest}"))
            return False

        return SimpleNamespace(has=has)


@pytest.fixture
def around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Surroundings:
    made = Surroundings()
    monkeypatch.setattr(doctor, "ProgramStack", made.program)
    monkeypatch.setattr(doctor, "observer_in", made.observer)
    monkeypatch.setattr(doctor, "Registry", made.registry)
    monkeypatch.setattr(doctor, "checks_in", made.quotas)
    monkeypatch.setenv("BUILDX_BUILDER", "one")
    return made


def examined(around: Surroundings, directory: Path, world: Environment | None = None) -> list[Check]:
    told: list[Check] = []
    found = doctor.examine(Doctor(directory, world or environment(), around.made_engine), told.append)
    assert found == told
    return found


def states(found: Iterable[Check]) -> dict[str, State]:
    return {check.name: check.state for check in found}


def test_where_all_is_well_every_check_says_what_it_found(around: Surroundings, tmp_path: Path) -> None:
    found = examined(around, Path(__file__).parent)
    assert [check.name for check in found] == ["engine", "backend", "stack", "platform", "quota", "registry", "git"]
    assert {check.state for check in found} == {State.OK}
    said = {check.name: check.what for check in found}
    assert said["backend"] == "s3://state, 2 stacks"
    assert said["stack"] == "2 secrets decrypted"
    assert said["platform"] == "kubernetes 1.34.1"
    assert said["registry"] == "registry.example.com answers"
    assert around.asked == [Target("caas-staging", doctor.NO_SERVICE)]
    assert around.repositories == [("registry.example.com/team/web", f"manifests/{oci.NO_DIGEST}")]


@pytest.mark.parametrize(
    ("broken", "failing"),
    [
        ("engine", ["engine"]),
        ("backend", ["backend", "stack"]),
        ("secrets", ["stack"]),
        ("observer", ["platform"]),
        ("platform", ["platform"]),
        ("registry", ["registry"]),
    ],
)
def test_what_fails_hides_nothing_else(around: Surroundings, tmp_path: Path, broken: str, failing: list[str]) -> None:
    around.broken = {broken}
    with pytest.raises(DeliveryError) as refused:
        examined(around, tmp_path)
    assert refused.value.code is Exit.BAD_INPUT
    assert refused.value.message.endswith(f"checks of stack 'staging' fail: {', '.join(failing)}.")
    checks = {check["check"]: check for check in refused.value.content["checks"]}
    for name in failing:
        assert (checks[name]["what"], checks[name]["remedy"]) == ("It answered 401.", "Renew the credential.")
    others = {name for name, check in checks.items() if check["state"] == "ok"}
    # Without an engine nobody can ask for the state, without a platform for its quotas; outside of a work tree there
    # is no commit.
    asked = {"engine", "backend", "stack", "platform", "quota", "registry"}
    unasked = {"engine": ("backend", "stack"), "observer": ("quota",), "platform": ("quota",)}.get(broken, ())
    assert others == asked - {*failing, *unasked}


def test_all_that_fail_are_named_at_once(around: Surroundings, tmp_path: Path) -> None:
    around.broken = {"secrets", "platform", "registry"}
    with pytest.raises(DeliveryError, match=r"^3 of 6 checks of stack 'staging' fail: stack, platform, registry\.$"):
        examined(around, tmp_path)


def test_too_small_a_quota_is_told_and_stops_nothing(around: Surroundings, tmp_path: Path) -> None:
    around.broken = {"quota"}
    assert states(examined(around, tmp_path))["quota"] is State.WARNING


def test_an_engine_of_another_minor_version_is_a_warning(around: Surroundings, tmp_path: Path) -> None:
    major, minor, _ = version("pulumi").split(".")
    around.engine = f"{major}.{int(minor) + 1}.0"
    found = examined(around, tmp_path)[0]
    assert (found.state, found.what) == (State.WARNING, f"pulumi {around.engine}, SDK {version('pulumi')}")


def test_a_stack_that_is_not_there_yet_is_a_warning(around: Surroundings, tmp_path: Path) -> None:
    around.stacks = ["dev"]
    found = {check.name: check for check in examined(around, tmp_path)}["stack"]
    assert (found.state, found.remedy) == (State.WARNING, "`caas up --stack staging` makes it.")


def test_a_cloud_is_asked_for_a_service_that_nobody_has() -> None:
    world: Any = SimpleNamespace(platform="aws-ecs")
    assert doctor.place(world) == doctor.NO_SERVICE


def test_a_builder_is_looked_for_where_something_is_built(
    around: Surroundings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "app").mkdir()
    described = {"build": {"context": "app"}, "port": 8080, "health": {"readiness": {"path": "/ready"}}}
    world = environment({"web": {**described, "replicas": 3}})
    assert states(examined(around, tmp_path, world))["builder"] is State.OK
    monkeypatch.delenv("BUILDX_BUILDER")
    monkeypatch.setenv("PATH", "/nowhere")
    found = {check.name: check for check in examined(around, tmp_path, world)}
    assert found["builder"].state is State.WARNING
    assert "BUILDX_BUILDER" in (found["builder"].remedy or "")
    assert found["git"].state is State.WARNING


def test_what_signs_must_be_there_where_images_are_signed(
    around: Surroundings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    world = environment(supplyChain={"publicKey": "cosign.pub"})
    with pytest.raises(DeliveryError, match=r"fail: supply chain\.$") as refused:
        examined(around, tmp_path, world)
    (found,) = [one for one in refused.value.content["checks"] if one["state"] == "failing"]
    assert "cosign is not on the PATH" in found["what"]
    assert "syft is not on the PATH" in found["what"]


@pytest.mark.parametrize(
    ("lacking", "state", "said"),
    [
        ([], State.OK, "Elasticsearch knows template, lifecycle and pipeline"),
        (["_ingest/pipeline/caas-logs"], State.WARNING, "Elasticsearch was not told _ingest/pipeline/caas-logs"),
        (None, State.WARNING, "cannot be asked: It answered 401."),
    ],
)
def test_an_elasticsearch_that_exists_is_asked_what_it_was_told(
    around: Surroundings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    lacking: list[str] | None,
    state: State,
    said: str,
) -> None:
    def missing(_: Environment) -> list[str]:
        if lacking is None:
            raise REFUSED
        return lacking

    monkeypatch.setattr("delivery.log_setup.missing", missing)
    agent = "registry.example.com/team/collector@sha256:" + "c" * 64
    logs = {"agent": agent, "elasticsearch": "https://logs.example.com", "apiKey": "logs"}
    world = environment(secrets=("logs",), logging=logs)
    found = {check.name: check for check in examined(around, tmp_path, world)}["logs"]
    assert (found.state, found.what) == (state, said)
    if lacking:
        assert found.remedy == "`caas log-setup --stack staging` tells it."


@pytest.mark.parametrize(("authentication", "state"), [(None, State.OK), ("basic", State.FAILING)])
def test_a_real_registry_answers_or_refuses(
    around: Surroundings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    authentication: str | None,
    state: State,
) -> None:
    monkeypatch.setattr(doctor, "Registry", oci.Registry)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with served(authentication) as registry:
        world = environment(registry={"address": f"{registry.host}/team"})
        found = {check.name: check for check in Doctor(tmp_path, world, around.made_engine).checks()}["registry"]
    assert found.state is state
    assert ("answers" if state is State.OK else "401") in found.what
    assert registry.host in found.what
