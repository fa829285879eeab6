"""The tools that judge what is declared, each beside the project and not in it: checkov pins a hundred packages of its
own, some older than ours."""

from __future__ import annotations

import fcntl
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox import paths, toolchain

HERE = Path(__file__).parent
LOCK = HERE / "checkov.lock"
GRAVE = ("CRITICAL",)
"""Of kube-score's grades the one that fails by itself; WARNING is advice."""


@dataclass(frozen=True)
class Fault:
    """What one tool finds wrong with one resource."""

    tool: str
    check: str
    resource: str
    title: str

    def __str__(self) -> str:
        return f"{self.tool} {self.check} {self.resource}: {self.title}"


def checkov(framework: str, files: Path) -> tuple[list[Fault], int]:
    """What checkov's own rules find in a directory, and how many rules held. Severities belong to its vendor's service,
    so each finding counts."""
    command = [str(_checkov()), "--directory", str(files), "--framework", framework, "--quiet", "--output", "json"]
    done = subprocess.run(
        [*command, "--skip-download", "--soft-fail"], capture_output=True, text=True, check=False, cwd=files
    )
    if done.returncode != 0:
        raise RuntimeError(f"checkov exited {done.returncode}:\n{done.stderr}")
    report: dict[str, Any] = json.loads(done.stdout)
    if report["summary"]["parsing_errors"]:
        raise RuntimeError(f"checkov could not read {report['results']['parsing_errors']}")
    failed = report["results"]["failed_checks"]
    faults = [Fault("checkov", one["check_id"], one["resource"], one["check_name"]) for one in failed]
    return faults, int(report["summary"]["passed"])


def kube_score(manifests: list[dict[str, Any]], directory: Path) -> tuple[list[Fault], int]:
    """What kube-score calls critical, and how many checks held."""
    file = directory / "manifests.yaml"
    # JSON is YAML.
    file.write_text("\n---\n".join(json.dumps(one) for one in manifests), encoding="utf-8")
    tool = toolchain.ensure((toolchain.CHECKS,)).tool("kube-score")
    command = [str(tool), "score", "--output-format", "json", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not done.stdout.startswith("["):
        raise RuntimeError(f"kube-score exited {done.returncode}:\n{done.stderr}")
    grades = list(_grades(json.loads(done.stdout)))
    return [fault for grade, fault in grades if grade in GRAVE], sum(grade == "OK" for grade, _ in grades)


NAMES = {1: "CRITICAL", 5: "WARNING", 7: "ALMOST_OK", 10: "OK"}
"""kube-score's grades in its JSON."""


def _grades(report: list[dict[str, Any]]) -> Iterator[tuple[str, Fault]]:
    for judged in report:
        for check in judged["checks"]:
            if check["skipped"]:
                continue
            comments = [one["summary"] for one in check["comments"] or ()] or [check["check"]["name"]]
            for comment in comments:
                yield NAMES[check["grade"]], Fault("kube-score", check["check"]["id"], judged["object_name"], comment)


def _checkov() -> Path:
    """checkov in an environment of its own, installed once for each lock file."""
    name = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]
    home = paths.cache() / "checkov" / name
    home.parent.mkdir(parents=True, exist_ok=True)
    with (home.parent / "lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "whole").exists():
            print("Installing checkov (about 40 s) …", file=sys.stderr, flush=True)
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
            install = ["pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", str(LOCK)]
            subprocess.run([str(home / "bin" / "python"), "-m", *install], check=True)
            (home / "whole").touch()
    return home / "bin" / "checkov"
