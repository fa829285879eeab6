"""``python -m sandbox.clouds.job aws-ecs``: the services of ``examples/platforms``, applied and proven on a simulated
cloud. What ``make up PLATFORM=…`` runs; a second run changes nothing.

Services on ECS and Container Instances are simulated with their cloud. Those on GKE really run, on the sandbox's
Kubernetes behind the simulated cluster, from the image that ``make up`` has built.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from sandbox import paths
from sandbox.environment import PASSPHRASE
from sandbox.errors import SandboxError

JOBS = {"aws-ecs": ("aws", "prod"), "gke": ("gcp", "gke"), "azure-aci": ("azure", "aci")}
"""Platform -> the cloud that is simulated, and the example's stack."""

SALT = "encryptionsalt"
"""The engine's own line in a stack's file, which a fresh copy would lose."""


def main() -> None:
    """Run the job; its exit code is ours. An error is one message and exit code 1."""
    try:
        platform = sys.argv[1] if len(sys.argv) == 2 else ""
        if platform not in JOBS:
            raise SandboxError(f"PLATFORM={platform}: there is kubernetes, {', '.join(JOBS)}.")
        sys.exit(run(platform))
    except SandboxError as error:
        sys.exit(f"error: {error}")


def run(platform: str) -> int:
    """Apply and prove."""
    cloud, stack = JOBS[platform]
    directory = project()
    if platform == "gke":
        adapt(directory / f"Pulumi.{stack}.yaml", image())
    simulated = [sys.executable, "-m", "sandbox.clouds.run", cloud, "--"]
    command = [sys.executable, "-m", "delivery", "up", "--stack", stack, "--directory", str(directory)]
    return subprocess.run([*simulated, *command], env=variables(), cwd=paths.REPOSITORY, check=False).returncode


def project() -> Path:
    """A copy of the example in the sandbox, since the engine writes into a stack's file."""
    home = paths.home() / "platforms"
    directory = home / "examples" / "platforms"
    directory.mkdir(parents=True, exist_ok=True)
    for name, target in (("components", paths.REPOSITORY / "components"), (".venv", Path(sys.prefix))):
        link = home / name
        if not link.is_symlink() or link.readlink() != target:
            link.unlink(missing_ok=True)
            link.symlink_to(target)
    for file in (paths.REPOSITORY / "examples" / "platforms").iterdir():
        copy = directory / file.name
        salt = _salt(copy)
        if file.is_file():
            shutil.copyfile(file, copy)
        if salt:
            copy.write_text(f"{salt}\n{copy.read_text(encoding='utf-8')}", encoding="utf-8")
    return directory


def _salt(file: Path) -> str | None:
    if not file.is_file():
        return None
    return next((line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith(f"{SALT}:")), None)


def adapt(file: Path, reference: str) -> None:
    """Let both services run an image that the sandbox has, behind the sandbox's ingress controller."""
    yaml = YAML()
    content = yaml.load(file)
    config: dict[str, Any] = content["config"]
    config["caas:kubernetes"] = {"ingressClass": "traefik", "ingressEndpoint": "http://127.0.0.1:18080"}
    overrides = config.setdefault("caas:overrides", {})
    for service in ("shop", "stock"):
        overrides.setdefault(service, {})["image"] = reference
    yaml.dump(content, file)


def image() -> str:
    """The sample service's image, as the stack dev runs it."""
    command = ["pulumi", "stack", "output", "services", "--json", "--stack", "dev"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=paths.REPOSITORY, env=variables(), check=False)
    if done.returncode != 0:
        raise SandboxError(f"the image of stack dev is not known: {done.stderr.strip()}; run `make up` first.")
    found: Mapping[str, Any] = json.loads(done.stdout)
    return str(found["hello"]["image"])


def variables() -> dict[str, str]:
    """The environment of the commands: state and passphrase are the sandbox's unless the user has set others."""
    state = paths.home() / "pulumi"
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = dict(os.environ)
    found["PULUMI_BACKEND_URL"] = found.get("PULUMI_BACKEND_URL") or f"file://{state}"
    if not found.get("PULUMI_CONFIG_PASSPHRASE_FILE"):
        found["PULUMI_CONFIG_PASSPHRASE"] = found.get("PULUMI_CONFIG_PASSPHRASE") or PASSPHRASE
    return found


if __name__ == "__main__":
    main()
