"""`caas init`: what it writes is a valid description of each platform, and what is there is never changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer
from ruamel.yaml import YAML
from typer.testing import CliRunner

from components.spec import SpecError
from delivery import initial
from delivery.cli import app
from delivery.command_line import environment_of
from delivery.commands import init
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.initial import Answers
from tests.pipelines import github
from tests.projects import ROOT

CERTIFICATE = "arn:aws:acm:eu-central-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"
SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
VAULT = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/keys/providers/Microsoft.KeyVault/vaults/shop-keys"
GIVEN = Answers(
    service="shop",
    platform="kubernetes",
    registry="registry.example.org/team",
    domain="example.org",
    owner="shop-team",
    cost_centre="4711",
)
PLATFORMS = {
    "kubernetes": GIVEN,
    "aws-ecs": replace(
        GIVEN,
        platform="aws-ecs",
        registry="123456789012.dkr.ecr.eu-central-1.amazonaws.com/team",
        settings={"region": "eu-central-1", "certificate": CERTIFICATE},
    ),
    "gke": replace(
        GIVEN,
        platform="gke",
        registry="europe-west3-docker.pkg.dev/shop-dev-1234/team",
        settings={"project": "shop-dev-1234", "region": "europe-west3", "authorizedNetworks.office": "203.0.113.0/24"},
    ),
    "azure-aci": replace(
        GIVEN,
        platform="azure-aci",
        registry="shopteam.azurecr.io",
        settings={"subscription": SUBSCRIPTION, "location": "westeurope", "vault": VAULT, "certificate": "wildcard"},
    ),
}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A repository with a service's Dockerfile."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    return tmp_path


def texts(directory: Path) -> dict[str, str]:
    return {
        str(path.relative_to(directory)): path.read_text()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and path.name != "Dockerfile"
    }


@pytest.mark.parametrize("platform", PLATFORMS)
def test_what_is_written_is_a_valid_description(directory: Path, platform: str) -> None:
    made = initial.write(directory, PLATFORMS[platform])
    assert made == dict.fromkeys(["Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.staging.yaml", "Pulumi.prod.yaml"], True)
    found = {stack: environment_of(directory, stack) for stack in initial.STACKS}
    assert {one.platform for one in found.values()} == {platform}
    hosts = [one.services[0].ingress.host for one in found.values() if one.services[0].ingress is not None]
    assert hosts == ["shop.dev.example.org", "shop.staging.example.org", "shop.example.org"]
    assert [one.services[0].ingress and one.services[0].ingress.tls for one in found.values()] == [False, True, True]


def test_the_keys_that_a_platform_needs_are_those_without_which_it_is_refused(directory: Path) -> None:
    for platform, given in PLATFORMS.items():
        for key in initial.NEEDED[platform]:
            less = {name: value for name, value in given.settings.items() if name != key}
            with pytest.raises(SpecError):
                initial.write(directory, replace(given, settings=less))
    assert texts(directory) == {}


@pytest.mark.parametrize("system", initial.SYSTEMS)
def test_again_changes_nothing(directory: Path, system: str) -> None:
    answers = replace(GIVEN, system=system)
    assert set(initial.write(directory, answers).values()) == {True}
    # The engine adds the salt of a stack's secrets to its file.
    with (directory / "Pulumi.dev.yaml").open("a") as file:
        file.write("encryptionsalt: v1:one:v1:two\n")
    before = texts(directory)
    assert set(initial.write(directory, answers).values()) == {False}
    assert texts(directory) == before


def test_what_is_lost_is_written_again(directory: Path) -> None:
    initial.write(directory, GIVEN)
    before = texts(directory)
    (directory / "Pulumi.prod.yaml").unlink()
    assert [name for name, new in initial.write(directory, GIVEN).items() if new] == ["Pulumi.prod.yaml"]
    assert texts(directory) == before


@pytest.mark.parametrize("there", ["name: another\n", "- a\n", "a: [\n"])
def test_what_says_something_else_is_kept_and_nothing_is_written(directory: Path, there: str) -> None:
    (directory / "Pulumi.staging.yaml").write_text(there)
    with pytest.raises(DeliveryError, match=r"something else in Pulumi\.staging\.yaml; nothing was written") as refused:
        initial.write(directory, GIVEN)
    assert refused.value.code is Exit.BAD_INPUT
    assert texts(directory) == {"Pulumi.staging.yaml": there}


def test_a_jenkinsfile_of_somebody_else_is_kept(directory: Path) -> None:
    (directory / "Jenkinsfile").write_text("pipeline {}\n")
    with pytest.raises(DeliveryError, match="something else in Jenkinsfile"):
        initial.write(directory, replace(GIVEN, system="jenkins"))
    assert texts(directory) == {"Jenkinsfile": "pipeline {}\n"}


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"registry": "https://registry.example.org"}, "caas:registry.address"),
        ({"domain": "no domain"}, "caas:domain"),
        ({"context": "elsewhere"}, "caas:services.shop.build.context"),
        ({"owner": ""}, "caas:owner"),
    ],
)
def test_an_answer_that_makes_no_description_is_told_by_its_key(directory: Path, change: Any, key: str) -> None:
    with pytest.raises(SpecError) as refused:
        initial.write(directory, replace(GIVEN, **change))
    assert key in {problem.key for problem in refused.value.problems}
    assert texts(directory) == {}


def test_the_pipeline_uses_the_reusable_piece_of_each_system() -> None:
    def said(system: str) -> str:
        made = initial.files(replace(GIVEN, system=system, test="make it's", program="team/caas", version="v1.2"))
        (name,) = [name for name in made if not name.startswith("Pulumi.")]
        return made[name]

    (included,) = YAML(typ="safe").load(said("gitlab"))["include"]
    assert included["inputs"] == {"test": "make it's"}
    assert (included["project"], included["ref"]) == ("team/caas", "v1.2")
    assert (ROOT / included["file"]).is_file()
    job = YAML(typ="safe").load(said("github"))["jobs"]["deliver"]
    piece, _, version = job["uses"].partition("@")
    assert (ROOT / piece.removeprefix("team/caas/")).is_file()
    assert version == "v1.2"
    assert job["permissions"]["id-token"] == "write"
    assert said("jenkins") == "@Library('caas@v1.2') _\n\ncaasDeliver(test: 'make it\\'s')\n"
    assert piece.removeprefix("team/caas/") == github.WORKFLOW


FLAGS = ["--service", "shop", "--registry", "registry.example.org", "--domain", "example.org"]
WHOSE = ["--owner", "shop-team", "--cost-centre", "4711"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--platform", "kubernetes", *FLAGS], "--owner, --cost-centre"),
        (["--platform", "aws-ecs", *FLAGS, *WHOSE], "--set region=, --set certificate="),
        (["--platform", "nomad", *FLAGS, *WHOSE], "--platform is 'nomad'. It is one of kubernetes, aws-ecs"),
        (["--platform", "kubernetes", *FLAGS, *WHOSE, "--ci", "travis"], "--ci is 'travis'"),
        (["--platform", "kubernetes", *FLAGS, *WHOSE, "--set", "region"], "--set is 'region'. Write NAME=VALUE"),
    ],
)
def test_without_a_terminal_what_is_missing_is_named(directory: Path, arguments: list[str], words: str) -> None:
    done = CliRunner().invoke(app, ["init", *arguments, "--directory", str(directory)])
    assert done.exit_code == Exit.BAD_INPUT
    assert words in done.output
    assert texts(directory) == {}


def test_at_a_terminal_a_person_is_asked(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def prompt(question: str) -> str:
        asked.append(question)
        return {"platform": "gke", "project": "shop-dev-1234", "region": "europe-west3"}[question]

    monkeypatch.setattr(typer, "prompt", prompt)
    monkeypatch.setattr(init, "_asks", lambda: True)
    networks = ["--set", "authorizedNetworks.office=203.0.113.0/24"]
    registry = ["--registry", PLATFORMS["gke"].registry]
    done = CliRunner().invoke(app, ["init", *FLAGS, *registry, *WHOSE, *networks, "--directory", str(directory)])
    assert done.exit_code == 0, done.output
    assert asked == ["platform", "project", "region"]
    assert environment_of(directory, "dev").platform == "gke"


def test_whoever_stops_has_written_nothing(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def prompt(_: str) -> str:
        raise typer.Abort

    monkeypatch.setattr(typer, "prompt", prompt)
    monkeypatch.setattr(init, "_asks", lambda: True)
    done = CliRunner().invoke(app, ["init", "--directory", str(directory)])
    assert done.exit_code == Exit.INTERRUPTED
    assert "Nothing was written." in done.output
    assert texts(directory) == {}
