"""What the components cost: `pulumi preview` of N services, against a flat program with the same resources.

Both programs run in turns on the same engine, in the same run; the smallest of several runs counts, since whatever
else a machine does can only add. Memory is the peak of the program's own process: the engine's and the provider's
are the same for both and would only hide a difference. Before anything is timed, the resources of both programs are
compared property by property.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.table import Row

REPOSITORY = Path(__file__).parents[2]
PROGRAMS = {"flat": Path(__file__).parent / "programs" / "flat.py", "caas": REPOSITORY / "__main__.py"}
ROUNDS = {1: 9, 10: 7, 100: 3, 300: 2}
"""Number of services -> how often each program runs."""

TIME_LIMIT = 1.10
MEMORY_LIMIT = 1.15
DETAIL = "python -m tests.benchmarks.bench_overhead"

KUBECONFIG = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [{"name": "none", "cluster": {"server": "https://127.0.0.1:1"}}],
    "contexts": [{"name": "none", "context": {"cluster": "none", "user": "none"}}],
    "users": [{"name": "none", "user": {"token": "none"}}],
    "current-context": "none",
}
"""No cluster answers: what is measured is the program and the engine."""


@dataclass(frozen=True)
class Sample:
    """One preview: seconds of the whole command; seconds of processor and KiB of the program's process."""

    seconds: float
    processor: float
    memory: float


def run() -> list[Row]:
    """Time and memory for each number of services, and the growth per service."""
    if shutil.which("pulumi") is None:
        raise RuntimeError("no pulumi on the PATH: run it by `make bench ONLY=overhead`, or from `make shell`")
    with tempfile.TemporaryDirectory(prefix="caas-overhead-") as directory:
        best = {count: _measure(Path(directory), count) for count in ROUNDS}
    rows = []
    for count, programs in best.items():
        flat, caas = programs["flat"], programs["caas"]
        rows.append(_row(f"overhead: time, {count} services", caas.seconds, flat.seconds, TIME_LIMIT, "s"))
        rows.append(_row(f"overhead: memory, {count} services", caas.memory, flat.memory, MEMORY_LIMIT, "MiB"))
    least, most = min(ROUNDS), max(ROUNDS)
    for what, limit, unit in (("seconds", TIME_LIMIT, "s"), ("memory", MEMORY_LIMIT, "MiB")):
        growth = {
            name: (getattr(best[most][name], what) - getattr(best[least][name], what)) / (most - least)
            for name in PROGRAMS
        }
        title = "time" if what == "seconds" else what
        rows.append(_row(f"overhead: {title}, growth per service", growth["caas"], growth["flat"], limit, unit, 3))
    return rows


def _row(name: str, ours: float, theirs: float, limit: float, unit: str, digits: int = 2) -> Row:
    ratio = ours / theirs
    figure = f"{ratio:.3f} ({ours:.{digits}f} {unit} / {theirs:.{digits}f} {unit})"
    return Row(name, figure, f"<= {limit:.2f}", ratio <= limit, DETAIL)


def _measure(directory: Path, count: int) -> dict[str, Sample]:
    projects = {name: _project(directory / f"{name}-{count}", name, count) for name in PROGRAMS}
    shapes = {name: _resources(project) for name, project in projects.items()}
    if shapes["flat"] != shapes["caas"]:
        raise RuntimeError(f"the two programs differ, so comparing them says nothing: {_difference(**shapes)}")
    samples: dict[str, list[Sample]] = {name: [] for name in PROGRAMS}
    for _ in range(ROUNDS[count]):
        for name, project in projects.items():
            samples[name].append(project.preview())
            print(f"  {count:4} services  {name}  {samples[name][-1]}", file=sys.stderr, flush=True)
    return {
        name: Sample(*(min(getattr(one, what) for one in taken) for what in ("seconds", "processor", "memory")))
        for name, taken in samples.items()
    }


@dataclass(frozen=True)
class Project:
    """A project directory with a stack, ready to preview."""

    directory: Path
    environment: dict[str, str]

    def preview(self) -> Sample:
        """Preview once, and give what it took."""
        start = time.monotonic()
        self.pulumi("preview", "--suppress-progress")
        seconds = time.monotonic() - start
        figures = json.loads(Path(self.environment["MEASURED_RESULT"]).read_text(encoding="utf-8"))
        return Sample(round(seconds, 3), round(figures["processor"], 3), round(figures["memory"] / 1024, 1))

    def pulumi(self, *arguments: str) -> str:
        """Run the CLI; what it printed. An error shows what it said."""
        command = ["pulumi", *arguments, "--non-interactive"]
        done = subprocess.run(
            command, cwd=self.directory, env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} exited {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done.stdout


def _project(directory: Path, program: str, count: int) -> Project:
    directory.mkdir(parents=True)
    (directory / "state").mkdir()
    kubeconfig = directory.parent / "kubeconfig"
    kubeconfig.write_text(json.dumps(KUBECONFIG), encoding="utf-8")
    shutil.copy(Path(__file__).parent / "programs" / "measured.py", directory / "__main__.py")
    _settings(directory, count)
    environment = {
        **os.environ,
        "KUBECONFIG": str(kubeconfig),
        "MEASURED_PROGRAM": str(PROGRAMS[program]),
        "MEASURED_RESULT": str(directory / "figures.json"),
        "PULUMI_BACKEND_URL": f"file://{directory / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "benchmark",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "SERVICES": str(count),
    }
    project = Project(directory, environment)
    project.pulumi("stack", "init", "staging")
    return project


def _settings(directory: Path, count: int) -> None:
    """Pulumi.yaml and the stack's file. JSON is YAML, and quick to write."""
    service = {
        "port": 8080,
        "environment": {"GREETING": "Hello"},
        "health": {"readiness": {"path": "/ready"}},
        "scaling": {"minimum": 2, "maximum": 4},
        "ingress": {"path": "/"},
        "volumes": {"tmp": {"path": "/tmp"}},
    }
    names = [f"service-{number:03}" for number in range(count)]
    digest = "a" * 64
    services = {name: {**service, "image": f"registry.example.com/{name}@sha256:{digest}"} for name in names}
    # The interpreter that runs the benchmark runs the programs as well.
    runtime = {"name": "python", "options": {"toolchain": "pip", "virtualenv": sys.prefix}}
    project = {"name": "caas", "runtime": runtime, "config": {"caas:services": {"value": services}}}
    stack = {
        "caas:platform": "kubernetes",
        "caas:registry": {"address": "registry.example.com"},
        "caas:domain": "example.com",
        "caas:owner": "benchmarks",
        "caas:costCentre": "benchmarks",
    }
    (directory / "Pulumi.yaml").write_text(json.dumps(project, indent=1), encoding="utf-8")
    (directory / "Pulumi.staging.yaml").write_text(json.dumps({"config": stack}, indent=1), encoding="utf-8")


def _resources(project: Project) -> dict[str, Any]:
    """Type and name -> properties of everything that a provider would make; components make nothing."""
    plan = json.loads(project.pulumi("preview", "--json", "--show-secrets"))
    return {
        "::".join((state["type"], state["urn"].rpartition("::")[2])): state.get("inputs")
        for state in (step["newState"] for step in plan["steps"])
        if state["custom"]
    }


def _difference(flat: dict[str, Any], caas: dict[str, Any]) -> str:
    different = sorted(key for key in flat.keys() | caas.keys() if flat.get(key) != caas.get(key))
    first = different[0]
    return f"{len(different)} resources, first {first}:\nflat {flat.get(first)}\ncaas {caas.get(first)}"


if __name__ == "__main__":
    from tests.benchmarks.table import render

    print(render(run()))
