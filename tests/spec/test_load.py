"""What a correct configuration becomes, and that all faults are told together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from components.spec import Environment, Service, Shown, Source, SpecError, load_environment, read_files
from components.spec.environment import Settings
from components.spec.files import PUBLIC_SALT
from components.spec.translate import EXAMPLES, required_keys
from tests.spec.wrong_case import IMAGE, SERVICE, changed

ROOT = Path(__file__).resolve().parents[2]
SOURCE = Source("Pulumi.yaml", "Pulumi.prod.yaml")


def load(services: dict[str, Any], stack: str = "dev", **settings: Any) -> Environment:
    config = {
        "services": services,
        "registry": {"address": "registry.example.org"},
        "owner": "platform-team",
        "costCentre": "4711",
        **settings,
    }
    return load_environment(config, project="caas", stack=stack, source=SOURCE)


def refused(services: dict[str, Any], stack: str = "dev", **settings: Any) -> SpecError:
    with pytest.raises(SpecError) as caught:
        load(services, stack, **settings)
    return caught.value


def test_overrides_change_what_they_name_and_nothing_else() -> None:
    override = {
        "cpu": 1,
        "memory": 512,
        "scaling": {"maximum": 20},
        "ingress": {"host": "www.example.org"},
        "environment": {"LOG_LEVEL": "debug"},
        "image": IMAGE,
    }
    (plain,) = load({"hello": SERVICE}).services
    (service,) = load({"hello": SERVICE}, overrides={"hello": override}).services

    assert (service.cpu, service.memory) == (1.0, 512)
    assert service.scaling is not None
    assert (service.scaling.minimum, service.scaling.maximum, service.scaling.cpu) == (3, 20, 70)
    assert service.ingress is not None
    assert (service.ingress.host, service.ingress.tls) == ("www.example.org", True)
    assert service.environment == {"LOG_LEVEL": "debug"}
    assert (service.image, service.build) == (IMAGE, None)
    unchanged = {"port", "health", "rollout", "secrets", "command", "args", "user", "labels"}
    assert service.model_dump(include=unchanged) == plain.model_dump(include=unchanged)


def test_an_image_override_makes_the_build_context_needless() -> None:
    wrong = changed(SERVICE, {"build.context": "../elsewhere"})
    (service,) = load({"hello": wrong}, overrides={"hello": {"image": IMAGE}}).services
    assert service.image == IMAGE


@pytest.mark.parametrize(("stack", "days"), [("dev", 14), ("staging", 30), ("prod", 90)])
def test_the_tier_follows_the_stack_and_sets_the_defaults(stack: str, days: int) -> None:
    environment = load({"hello": SERVICE}, stack)
    assert (environment.tier, environment.log_retention, environment.stack) == (stack, days, stack)


def test_the_tier_can_be_given() -> None:
    environment = load({"hello": SERVICE}, "eu-west", tier="prod", logRetention=7)
    assert (environment.tier, environment.log_retention) == ("prod", 7)


def test_a_number_that_the_command_line_stored_as_text_is_a_number() -> None:
    assert load({"hello": SERVICE}, logRetention="21").log_retention == 21


def test_only_names_of_secrets_are_kept() -> None:
    spec = changed(SERVICE, {"secrets.API_KEY.config": "apiKey"})
    for secrets in (["apiKey"], {"apiKey": object()}):
        environment = load({"hello": spec}, secrets=secrets)
        assert environment.secret_keys == {"apiKey"}
        assert "object" not in repr(environment)


def test_dev_may_do_what_prod_may_not() -> None:
    spec = changed(SERVICE, {"scaling.minimum": 1, "ingress.tls": False})
    assert load({"hello": spec}).tier == "dev"
    assert [problem.key for problem in refused({"hello": spec}, "prod").problems] == [
        "caas:services.hello.scaling.minimum",
        "caas:services.hello.ingress.tls",
    ]


def test_all_faults_are_told_at_once() -> None:
    one = changed(SERVICE, {"prot": 1, "memory": "1Gi"})
    two = changed(SERVICE, {"ingress.host": "two.example.org", "rollout.stopTimeout": 1, "replicas": 3})
    error = refused({"one": one, "two": two}, "prod", colour="red", overrides={"three": {}}, logRetention="x")

    assert {problem.key for problem in error.problems} == {
        "caas:services.one.prot",
        "caas:services.one.memory",
        "caas:services.two.rollout.stopTimeout",
        "caas:services.two.replicas",
        "caas:colour",
        "caas:overrides.three",
        "caas:logRetention",
    }
    assert str(error).startswith("7 problems in the configuration; nothing was declared.")
    assert str(error).count("remedy:") == 7


def test_a_missing_secret_is_told_once_however_often_it_is_used() -> None:
    spec = changed(SERVICE, {"secrets": {"A": {"config": "k"}, "B": {"config": "k"}}})
    (problem,) = refused({"hello": spec}).problems
    assert problem.key == "caas:services.hello.secrets.A.config"
    assert "used in 2 places" in problem.limit


def test_a_fault_in_an_override_does_not_make_others_of_the_same_service() -> None:
    low = changed(SERVICE, {"scaling.minimum": 1})
    error = refused({"hello": low}, "prod", overrides={"hello": {"scaling": {"minimun": 3}}})
    assert [problem.key for problem in error.problems] == ["caas:overrides.hello.scaling.minimun"]


def test_models_are_frozen_and_do_not_print_their_input() -> None:
    (service,) = load({"hello": SERVICE}).services
    with pytest.raises(ValidationError, match="frozen"):
        service.port = 1  # type: ignore[misc]  # what this test is about
    with pytest.raises(ValidationError) as caught:
        Service.model_validate({"name": "hello", "port": "hunter2"})
    assert "hunter2" not in str(caught.value)


def test_a_problem_renders_place_value_limit_and_remedy() -> None:
    (problem,) = refused({"hello": {**SERVICE, "port": 0}}).problems
    assert problem.render().splitlines() == [
        "Pulumi.yaml: caas:services.hello.port",
        "  value:  0",
        "  limit:  a whole number from 1 to 65535",
        "  remedy: write 1 or more, as a plain number",
    ]
    assert problem.value != Shown.HIDDEN


def test_every_required_key_has_an_example() -> None:
    missing = {*required_keys(Service), *required_keys(Settings)} - set(EXAMPLES) - {"name"}
    assert missing == set()


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_the_project_s_own_environments_are_correct(stack: str) -> None:
    config, project, source = read_files(ROOT, stack)
    environment = load_environment(config, project=project, stack=stack, source=source)
    assert (environment.project, environment.tier) == ("caas", stack)
    assert [service.name for service in environment.services] == ["hello"]


def test_the_public_salt_is_the_sandbox_s() -> None:
    """The guard against secrets under the public passphrase knows the salt that is in use."""
    text = (ROOT / "Pulumi.dev.yaml").read_text(encoding="utf-8")
    assert f"encryptionsalt: {PUBLIC_SALT}\n" in text
