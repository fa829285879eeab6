"""A create that succeeds while its answer is lost: the next apply says which resource it is and how to take it over,
and that command does so, on each cloud by the real engine."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from pathlib import Path

import pytest
from pulumi import automation as auto
from pulumi.automation.errors import CommandError

from delivery.apply import Journal
from delivery.output import Output
from delivery.taken import ways_out
from sandbox import toolchain
from sandbox.clouds import environment as clouds
from tests.sandbox.clouds.test_every_fault import PACKAGES, exists, known, steps, stored
from tests.sandbox.engine import Engine, project

pytestmark = [pytest.mark.engine, pytest.mark.slow]

PROGRAM = """
    import pulumi
    {imports}

    class Part(pulumi.ComponentResource):
        def __init__(self, name, account):
            super().__init__("trial:index:Part", name, opts=pulumi.ResourceOptions(providers=[account]))
            inside = pulumi.ResourceOptions(parent=self)
            {resources}
            self.register_outputs({{}})

    Part("part", {account})
"""


def program(imports: str, account: str, *resources: str) -> str:
    """Resources inside a component, with a provider of their own, as the components declare theirs."""
    return PROGRAM.format(imports=imports, account=account, resources="\n            ".join(resources))


TRUST = json.dumps({"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "x"}}]})

PARTS = {
    "aws": program(
        "import pulumi_aws as aws",
        'aws.Provider("account", region="eu-central-1", allowed_account_ids=["123456789012"])',
        f"aws.iam.Role('role', name='shop-web', assume_role_policy={TRUST!r}, opts=inside)",
        "aws.cloudwatch.LogGroup('log', name='/shop/web', retention_in_days=14, opts=inside)",
        "aws.ecs.Cluster('cluster', name='shop', opts=inside)",
        "aws.s3.Bucket('bucket', bucket='shop-logs', opts=inside)",
    ),
    "gcp": program(
        "import pulumi_gcp as gcp",
        'gcp.Provider("account", project="shop-1234", region="europe-west3")',
        "gcp.artifactregistry.Repository('images', repository_id='shop', format='DOCKER', location='europe-west3', "
        "opts=inside)",
        "gcp.compute.Network('network', name='shop', auto_create_subnetworks=False, opts=inside)",
    ),
    "azure": program(
        "import pulumi_azure_native as azure",
        'azure.Provider("account", subscription_id="12345678-1234-9876-4563-123456789012", location="westeurope")',
        "group = azure.resources.ResourceGroup('group', resource_group_name='shop', opts=inside)",
        "azure.managedidentity.UserAssignedIdentity('web', resource_group_name=group.name, resource_name_='shop-web', "
        "opts=inside)",
    ),
}
"""Cloud -> a program, each of whose resources is answered for by nobody when it is made."""

MOST_APPLIES = 8


@pytest.mark.parametrize("cloud", PARTS)
def test_what_nobody_answered_for_is_taken_over(cloud: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = clouds.variables([cloud], {**os.environ, **toolchain.current((toolchain.ENGINE,)).environment()})
    engine = project(tmp_path, PARTS[cloud], CAAS_CLOUDS_DIR=str(tmp_path / "clouds"), **variables)
    monkeypatch.setenv("PATH", engine.variables["PATH"])
    made = steps(engine, PACKAGES[cloud], "create")
    common = {"operation": "create", "fault": "lost", "times": 1}
    rules = [{"type": kind, "name": name, **common} for kind, name in made]
    (tmp_path / "clouds" / f"{cloud}.faults.json").write_text(json.dumps(rules), encoding="utf-8")
    file = tmp_path / "clouds" / f"{cloud}.json"

    taken_over: list[str] = []
    for _ in range(MOST_APPLIES):
        lines = applied(engine)
        if lines is None:
            break
        for line in lines:
            command = shlex.split(line.split("`")[1])
            taken_over.append(command[2])
            assert subprocess.run(command, cwd=engine.directory, env=engine.variables, check=False).returncode == 0
    assert sorted(taken_over) == sorted(kind for kind, _ in made)
    assert set(exists(file)) <= known(engine), "something exists that the state does not know"
    assert len(exists(file)) == len(made), "nothing was made twice"
    engine.must("preview", "--refresh", "--expect-no-changes")


def applied(engine: Engine) -> tuple[str, ...] | None:
    """What an apply that failed says of what is there already; None for one that succeeded."""
    stack = auto.create_or_select_stack(
        "dev", work_dir=str(engine.directory), opts=auto.LocalWorkspaceOptions(env_vars=engine.variables)
    )
    journal = Journal(Output())
    try:
        stack.up(on_event=journal.hear, continue_on_error=True, color="never", suppress_progress=True)
    except CommandError:
        return ways_out(journal.not_made, stored(engine), "dev")
    return None
