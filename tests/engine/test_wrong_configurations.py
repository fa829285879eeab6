"""A wrong configuration fails a real `pulumi preview` with its one problem, before any resource.

Every case goes through the loader (``tests/spec``) and through the program's own reader
(``tests/components/test_wrong_configurations.py``) without an engine. Here one case of each way in which a fault
reaches the program shows that the engine hands it over and repeats what the program says.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from delivery import cli
from delivery.exit_codes import Exit
from tests.projects import ROOT, Project
from tests.spec.wrong_configurations import CASES, Case, write

pytestmark = pytest.mark.engine
PUBLIC = "secret-under-the-public-passphrase"
PROBLEM = "1 problem in the configuration; nothing was declared."


def way(case: Case) -> tuple[object, ...]:
    """How the fault comes to the program: in which file, as a value, a key of the file's own, or the file's form; at a
    line or at none; beside other files; by the program's word or by the engine's."""
    return (
        case.file == "Pulumi.yaml",
        case.project_text is not None,
        case.stack_text is not None,
        bool(case.top),
        bool(case.files),
        case.line is None,
        "secret" in case.id,
        case.engine,
    )


THROUGH_THE_ENGINE = tuple({way(case): case for case in reversed(CASES)}.values())
"""The first case of each way."""


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One backend for all cases: making a stack takes as long as previewing it."""
    return tmp_path_factory.mktemp("state")


@pytest.mark.parametrize("case", THROUGH_THE_ENGINE, ids=lambda case: case.id)
def test_a_preview_fails_with_the_one_problem(case: Case, engine_project: Project, state: Path, tmp_path: Path) -> None:
    write(case, engine_project.directory)
    if case.id == PUBLIC:
        # The engine itself refuses this file under any other passphrase, and a state that was made under another.
        engine_project.environment["PULUMI_CONFIG_PASSPHRASE"] = "sandbox"
        state = tmp_path / "state"
        state.mkdir()
    engine_project.stack = case.stack
    # The cases name no virtual environment: the engine takes the interpreter that is first on the PATH.
    engine_project.environment["PATH"] = f"{sys.prefix}/bin:{os.environ['PATH']}"
    engine_project.environment["PULUMI_BACKEND_URL"] = f"file://{state}"
    if not (state / f".pulumi/stacks/caas/{case.stack}.json").exists():
        engine_project.pulumi("stack", "init", "--no-select")
        write(case, engine_project.directory)  # without the salt that the engine has written into the stack's file
    done = engine_project.pulumi("preview")
    assert done.code != 0, done.text
    assert "Traceback" not in done.text
    assert "panic:" not in done.text
    if case.engine:
        # The engine shows it while it runs, and once more in the list at the end.
        assert done.text.partition("Diagnostics:")[2].count(PROBLEM) == 1, done.text
        assert case.limit in done.text
    # Nothing but the stack itself was reached: the resources come after the check.
    assert "to create" not in done.text or "+ 1 to create" in done.text, done.text


def test_caas_as_a_process_ends_with_bad_input(tmp_path: Path) -> None:
    case = CASES[0]
    write(case, tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "delivery", "validate", "--stack", case.stack, "--directory", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == Exit.BAD_INPUT
    assert done.stderr.startswith(f"error: {PROBLEM}")
    assert done.stdout == ""


@pytest.mark.parametrize("case", CASES[::12], ids=lambda case: case.id)
def test_caas_ends_with_bad_input(case: Case, tmp_path: Path) -> None:
    write(case, tmp_path)
    done = CliRunner().invoke(cli.app, ["validate", "--stack", case.stack, "--directory", str(tmp_path)])
    assert done.exit_code == Exit.BAD_INPUT
    assert done.stderr.startswith(f"error: {PROBLEM}")
    assert done.stdout == ""


def test_every_way_goes_through_the_engine() -> None:
    ways = {way(case) for case in THROUGH_THE_ENGINE}
    assert ways == {way(case) for case in CASES}
    assert len(ways) >= 12
    assert PUBLIC in {case.id for case in THROUGH_THE_ENGINE}
