"""`pulumi preview` of a program, and what it took: the measuring that benchmarks of programs share."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox import toolchain

REPOSITORY = Path(__file__).parents[2]
PROGRAMS = Path(__file__).parent / "programs"


@dataclass(frozen=True)
class Sample:
    """One preview: seconds of the whole command, seconds of processor of all its processes, and MiB of the program's
    process at its peak."""

    seconds: float
    processor: float
    memory: float


@dataclass(frozen=True)
class Project:
    """A project directory with a stack, ready to preview."""

    directory: Path
    environment: dict[str, str]

    def preview(self) -> Sample:
        """Preview once, and give what it took."""
        before, start = _processor(), time.monotonic()
        self.pulumi("preview", "--suppress-progress")
        seconds, processor = time.monotonic() - start, _processor() - before
        figures = json.loads(Path(self.environment["MEASURED_RESULT"]).read_text(encoding="utf-8"))
        return Sample(round(seconds, 3), round(processor, 3), round(figures["memory"] / 1024, 1))

    def pulumi(self, *arguments: str) -> str:
        """Run the CLI; what it printed. An error shows what it said."""
        command = ["pulumi", *arguments, "--non-interactive"]
        done = subprocess.run(
            command, cwd=self.directory, env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(
                f"{' '.join(command)} exited {done.returncode}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
            )
        return done.stdout


def _processor() -> float:
    """Seconds of processor, user and system, of every process that this one started and that has ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def make(directory: Path, program: Path, files: Mapping[str, Mapping[str, Any]], **environment: str) -> Project:
    """A project that runs a program inside the measuring one, with its stack ``staging``.

    :param files: Name -> content of Pulumi.yaml and of the stack's file. JSON is YAML, and quick to write.
    :param environment: Further variables of every command.
    """
    directory.mkdir(parents=True)
    (directory / "state").mkdir()
    shutil.copy(PROGRAMS / "measured.py", directory / "__main__.py")
    for name, content in files.items():
        (directory / name).write_text(json.dumps(content, indent=1), encoding="utf-8")
    variables = {
        **os.environ,
        **toolchain.current().environment(),
        "PYTHONPATH": str(REPOSITORY),
        "MEASURED_PROGRAM": str(program),
        "MEASURED_RESULT": str(directory / "figures.json"),
        "PULUMI_BACKEND_URL": f"file://{directory / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "benchmark",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        **environment,
    }
    project = Project(directory, variables)
    project.pulumi("stack", "init", "staging")
    return project


def pulumi_yaml(services: Mapping[str, Any]) -> dict[str, Any]:
    """The project's file. The interpreter that runs the benchmark runs the programs as well."""
    runtime = {"name": "python", "options": {"toolchain": "pip", "virtualenv": sys.prefix}}
    return {"name": "caas", "runtime": runtime, "config": {"caas:services": {"value": services}}}
