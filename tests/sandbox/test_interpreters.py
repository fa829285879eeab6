"""Runtime options, without an engine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.language_host import execution, install
from sandbox.language_host.interpreters import Interpreter, OptionError, Options, resolve, virtualenv_path
from sandbox.language_host.plugins import plugin_arguments
from sandbox.rpc.serve import parse

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"toolchain": "conda"}, "runtime option `toolchain` is 'conda'; it can be pip, uv, poetry"),
        ({"typechecker": "pytype"}, "runtime option `typechecker` is 'pytype'; it can be mypy, pyright"),
        ({"toolchain": 1}, "runtime option `toolchain` is 1"),
        ({"virtualenv": ["venv"]}, "runtime option `virtualenv` must be a path, not \\['venv'\\]"),
    ],
)
def test_wrong_options_are_named(options: dict[str, object], message: str, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=message):
        Options.read(options, str(tmp_path), str(tmp_path))


def test_virtualenv_is_relative_to_the_project_and_not_to_the_program(tmp_path: Path) -> None:
    options = Options.read({"virtualenv": "venv"}, str(tmp_path), str(tmp_path / "program"))
    assert virtualenv_path(options) == tmp_path / "venv"


def test_lock_file_above_the_program_decides_the_toolchain(tmp_path: Path) -> None:
    (tmp_path / "uv.lock").touch()
    (tmp_path / "program").mkdir()
    options = Options.read({}, str(tmp_path), str(tmp_path / "program"))
    assert options.toolchain == "uv"
    assert virtualenv_path(options) == tmp_path / ".venv"
    assert Options.read({"toolchain": "pip"}, str(tmp_path), str(tmp_path)).toolchain == "pip"


def test_directory_without_python_is_no_virtual_environment(tmp_path: Path) -> None:
    (tmp_path / "venv").mkdir()
    with pytest.raises(OptionError, match=r"venv is not a virtual environment.*`pulumi install` makes it"):
        resolve(Options.read({"virtualenv": "venv"}, str(tmp_path), str(tmp_path)))


def test_ambient_python_by_the_users_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_PYTHON_CMD", "python-that-is-not-there")
    with pytest.raises(OptionError, match="no python-that-is-not-there on the PATH"):
        resolve(Options.read({"toolchain": "pip"}, str(tmp_path), str(tmp_path)))


def test_environment_is_activated(tmp_path: Path) -> None:
    environment = Interpreter("python", tmp_path).environment({"PATH": "/bin", "PYTHONHOME": "/x", "KEPT": "1"})
    assert environment == {"PATH": f"{tmp_path}/bin:/bin", "VIRTUAL_ENV": str(tmp_path), "KEPT": "1"}


def test_install_makes_the_environment_and_fills_it(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").touch()
    options = Options.read({"toolchain": "pip", "virtualenv": "venv"}, str(tmp_path), str(tmp_path))
    made, filled = install.commands(options)
    assert made[1:] == ["-m", "venv", str(tmp_path / "venv")]
    assert filled[:4] == [str(tmp_path / "venv/bin/python"), "-m", "pip", "install"]
    assert filled[-2:] == ["-r", "requirements.txt"]


def test_policy_pack_and_other_plugins(tmp_path: Path) -> None:
    assert plugin_arguments("analyzer", tmp_path, ["addr"]) == ["-m", "pulumi.policy", "addr", str(tmp_path)]
    assert plugin_arguments("resource", tmp_path, ["addr"]) == [str(tmp_path), "addr"]
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "my-plugin"\n[build-system]\nrequires = []\n')
    assert plugin_arguments("resource", tmp_path, ["addr"]) == ["-m", "pulumi.run.plugin", "my-plugin", "addr"]
    (tmp_path / "pyproject.toml").write_text("[project\n")
    with pytest.raises(OptionError, match=r"pyproject\.toml: "):
        plugin_arguments("resource", tmp_path, [])


def test_executor_is_found_on_the_path_though_not_executable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(execution.EXECUTOR_VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(execution, "PLUGINS", tmp_path / "elsewhere")
    with pytest.raises(OptionError, match="pulumi-language-python-exec is not on the PATH"):
        execution.executor()
    (tmp_path / execution.EXECUTOR).touch(mode=0o444)
    assert execution.executor() == str(tmp_path / execution.EXECUTOR)
    monkeypatch.setenv(execution.EXECUTOR_VARIABLE, "/nowhere/exec")
    with pytest.raises(OptionError, match="CAAS_LANGUAGE_EXEC names /nowhere/exec, which is not a file"):
        execution.executor()


def test_engine_address_is_found_among_flags() -> None:
    found = parse(["--logtostderr", "-v=9", "--tracing", "file:/x", "127.0.0.1:1"])
    assert (found.engine, found.tracing) == ("127.0.0.1:1", "file:/x")
    assert parse(["-tracing=y", "a:2"]).tracing == "y"


def test_host_starts_without_running_the_sdk() -> None:
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from sandbox.rpc.protos import without_sdk\n"
        "without_sdk()\n"
        "import sandbox.language_host.server\n"
        "print(sorted(name for name in sys.modules if name in ('pulumi.output', 'pulumi.resource', 'opentelemetry')))\n"
    )
    command = [sys.executable, "-I", "-c", script, str(ROOT)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"


def test_child_runs_scripts_directories_and_modules_as_python_does(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("value = 'beside'\n")
    text = (
        "import sys, beside\nprint(__name__, sys.argv[1:], beside.value, any('language_host' in p for p in sys.path))\n"
    )
    (tmp_path / "script.py").write_text(text)
    (tmp_path / "__main__.py").write_text(text)
    child = ROOT / "sandbox" / "language_host" / "child.py"
    for target in (["script.py"], ["."], ["-m", "script"]):
        command = [sys.executable, str(child), str(os.getpid()), *target, "one", "two"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (done.stdout, done.stderr) == ("__main__ ['one', 'two'] beside False\n", "")
