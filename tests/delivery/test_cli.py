"""The command line: every exit code, one clear line for each failure, and JSON that says the same."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from delivery import cli, control
from delivery import up as upping
from delivery.commands import release_control
from delivery.control import Told
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.up import Result
from delivery.verdict import State, Verdict
from delivery.verify import Finding
from tests.delivery.world import instance, service, snapshot
from tests.spec.wrong_configurations import CASES, Case, write

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str) -> Any:
    return CliRunner().invoke(cli.app, arguments)


def ending(error: BaseException) -> Callable[..., Any]:
    def up(*_arguments: object, **_keywords: object) -> Any:
        raise error

    return up


def test_a_valid_configuration_is_fine() -> None:
    done = run("validate", "--stack", "dev", "--directory", str(ROOT))
    assert (done.exit_code, done.stderr) == (Exit.FINE, "")
    assert done.stdout == "Stack dev is valid: dev on kubernetes, services hello.\n"


def test_a_command_starts_without_a_provider_s_sdk() -> None:
    asked = "import sys, delivery.cli; print(*(n for n in sys.modules if n.startswith('pulumi_')))"
    done = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, check=True, capture_output=True, text=True)
    # Each of them costs every command a third of a second and more.
    assert done.stdout.split() == []


@pytest.mark.parametrize("more", ["--save-plan", "--markdown"])
def test_what_was_previewed_already_is_not_previewed_first(more: str) -> None:
    done = run("up", "--stack", "dev", "--plan", __file__, more, "new.json", "--directory", str(ROOT))
    assert done.exit_code == Exit.BAD_INPUT
    assert done.stderr == (
        "error: --plan applies what was previewed already: --save-plan and --markdown exclude it. "
        "Give --plan alone, or leave it out.\n"
    )


def test_several_stacks_are_checked_at_once() -> None:
    done = run("validate", "--stack", "dev", "--stack", "prod", "--directory", str(ROOT), "--json")
    assert json.loads(done.stdout) == {
        "stacks": [
            {"stack": "dev", "valid": True, "services": ["hello"]},
            {"stack": "prod", "valid": True, "services": ["hello"]},
        ]
    }


def test_the_problems_of_all_stacks_are_listed_once(tmp_path: Path) -> None:
    project = YAML(typ="safe").load(ROOT / "Pulumi.yaml")
    project["config"]["caas:services"]["value"]["hello"]["port"] = 0
    dump(project, tmp_path / "Pulumi.yaml")
    for stack, domain in (("dev", "dev.localhost"), ("prod", "not a domain")):
        described = YAML(typ="safe").load(ROOT / f"Pulumi.{stack}.yaml")
        described["config"]["caas:domain"] = domain
        dump(described, tmp_path / f"Pulumi.{stack}.yaml")
    done = run("validate", "--stack", "dev", "--stack", "prod", "--directory", str(tmp_path), "--json")
    assert done.exit_code == Exit.BAD_INPUT
    problems = json.loads(done.stdout)["problems"]
    assert sorted((one["file"], one["key"]) for one in problems) == [
        ("Pulumi.prod.yaml", "caas:domain"),
        ("Pulumi.yaml", "caas:services.hello.port"),
    ]


def dump(content: Any, file: Path) -> None:
    with file.open("w", encoding="utf-8") as stream:
        YAML(typ="safe").dump(content, stream)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_wrong_configuration_is_bad_input(case: Case, tmp_path: Path) -> None:
    write(case, tmp_path)
    done = run("validate", "--stack", case.stack, "--directory", str(tmp_path), "--json")
    assert done.exit_code == Exit.BAD_INPUT
    assert done.stderr.startswith("error: 1 problem in the configuration; nothing was declared.")
    assert "Traceback" not in done.output
    document = json.loads(done.stdout)
    assert document["exitCode"] == Exit.BAD_INPUT
    assert [problem["key"] for problem in document["problems"]] == [case.full_key]


@pytest.mark.parametrize("code", [code for code in Exit if code not in (Exit.FINE, Exit.INTERRUPTED)])
def test_an_expected_failure_has_its_code_and_one_line(code: Exit, monkeypatch: pytest.MonkeyPatch) -> None:
    error = DeliveryError("It went wrong.", code, remedy="Mend it.", details=("the platform's word",))
    monkeypatch.setattr(upping, "up", ending(error))
    done = run("up", "--stack", "dev", "--directory", str(ROOT), "--json")
    assert done.exit_code == code
    assert done.stderr == "error: It went wrong. Mend it.\n  the platform's word\n"
    assert json.loads(done.stdout) == {
        "error": "It went wrong.",
        "remedy": "Mend it.",
        "details": ["the platform's word"],
        "exitCode": code,
    }


@pytest.mark.parametrize(("debug", "traceback"), [((), False), (("--debug",), True)])
def test_the_unexpected_is_one_line_unless_asked_for_more(
    debug: tuple[str, ...], traceback: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upping, "up", ending(RuntimeError("first line\nsecond line")))
    done = run("up", "--stack", "dev", "--directory", str(ROOT), *debug)
    assert done.exit_code == Exit.UNEXPECTED
    expected = "error: Unexpected: RuntimeError: first line. --debug shows where it comes from.\n"
    assert done.stderr.endswith(expected)
    assert ("Traceback" in done.stderr) is traceback


def test_an_interruption_says_that_the_state_is_usable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upping, "up", ending(KeyboardInterrupt()))
    done = run("up", "--stack", "dev", "--directory", str(ROOT))
    assert done.exit_code == Exit.INTERRUPTED
    assert done.stderr == "error: Stopped. No change was under way; the state is usable.\n"


@pytest.mark.parametrize(("changed", "words"), [(0, "nothing to change"), (3, "3 changed")])
def test_a_good_apply_says_what_changed(changed: int, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    finding = Finding(service(), snapshot(instance()), Verdict(State.PROVEN))
    result = Result("dev", False, {"update": changed}, changed, (finding,), {"pulumi": "3.259.0"}, 6.2)
    monkeypatch.setattr(upping, "up", lambda *_a, **_k: result)
    done = run("up", "--stack", "dev", "--directory", str(ROOT))
    assert done.exit_code == Exit.FINE
    assert f"Stack dev runs what was declared: {words}, 6 s (pulumi 3.259.0).\n" in done.stdout
    assert "http://hello.test" in done.stdout
    as_json = run("up", "--stack", "dev", "--directory", str(ROOT), "--json")
    assert json.loads(as_json.stdout)["changed"] == changed


@pytest.mark.parametrize(
    "arguments", [("up",), ("up", "--stack"), ("deploy",), ("up", "--stack", "dev", "--timeout=0")]
)
def test_a_wrong_command_line_is_bad_input(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == Exit.BAD_INPUT


@pytest.mark.parametrize("decision", ["continue", "abort"])
def test_a_persons_word_reaches_the_release(decision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[str] = []

    def decide(word: str, environment: Any, state: Any, traffic: Any) -> tuple[Told, ...]:
        given.append(word)
        assert (environment.stack, state) == ("dev", {"resources": []})
        return (Told("hello", "hello: it hears.", "ann@here (process 7)", 10),)

    class Program:
        def __init__(self, *_: Any) -> None: ...

        def state(self) -> dict[str, Any]:
            return {"resources": []}

    monkeypatch.setattr(release_control, "ProgramStack", Program)
    monkeypatch.setattr(release_control, "Engine", lambda: None)
    monkeypatch.setattr(release_control, "Traffic", lambda *_: None)
    monkeypatch.setattr(control, "decide", decide)
    done = run(decision, "--stack", "dev", "--directory", str(ROOT))
    assert (done.exit_code, done.stdout) == (Exit.FINE, "hello: it hears.\n")
    done = run(decision, "--stack", "dev", "--directory", str(ROOT), "--json")
    services = [{"service": "hello", "release": "ann@here (process 7)", "weight": 10}]
    assert json.loads(done.stdout) == {"stack": "dev", "decision": decision, "services": services}
    assert given == [decision, decision]


def test_a_reason_reaches_the_deployment(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}

    def up(*_arguments: object, **keywords: Any) -> Any:
        given.update(keywords)
        raise DeliveryError("Enough.", Exit.DEPLOYMENT_FAILED)

    monkeypatch.setattr(upping, "up", up)
    run("up", "--stack", "dev", "--directory", str(ROOT), "--reason", "mends the outage")
    assert given["why"].reason == "mends the outage"


def test_a_reason_without_words_is_bad_input() -> None:
    done = run("up", "--stack", "dev", "--directory", str(ROOT), "--reason", " ")
    assert done.exit_code == Exit.BAD_INPUT
    assert "say why, in a few words" in done.stderr
