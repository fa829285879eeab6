"""The language host on the real engine: programs, their failures, policy packs, and both ways to an end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.sandbox.engine import Engine, gone, project, until

pytestmark = pytest.mark.engine

PROGRAM = """
    import pulumi


    class Pair(pulumi.ComponentResource):
        def __init__(self, name):
            super().__init__("trial:index:Pair", name)
            self.doubled = pulumi.Output.from_input(name).apply(lambda text: text * 2)
            self.register_outputs({"doubled": self.doubled})


    config = pulumi.Config()
    print("a line on stdout")
    pulumi.export("doubled", Pair("ab").doubled)
    pulumi.export("plain", config.require("plain"))
    pulumi.export("secret", config.require_secret("secret"))
    pulumi.export("where", [pulumi.get_organization(), pulumi.get_project(), pulumi.get_stack()])
"""

WAITING = """
    import os, pathlib, time

    pathlib.Path("partial").write_text(f"{os.getpid()} {os.getppid()}")
    pathlib.Path("partial").rename("pids")
    while True:
        time.sleep(1)
"""


def test_program_gets_configuration_and_gives_outputs(tmp_path: Path) -> None:
    engine = project(tmp_path, PROGRAM)
    engine.must("config", "set", "plain", "visible")
    engine.must("config", "set", "--secret", "secret", "a-secret-of-this-test")
    shown = engine.must("up", "--yes")
    assert "a line on stdout" in shown
    assert "a-secret-of-this-test" not in shown
    assert json.loads(outputs_of(engine)) == {
        "doubled": "abab",
        "plain": "visible",
        "secret": "a-secret-of-this-test",
        "where": ["organization", "trial", "dev"],
    }
    state = b"".join(file.read_bytes() for file in (tmp_path / "state").rglob("*") if file.is_file())
    assert b"visible" in state
    assert b"a-secret-of-this-test" not in state
    assert "2 unchanged" in engine.must("preview")


def outputs_of(engine: Engine) -> str:
    done = subprocess.run(
        ["pulumi", "stack", "output", "--json", "--show-secrets"],
        cwd=engine.directory,
        env=engine.variables,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


def test_configuration_is_in_no_command_line(tmp_path: Path) -> None:
    engine = project(
        tmp_path,
        """
        import os, pathlib
        lines = [pathlib.Path(f"/proc/{pid}/cmdline").read_bytes() for pid in (os.getpid(), os.getppid())]
        pathlib.Path("lines").write_bytes(b" ".join(lines))
        """,
    )
    engine.must("config", "set", "--secret", "secret", "a-secret-of-this-test")
    engine.must("preview")
    lines = (tmp_path / "lines").read_bytes()
    assert b"pulumi-language-python-exec" in lines
    assert b"a-secret-of-this-test" not in lines


def test_exception_is_shown_once_with_the_users_own_frames(tmp_path: Path) -> None:
    engine = project(tmp_path, 'def fail():\n    raise ValueError("broken on purpose")\nfail()\n')
    answer = engine.pulumi("preview", "--suppress-progress")
    assert answer.code != 0
    assert "ValueError: broken on purpose" in answer.text
    assert f'File "{tmp_path}/__main__.py", line 3' in answer.text
    assert "child.py" not in answer.text
    assert "non-zero exit code" not in answer.text


def test_run_error_has_no_traceback(tmp_path: Path) -> None:
    engine = project(tmp_path, 'import pulumi\nraise pulumi.RunError("say it plainly")\n')
    answer = engine.pulumi("preview")
    assert answer.code != 0
    assert "error: say it plainly" in answer.text
    assert "Traceback" not in answer.text


def test_exit_code_is_told(tmp_path: Path) -> None:
    answer = project(tmp_path, "raise SystemExit(7)\n").pulumi("preview")
    assert answer.code != 0
    assert "Program exited with non-zero exit code: 7" in answer.text


def test_missing_program_is_named(tmp_path: Path) -> None:
    engine = project(tmp_path, "")
    (tmp_path / "__main__.py").unlink()
    answer = engine.pulumi("preview")
    assert answer.code != 0
    assert "unable to find main python program `__main__.py`" in answer.text


def test_missing_virtual_environment_is_named(tmp_path: Path) -> None:
    engine = project(tmp_path, "", options="{virtualenv: nowhere}")
    answer = engine.pulumi("preview")
    assert answer.code != 0
    assert f"virtual environment {tmp_path}/nowhere does not exist" in answer.text
    assert "pulumi install" in answer.text
    assert "Traceback" not in answer.text


def test_modules_beside_the_program_are_found(tmp_path: Path) -> None:
    engine = project(tmp_path, "import beside\nbeside.declare()\n")
    (tmp_path / "beside.py").write_text('import pulumi\ndef declare():\n    pulumi.export("from", "beside")\n')
    engine.must("up", "--yes")
    assert json.loads(outputs_of(engine)) == {"from": "beside"}


def test_about_names_the_interpreter(tmp_path: Path) -> None:
    text = project(tmp_path, "").must("about")
    assert "toolchain='pip'" in text


def waiting(tmp_path: Path) -> tuple[subprocess.Popen[str], list[int]]:
    """An update whose program never ends, and the processes of the program and of its host."""
    engine = project(tmp_path, WAITING)
    update = engine.start("up", "--yes", "--skip-preview")
    file = tmp_path / "pids"
    until("the program runs", file.exists)
    return update, [int(pid) for pid in file.read_text().split()]


def test_interrupt_ends_everything_quietly(tmp_path: Path) -> None:
    update, pids = waiting(tmp_path)
    os.killpg(update.pid, signal.SIGINT)
    text, _ = update.communicate(timeout=30)
    assert update.returncode != 0
    assert "update canceled" in text
    assert "Traceback" not in text
    assert "KeyboardInterrupt" not in text
    until("both processes are gone", lambda: all(map(gone, pids)))


def test_killed_engine_leaves_no_process(tmp_path: Path) -> None:
    update, pids = waiting(tmp_path)
    os.kill(update.pid, signal.SIGKILL)
    update.communicate(timeout=30)
    until("both processes are gone", lambda: all(map(gone, pids)), limit=5)


def test_program_ends_though_its_host_was_killed_too(tmp_path: Path) -> None:
    update, (program, host) = waiting(tmp_path)
    os.kill(update.pid, signal.SIGKILL)
    os.kill(host, signal.SIGKILL)
    update.communicate(timeout=30)
    until("the program is gone", lambda: gone(program), limit=5)


def test_policy_pack_runs(tmp_path: Path) -> None:
    engine = project(tmp_path, PROGRAM)
    engine.must("config", "set", "plain", "x")
    engine.must("config", "set", "--secret", "secret", "y")
    pack = tmp_path / "pack"
    pack.mkdir()
    description = (tmp_path / "Pulumi.yaml").read_text().replace("name: trial", "version: 0.0.1", 1)
    (pack / "PulumiPolicy.yaml").write_text(description)
    (pack / "__main__.py").write_text(
        "from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy\n"
        "def check(args, report):\n"
        "    if args.resource_type == 'trial:index:Pair':\n"
        "        report('no pairs')\n"
        "PolicyPack('trial', [ResourceValidationPolicy('no-pairs', 'Pairs are refused.', check,\n"
        "    enforcement_level=EnforcementLevel.MANDATORY)])\n"
    )
    answer = engine.pulumi("preview", "--policy-pack", str(pack))
    assert answer.code != 0
    assert "[mandatory]  no-pairs" in answer.text
    assert "no pairs" in answer.text
