"""A stack that the engine and the record of releases take for applied, and ``caas`` run on it without a process of its
own: what is asked of it needs no cluster that the program was really applied to."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
from kubernetes import config as kube
from ruamel.yaml import YAML
from typer.testing import CliRunner

from components.spec import read_files
from delivery import cli, ledger, releases
from delivery.engine import Engine
from delivery.ledger import Intent, Ledger
from delivery.records import Kind, Outcome
from delivery.stack import ProgramStack
from tests.projects import Completed, Project


def must(done: Completed) -> str:
    """What a command wrote that must not fail."""
    assert done.code == 0, done.text
    return done.out


def state(project: Project, image: str) -> None:
    """Write into the state what an apply of the program would have: one Deployment, and the outputs that say so."""
    urn = f"urn:pulumi:{project.stack}::caas-test::"
    service = {
        "image": image,
        "url": None,
        "namespace": f"caas-test-{project.stack}",
        "deployment": "hello",
        "port": 8080,
        "minimum": 1,
        "maximum": 1,
        "healthPath": "/healthz",
    }
    outputs = {"environment": "dev", "platform": "kubernetes", "services": {"hello": service}, "kubernetes": {}}
    root = {
        "urn": f"{urn}pulumi:pulumi:Stack::caas-test-{project.stack}",
        "custom": False,
        "type": "pulumi:pulumi:Stack",
        "outputs": outputs,
    }
    provider = {
        "urn": f"{urn}pulumi:providers:kubernetes::cluster",
        "custom": True,
        "id": "it",
        "type": "pulumi:providers:kubernetes",
        "inputs": {},
        "outputs": {},
    }
    deployment = {
        "urn": f"{urn}kubernetes:apps/v1:Deployment::hello-deployment",
        "custom": True,
        "id": f"caas-test-{project.stack}/hello",
        "provider": f"{provider['urn']}::it",
        "type": "kubernetes:apps/v1:Deployment",
        "inputs": {"metadata": {"name": "hello", "namespace": f"caas-test-{project.stack}"}},
        "outputs": {"metadata": {"generation": 1}},
    }
    salt = YAML(typ="safe").load(project.directory / f"Pulumi.{project.stack}.yaml")["encryptionsalt"]
    deployed = {
        "manifest": {"time": "2026-01-01T00:00:00Z", "magic": "", "version": ""},
        "secrets_providers": {"type": "passphrase", "state": {"salt": salt}},
        "resources": [root, provider, deployment],
    }
    file = project.directory / "import.json"
    file.write_text(json.dumps({"version": 3, "deployment": deployed}))
    must(project.pulumi("stack", "import", "--file", str(file)))


def releases_of(project: Project, *images: str) -> None:
    """Write into the record of releases what an apply of each image would have; the last is what runs now."""
    configuration = releases.without_secrets(read_files(project.directory, project.stack)[0])
    book = Ledger(ProgramStack(project.directory, project.stack, "caas-test", Engine()))
    for image in images:
        release, _ = book.begin(Intent(Kind.UP, ledger.owner(), configuration, strategies={"hello": "rolling"}))
        book.end(release, configuration, Outcome.SUCCEEDED, images={"hello": image}, changed=1)


def inside(patch: pytest.MonkeyPatch, project: Project) -> None:
    """Let this process stand where a process of the project's would."""
    for name in [*os.environ]:
        if name not in project.variables:
            patch.delenv(name)
    for name, value in project.variables.items():
        patch.setenv(name, value)
    patch.chdir(project.directory)
    # The client of Kubernetes has read it when it was loaded.
    patch.setattr(kube.kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", project.variables.get("KUBECONFIG", "none"))


def kubeconfig(directory: Path, server: str) -> str:
    """A kubeconfig whose token nobody takes."""
    file = directory / "kubeconfig"
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "it", "cluster": {"server": server}}],
        "users": [{"name": "it", "user": {"token": "expired"}}],
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
        "current-context": "it",
    }
    file.write_text(json.dumps(content))
    return str(file)


def run(project: Project, command: list[str], patch: pytest.MonkeyPatch) -> Completed:
    """The command in this process, as its entry point begins it."""
    inside(patch, project)
    before = signal.getsignal(signal.SIGTERM)
    try:
        done = CliRunner().invoke(cli.app, command)
    finally:
        signal.signal(signal.SIGTERM, before)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Completed(done.exit_code, done.stdout, done.stderr)
