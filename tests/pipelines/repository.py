"""An application's repository as a team has it: the program, its pipelines, a service, three stacks, and a remote."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.cluster import hello
from tests.forges import PROJECT
from tests.projects import ROOT, Completed, completed

PASSPHRASE = "sandbox"
SALT = YAML(typ="safe").load(ROOT / "Pulumi.dev.yaml")["encryptionsalt"]
"""A stack file is committed with the salt of its secrets, as the sandbox's own is."""
STACKS = ("dev", "staging", "prod")
LINKED = ("__main__.py", "components", "delivery", "sandbox", ".venv", "requirements.lock", ".ci")
"""What is the program's own and the same in every repository that uses it."""
AUTHOR = ("ann", "ann@example.com")


@dataclass
class Repository:
    """One work tree with its remote, and the state of its stacks beside it."""

    directory: Path
    project: str
    environment: Mapping[str, str] = field(default_factory=dict)

    def git(self, *arguments: str) -> str:
        """One git command, as the author."""
        name, mail = AUTHOR
        who = ["-c", f"user.name={name}", "-c", f"user.email={mail}"]
        done = subprocess.run(["git", *who, *arguments], cwd=self.directory, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def describe(self, version: str, **changes: Any) -> None:
        """Write the service's description for a version."""
        described = hello.service(build={"context": "hello", "args": {"VERSION": version}}, **changes)
        runtime = {"name": "python", "options": {"toolchain": "pip", "virtualenv": sys.prefix}}
        content = {
            "name": self.project,
            "runtime": runtime,
            "config": {"caas:services": {"value": {"hello": described}}},
        }
        YAML().dump(content, self.directory / "Pulumi.yaml")

    def push(self, message: str) -> str:
        """Commit everything and push it; the commit's id."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        self.git("push", "--quiet", "origin", "main")
        return self.git("rev-parse", "HEAD")

    def checkout(self, directory: Path, commit: str) -> Repository:
        """Another work tree at one commit, as a runner has one for each pipeline; the stacks are the same."""
        self.git("clone", "--quiet", self.git("remote", "get-url", "--push", "origin"), str(directory))
        made = Repository(directory, self.project, self.environment)
        made.git("checkout", "--quiet", "-B", "main", commit)
        made.forge(self.git("remote", "get-url", "--push", "origin"))
        return made

    def forge(self, remote: str) -> None:
        """What is asked for the project's name says a forge's address; what is pushed goes to the directory."""
        if "origin" not in self.git("remote").split():
            self.git("remote", "add", "origin", remote)
        self.git("remote", "set-url", "origin", f"https://forge.invalid/{PROJECT}.git")
        self.git("remote", "set-url", "--push", "origin", remote)
        self.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")

    def host(self, stack: str) -> str:
        """The host name of the service in a stack."""
        return f"hello.{stack}.{self.project}.localhost"

    def version(self, stack: str) -> str:
        """Which version answers in a stack."""
        request = urllib.request.Request(f"{hello.INGRESS}/", headers={"Host": self.host(stack)})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return str(json.load(answer)["version"])

    def caas(self, command: str, *arguments: str) -> str:
        """A command of ``caas`` that must go well; what it printed."""
        return self._run(sys.executable, "-m", "delivery", command, *arguments)

    def pulumi(self, *arguments: str) -> str:
        """A command of the engine that must go well; what it printed."""
        return self._run("pulumi", "--non-interactive", *arguments)

    def _run(self, *command: str) -> str:
        done = self.run(*command)
        assert done.code == 0, done.text
        return done.out

    def run(self, *command: str, limit: float = 900) -> Completed:
        """Run a command to its end, in the work tree and the environment."""
        return completed(command, self.directory, self.environment, limit)

    def history(self, stack: str) -> list[dict[str, Any]]:
        """The releases of a stack, oldest first."""
        found: list[dict[str, Any]] = json.loads(self.caas("history", "--stack", stack, "--json"))["releases"]
        return found[::-1]

    def destroy(self) -> None:
        """Take every stack down, whatever state it was left in."""
        for stack in STACKS:
            for arguments in (
                ("cancel", "--yes"),
                ("refresh", "--yes", "--skip-preview", "--clear-pending-creates"),
                ("destroy", "--yes", "--skip-preview"),
            ):
                self.run("pulumi", "--non-interactive", *arguments, "--stack", stack)


def settings(project: str, stack: str) -> dict[str, Any]:
    """A stack's own values: dev's, staging's and prod's tiers on one cluster, each with a place of its own."""
    return {
        "platform": "kubernetes",
        "tier": "dev",
        "registry": {"address": f"{hello.REGISTRY}/{project}/{stack}"},
        "kubernetes": {"ingressClass": "traefik", "ingressEndpoint": hello.INGRESS, "gateway": "ingress/front"},
        # Nobody asks anything of the first two: there a release that moves traffic goes on without an answer.
        "gate": hello.GATE if stack == "prod" else {**hello.GATE, "inconclusive": "continue"},
        "domain": f"{stack}.{project}.localhost",
        "owner": "shop",
        "costCentre": "shop",
    }


def make(directory: Path, variables: Mapping[str, str], pipelines: Mapping[str, str], **more: str) -> Repository:
    """A repository with its first commit, pushed to a remote of its own. Call ``destroy`` at the end."""
    work, remote, state = directory / "work", directory / "remote.git", directory / "state"
    for path in (work, state):
        path.mkdir(parents=True)
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch", "main", str(remote)], check=True)
    environment = {
        **variables,
        "PULUMI_BACKEND_URL": f"file://{state}",
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        **more,
    }
    made = Repository(work, f"shop-{secrets.token_hex(3)}", environment)
    for name in LINKED:
        (work / name).symlink_to(ROOT / name)
    # A team's own levels: stacks of these names refuse a host without TLS, and the sandbox has no certificates.
    shutil.copytree(ROOT / "policies", work / "policies", ignore=shutil.ignore_patterns("__pycache__"))
    levels = work / "policies" / "levels.yaml"
    levels.write_text(levels.read_text(encoding="utf-8").replace(": mandatory", ": advisory"), encoding="utf-8")
    shutil.copytree(ROOT / "examples" / "hello", work / "hello")
    (work / "Makefile").write_text(".PHONY: venv test\nvenv: ;\ntest:\n\ttest ! -e hello/broken\n", encoding="utf-8")
    (work / ".gitignore").write_text(".gitlab-ci-local/\n.cache/\nplan-*.json\npreview-*.md\n", encoding="utf-8")
    made.describe("1")
    for stack in STACKS:
        values = {f"caas:{key}": value for key, value in settings(made.project, stack).items()}
        YAML().dump({"encryptionsalt": SALT, "config": values}, work / f"Pulumi.{stack}.yaml")
    made.git("init", "--quiet", "--initial-branch", "main")
    made.forge(str(remote))
    for name, content in pipelines.items():
        path = work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return made
