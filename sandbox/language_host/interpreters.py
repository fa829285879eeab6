"""Which Python runs a project: its ``runtime.options`` in Pulumi.yaml, understood as the official host does.

``toolchain`` is pip (the default), uv or poetry; without it a uv.lock or poetry.lock in the program's directory or
above decides. ``virtualenv`` is relative to the directory of Pulumi.yaml.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TOOLCHAINS = ("pip", "uv", "poetry")
TYPE_CHECKERS = ("mypy", "pyright")


class OptionError(Exception):
    """A runtime option that cannot be honoured. The text is for the user."""


@dataclass(frozen=True)
class Options:
    """A project's ``runtime.options``."""

    root: Path
    """Directory of Pulumi.yaml."""
    program: Path
    """Directory of the program."""
    toolchain: str
    virtualenv: str
    """Empty: none asked for."""
    typechecker: str
    """Empty: none asked for."""

    @staticmethod
    def read(options: Mapping[str, object], root: str, program: str) -> Options:
        """Check the options of one project; raises :class:`OptionError` naming the option."""
        directory = Path(program or root or os.curdir).absolute()
        toolchain = _choice(options, "toolchain", TOOLCHAINS) or _detect(directory)
        virtualenv = options.get("virtualenv") or ""
        if not isinstance(virtualenv, str):
            raise OptionError(f"runtime option `virtualenv` must be a path, not {virtualenv!r}")
        return Options(
            root=Path(root or program or os.curdir).absolute(),
            program=directory,
            toolchain=toolchain,
            virtualenv=virtualenv,
            typechecker=_choice(options, "typechecker", TYPE_CHECKERS),
        )


@dataclass(frozen=True)
class Interpreter:
    """A Python to run programs with, and its virtual environment where it has one."""

    executable: str
    virtualenv: Path | None

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """``base`` with the virtual environment activated."""
        environment = dict(base)
        if self.virtualenv is not None:
            environment.pop("PYTHONHOME", None)
            environment["VIRTUAL_ENV"] = str(self.virtualenv)
            environment["PATH"] = os.pathsep.join(
                filter(None, (str(self.virtualenv / "bin"), environment.get("PATH", "")))
            )
        return environment


def resolve(options: Options) -> Interpreter:
    """The interpreter that ``options`` name; raises :class:`OptionError` where it is not there."""
    virtualenv = virtualenv_path(options)
    if virtualenv is None:
        return Interpreter(executable=ambient(), virtualenv=None)
    executable = virtualenv / "bin" / "python"
    if not executable.is_file():
        state = "is not a virtual environment" if virtualenv.is_dir() else "does not exist"
        raise OptionError(
            f"the project's virtual environment {virtualenv} {state} (runtime.options in Pulumi.yaml: toolchain "
            f"{options.toolchain}, virtualenv {options.virtualenv or 'not set'}); `pulumi install` makes it"
        )
    return Interpreter(executable=str(executable), virtualenv=virtualenv)


def virtualenv_path(options: Options) -> Path | None:
    """Where the virtual environment is or would be; None where the project asks for none."""
    if options.virtualenv:
        return options.root / options.virtualenv
    if options.toolchain == "uv":
        named = os.environ.get("UV_PROJECT_ENVIRONMENT")
        project = _above(options.program, "uv.lock") or _above(options.program, "pyproject.toml") or options.program
        return project / (named or ".venv")
    if options.toolchain == "poetry":
        poetry = tool("poetry")
        answer = subprocess.run(
            [poetry, "env", "info", "--path"], cwd=options.program, capture_output=True, text=True, check=False
        )
        if answer.returncode != 0:
            raise OptionError(f"`poetry env info --path` failed: {answer.stderr.strip()}; `pulumi install` makes it")
        return Path(answer.stdout.strip())
    return None


def ambient() -> str:
    """The Python of a project without a virtual environment."""
    names = [os.environ["PULUMI_PYTHON_CMD"]] if os.environ.get("PULUMI_PYTHON_CMD") else ["python3", "python"]
    for name in names:
        if found := shutil.which(name):
            return found
    raise OptionError(f"no {' or '.join(names)} on the PATH; install Python or set PULUMI_PYTHON_CMD")


def tool(name: str) -> str:
    """A package manager's program, or an :class:`OptionError`."""
    if found := shutil.which(name):
        return found
    raise OptionError(f"runtime option `toolchain` is {name}, but no {name} is on the PATH; install it or choose pip")


def _choice(options: Mapping[str, object], name: str, known: tuple[str, ...]) -> str:
    value = options.get(name) or ""
    if not isinstance(value, str) or (value and value not in known):
        raise OptionError(f"runtime option `{name}` is {value!r}; it can be {', '.join(known)}")
    return value


def _detect(directory: Path) -> str:
    if _above(directory, "uv.lock"):
        return "uv"
    return "poetry" if _above(directory, "poetry.lock") else "pip"


def _above(directory: Path, name: str) -> Path | None:
    return next((parent for parent in (directory, *directory.parents) if (parent / name).exists()), None)
