"""Small projects of their own for the real engine, with the toolchain's programs and the state beside them."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sandbox import toolchain


@dataclass
class Answer:
    """How a command ended, and everything that it wrote."""

    code: int
    text: str


@dataclass
class Engine:
    """A project in a directory, on a stack of its own."""

    directory: Path
    variables: dict[str, str]

    def pulumi(self, *arguments: str, limit: float = 120) -> Answer:
        """Run a command of the engine to its end."""
        done = subprocess.run(
            ["pulumi", "--non-interactive", "--color", "never", *arguments],
            cwd=self.directory,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=limit,
            check=False,
        )
        return Answer(done.returncode, done.stdout)

    def must(self, *arguments: str) -> str:
        """Run a command that has to succeed; give what it wrote."""
        answer = self.pulumi(*arguments)
        assert answer.code == 0, answer.text
        return answer.text

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command and leave it running."""
        return subprocess.Popen(
            ["pulumi", "--non-interactive", "--color", "never", *arguments],
            cwd=self.directory,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def program(self, text: str) -> None:
        """Write the program anew."""
        (self.directory / "__main__.py").write_text(textwrap.dedent(text))


def project(directory: Path, program: str, *, options: str = "", **variables: str) -> Engine:
    """A project with this program and a stack ``dev`` whose state lies in the directory."""
    (directory / "state").mkdir()
    runtime = options or f"{{toolchain: pip, virtualenv: {sys.prefix}}}"
    (directory / "Pulumi.yaml").write_text(f"name: trial\nruntime:\n  name: python\n  options: {runtime}\n")
    environment = {
        **os.environ,
        **toolchain.current((toolchain.ENGINE,)).environment(),
        "PULUMI_HOME": str(directory / "home"),
        "PULUMI_BACKEND_URL": f"file://{directory / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "of-this-test",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        **variables,
    }
    engine = Engine(directory, environment)
    engine.program(program)
    engine.must("stack", "init", "dev")
    return engine


def until(what: str, holds: Callable[[], bool], limit: float = 20) -> None:
    """Wait for a condition; fail by name when it does not come true in ``limit`` seconds."""
    end = time.monotonic() + limit
    while not holds():
        assert time.monotonic() < end, f"not within {limit} s: {what}"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody has waited for yet has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True
