"""What the components cost: `pulumi preview` of N services, against a flat program with the same resources.

The program as it is shipped and a flat one written by hand run in turns (A B A B) on the same engine. The flat one
declares the same resources with the same properties, compared property by property before anything is timed; it has
no component resources, which are a part of what the components cost. A third run, for information only, is the flat
program without the SDK's debug messages (see ``components/program.py``), which shows how much of a ratio that is.

Of several rounds the smallest figure counts, since whatever else a machine does can only add: seconds of the whole
command; seconds of processor of all its processes (CLI, engine, plug-ins, program), which other work disturbs less;
and the peak memory of the program's own process, for the engine's is the same and would only hide a difference.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.benchmarks import previews
from tests.benchmarks.previews import Project, Sample, make, pulumi_yaml
from tests.benchmarks.table import Row

PROGRAMS = {
    "flat": previews.PROGRAMS / "flat.py",
    "caas": previews.REPOSITORY / "__main__.py",
    "flat, quiet": previews.PROGRAMS / "flat_quiet.py",
}
ROUNDS = {1: 9, 10: 7, 100: 3, 300: 2}
"""Number of services -> how often each program runs."""

TIME_LIMIT = 1.10
MEMORY_LIMIT = 1.15
GROWTH_LIMIT = 1.00
DETAIL = "python -m tests.benchmarks overhead"

KUBECONFIG = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [{"name": "none", "cluster": {"server": "https://127.0.0.1:1"}}],
    "contexts": [{"name": "none", "context": {"cluster": "none", "user": "none"}}],
    "users": [{"name": "none", "user": {"token": "none"}}],
    "current-context": "none",
}
"""No cluster answers: what is measured is the program and the engine."""


WHAT = {"seconds": ("time", TIME_LIMIT, "s"), "processor": ("processor time", TIME_LIMIT, "s")}
WHAT["memory"] = ("memory", MEMORY_LIMIT, "MiB")
"""Field of a sample -> its title, the limit of its ratio, its unit."""

Samples = dict[str, list[Sample]]
"""Program -> its rounds."""


def run() -> list[Row]:
    """Ratios for each number of services, and of the growth per service."""
    with tempfile.TemporaryDirectory(prefix="caas-overhead-") as directory:
        taken = {count: _measure(Path(directory), count) for count in ROUNDS}
    rows = []
    for count, samples in taken.items():
        for what, (title, limit, unit) in WHAT.items():
            ours, theirs, quiet = (_best(samples, name, what) for name in ("caas", "flat", "flat, quiet"))
            note = f"; flat without debug messages {quiet:.2f} {unit}, noise {_noise(samples, what):.0%}"
            rows.append(_row(f"overhead: {title}, {count} services", ours, theirs, limit, unit, note))
    return rows + [_growth(taken, what) for what in WHAT]


def _growth(taken: dict[int, Samples], what: str) -> Row:
    """Of the smallest and the largest number of services. The noise is printed, and not added to the limit."""
    title, _, unit = WHAT[what]
    least, most = min(taken), max(taken)
    each = {
        name: (_best(taken[most], name, what) - _best(taken[least], name, what)) / (most - least) for name in PROGRAMS
    }
    note = f"; flat without debug messages {each['flat, quiet']:.3f} {unit}, noise {_noise(taken[most], what):.0%}"
    name = f"overhead: {title}, growth per service"
    return _row(name, each["caas"], each["flat"], GROWTH_LIMIT, unit, note, digits=3)


def _best(samples: Samples, program: str, what: str) -> float:
    return min(_figures(samples, program, what))


def _noise(samples: Samples, what: str) -> float:
    """How far the two smallest figures of one program lie apart, at the most."""
    smallest = [sorted(_figures(samples, name, what)) for name in ("flat", "caas")]
    return max(figures[1] / figures[0] - 1 for figures in smallest)


def _figures(samples: Samples, program: str, what: str) -> list[float]:
    return [float(getattr(one, what)) for one in samples[program]]


def _row(name: str, ours: float, theirs: float, limit: float, unit: str, note: str, digits: int = 2) -> Row:
    ratio = ours / theirs
    figure = f"{ratio:.3f} ({ours:.{digits}f} {unit} / {theirs:.{digits}f} {unit}{note})"
    return Row(name, figure, f"<= {limit:.2f}", ratio <= limit, DETAIL)


def _measure(directory: Path, count: int) -> Samples:
    projects = {name: project(directory / f"{name.replace(', ', '-')}-{count}", name, count) for name in PROGRAMS}
    shapes = {name: _resources(projects[name]) for name in ("flat", "caas")}
    if shapes["flat"] != shapes["caas"]:
        raise RuntimeError(f"the two programs differ, so comparing them says nothing: {_difference(**shapes)}")
    samples: Samples = {name: [] for name in PROGRAMS}
    for _ in range(ROUNDS[count]):
        for name, project in projects.items():
            samples[name].append(project.preview())
            print(f"  {count:4} services  {name:11}  {samples[name][-1]}", file=sys.stderr, flush=True)
    return samples


def project(directory: Path, program: str, count: int) -> Project:
    kubeconfig = directory.parent / "kubeconfig"
    kubeconfig.write_text(json.dumps(KUBECONFIG), encoding="utf-8")
    variables = {"KUBECONFIG": str(kubeconfig), "SERVICES": str(count)}
    return make(directory, PROGRAMS[program], _settings(count, kubeconfig), **variables)


def _settings(count: int, kubeconfig: Path) -> dict[str, dict[str, Any]]:
    """Pulumi.yaml and the stack's file."""
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
    stack = {
        "caas:platform": "kubernetes",
        "caas:kubernetes": {"kubeconfig": str(kubeconfig)},
        "caas:registry": {"address": "registry.example.com"},
        "caas:domain": "example.com",
        "caas:owner": "benchmarks",
        "caas:costCentre": "benchmarks",
    }
    return {"Pulumi.yaml": pulumi_yaml(services), "Pulumi.staging.yaml": {"config": stack}}


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
