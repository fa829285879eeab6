"""What 50 services cost on each platform: `pulumi preview` of one stack, against the floor of a flat program, and how
it grows to 300.

The floor registers exactly the resources of our own plan with plain values (``programs/replayed.py``); it is lower than
a program that a person could write. Clouds are the simulated ones, so that what is compared is the program and the
engine. Both programs run in turns; of several rounds the smallest figure counts.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sandbox import toolchain
from sandbox.clouds import environment as clouds
from tests.benchmarks import previews
from tests.benchmarks.bench_overhead import KUBECONFIG
from tests.benchmarks.previews import Project, Sample, make, pulumi_yaml
from tests.benchmarks.table import Row

PLATFORMS = ("kubernetes", "aws-ecs", "gke", "azure-aci")
COUNTS = (1, 50, 175, 300)
ROUNDS = {1: 3, 50: 3, 175: 1, 300: 1}
"""Number of services -> how often each program runs; each round of 300 takes minutes."""

RATIO = 2.0
"""Our preview of 50 services against the floor's."""

LINEAR = 1.25
"""Processor seconds for each service from 175 to 300 against those from 50 to 175, of program, engine and plug-ins. Not
against the first 50: these are worked on while the plug-ins still start. Not by the clock: it would count what else
the machine does."""

DIGEST = "a" * 64
ACCOUNT = "123456789012"

Samples = dict[tuple[str, int], list[Sample]]


def run(platforms: Sequence[str] = PLATFORMS) -> list[Row]:
    """Three rows for each platform."""
    rows = []
    for platform in platforms:
        with tempfile.TemporaryDirectory(prefix="caas-platforms-") as directory:
            rows += _rows(platform, _measure(Path(directory), platform))
    return rows


def _rows(platform: str, samples: Samples) -> list[Row]:
    ours = {count: min(one.seconds for one in samples["caas", count]) for count in COUNTS}
    floor = min(one.seconds for one in samples["flat", 50])
    spent = {count: min(one.processor for one in samples["caas", count]) for count in COUNTS}
    early, late = (spent[175] - spent[50]) / 125, (spent[300] - spent[175]) / 125
    memory = {count: max(one.memory for one in samples["caas", count]) for count in COUNTS}
    detail = "python -m tests.benchmarks platforms"
    ratio, growth = ours[50] / floor, late / early
    return [
        Row(
            f"{platform}: preview of 50 services",
            f"{ratio:.2f} ({ours[50]:.2f} s / {floor:.2f} s)",
            f"< {RATIO:.0f} x the flat program",
            ratio < RATIO,
            detail,
        ),
        Row(
            f"{platform}: growth from 50 to 300 services",
            f"{growth:.2f} ({1000 * late:.0f} ms of processor a service after {1000 * early:.0f} ms; "
            f"{ours[300]:.1f} s at 300)",
            f"linear: <= {LINEAR}",
            growth <= LINEAR,
            detail,
        ),
        Row(
            f"{platform}: memory of the program",
            ", ".join(f"{memory[count]:.0f} MiB at {count}" for count in COUNTS),
            "recorded",
            True,
            detail,
        ),
    ]


def _measure(directory: Path, platform: str) -> Samples:
    samples: Samples = {}
    for count in COUNTS:
        ours = _project(directory / f"caas-{count}", platform, count, previews.REPOSITORY / "__main__.py")
        plan = _plan(ours, directory / f"plan-{count}.json")
        flat = _project(directory / f"flat-{count}", platform, count, previews.PROGRAMS / "replayed.py", PLAN=str(plan))
        pair = {"caas": ours, "flat": flat} if count == 50 else {"caas": ours}
        for _ in range(ROUNDS[count]):
            for name, project in pair.items():
                samples.setdefault((name, count), []).append(project.preview())
                print(f"  {platform:10} {count:4}  {name:5} {samples[name, count][-1]}", file=sys.stderr, flush=True)
    return samples


def _plan(project: Project, file: Path) -> Path:
    """What the program declares, as the floor reads it."""
    steps = [step["newState"] for step in json.loads(project.pulumi("preview", "--json", "--show-secrets"))["steps"]]
    resources = [
        {
            "type": one["type"],
            "name": one["urn"].rpartition("::")[2],
            "urn": one["urn"],
            "inputs": one.get("inputs") or {},
            "provider": (one.get("provider") or "").rpartition("::")[0],
        }
        for one in steps
        if one["custom"]
    ]
    resources.sort(key=lambda one: not one["type"].startswith("pulumi:providers:"))
    file.write_text(json.dumps(resources), encoding="utf-8")
    return file


def _project(directory: Path, platform: str, count: int, program: Path, **variables: str) -> Project:
    address, settings, cloud = _platform(platform, directory.parent)
    service = {
        "port": 8080,
        "environment": {"GREETING": "Hello"},
        "health": {"readiness": {"path": "/ready"}, "command": ["/app", "healthcheck"]},
        "scaling": {"minimum": 2, "maximum": 4},
    }
    names = [f"service-{number:03}" for number in range(count)]
    services = {name: {**service, "image": f"{address}/{name}@sha256:{DIGEST}"} for name in names}
    for name in names[::4]:
        # A load balancer's listener takes a hundred rules, an Application Gateway 45 hosts with TLS.
        shared = {"host": "all.example.com", "path": f"/{name}"}
        services[name]["ingress"] = shared if platform == "azure-aci" else {"path": "/"}
    stack = {
        "caas:platform": platform,
        "caas:registry": {"address": address},
        "caas:domain": "example.com",
        "caas:owner": "benchmarks",
        "caas:costCentre": "benchmarks",
        **settings,
    }
    if cloud is not None:
        variables |= clouds.variables([cloud], toolchain.current().environment())
    files = {"Pulumi.yaml": pulumi_yaml(services), "Pulumi.staging.yaml": {"config": stack}}
    return make(directory, program, files, CAAS_CLOUDS_DIR=str(directory / "clouds"), **variables)


def _platform(platform: str, directory: Path) -> tuple[str, dict[str, Any], str | None]:
    """Registry, settings of the stack, and the cloud that is simulated."""
    if platform == "aws-ecs":
        certificate = f"arn:aws:acm:eu-central-1:{ACCOUNT}:certificate/11111111-2222-3333-4444-555555555555"
        aws = {"region": "eu-central-1", "certificate": certificate}
        return f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com", {"caas:aws": aws}, "aws"
    if platform == "gke":
        office = {"office": "203.0.113.0/24"}
        gcp = {"project": "shop-staging-1234", "region": "europe-west3", "authorizedNetworks": office}
        return "europe-west3-docker.pkg.dev/shop-staging-1234/caas", {"caas:gcp": gcp}, "gcp"
    if platform == "azure-aci":
        subscription = "12345678-1234-9876-4563-123456789012"
        vault = f"/subscriptions/{subscription}/resourceGroups/keys/providers/Microsoft.KeyVault/vaults/shop-keys"
        azure = {"subscription": subscription, "location": "westeurope", "vault": vault, "certificate": "wildcard"}
        return "shopstaging.azurecr.io", {"caas:azure": azure}, "azure"
    kubeconfig = directory / "kubeconfig"
    kubeconfig.write_text(json.dumps(KUBECONFIG), encoding="utf-8")
    return "registry.example.com", {"caas:kubernetes": {"kubeconfig": str(kubeconfig)}}, None
