"""Who meets a simulated cloud, and how a call to it is broken off."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest

from sandbox.clouds import environment
from sandbox.clouds.aws import tokens
from sandbox.clouds.aws.definition import configure
from sandbox.clouds.core.errors import CloudError
from sandbox.clouds.run import parse
from sandbox.errors import SandboxError
from tests.sandbox.clouds.desk import Desk


def test_a_simulation_is_asked_for_by_name() -> None:
    assert environment.asked({}) == ()
    assert environment.asked({"CAAS_CLOUDS": "aws"}) == ("aws",)
    with pytest.raises(SandboxError, match="there is no simulated 'awss'; there is aws"):
        environment.asked({"CAAS_CLOUDS": "awss"})
    assert parse(["aws", "--", "pulumi", "up"]) == (["aws"], ["pulumi", "up"])
    with pytest.raises(SandboxError, match=r"usage: python -m sandbox\.clouds\.run"):
        parse(["aws", "pulumi", "up"])


def test_variables_put_the_plug_in_first_and_take_credentials_away() -> None:
    given = {"PATH": "/bin", "AWS_ACCESS_KEY_ID": "real", "AWS_SECRET_ACCESS_KEY": "real", "AWS_REGION": "us-east-1"}
    found = environment.variables(["aws"], given)
    assert found["PATH"] == f"{environment.PLUGINS}:/bin"
    assert (environment.PLUGINS / "pulumi-resource-aws").stat().st_mode & 0o111
    assert "real" not in {**given, **found}.values()
    assert (found["CAAS_CLOUDS"], found["AWS_REGION"]) == ("aws", "us-east-1")


@pytest.mark.parametrize(
    ("clouds", "words"), [("", "CAAS_CLOUDS does not ask for it"), ("moon", "there is no simulated 'moon'")]
)
def test_the_plug_in_ends_where_nobody_asked(clouds: str, words: str) -> None:
    plug_in = environment.PLUGINS / "pulumi-resource-aws"
    variables = {**environment.variables(["aws"], {"PATH": "/usr/bin:/bin"}), "CAAS_CLOUDS": clouds}
    done = subprocess.run([plug_in], env=variables, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_region_is_needed_and_accounts_can_be_barred() -> None:
    assert configure({"region": "eu-west-1"}, {"AWS_REGION": "us-east-1"}).region == "eu-west-1"
    assert configure({"defaultTags": '{"tags": {"a": "b"}}'}, {"AWS_REGION": "us-east-1"}).default_tags == {"a": "b"}
    with pytest.raises(CloudError, match="Missing region information"):
        configure({}, {})
    with pytest.raises(CloudError, match="invalid AWS Region: mars"):
        configure({"region": "mars"}, {})
    with pytest.raises(CloudError, match="AWS Account ID not allowed: 123456789012"):
        configure({"region": "eu-west-1", "allowedAccountIds": '["210987654321"]'}, {})


def test_a_slow_call_is_broken_off_by_cancel(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    (tmp_path / "aws.faults.json").write_text(json.dumps([{"fault": "slow", "seconds": 60}]))
    desk.cloud.cancelled.set()
    began = time.monotonic()
    with pytest.raises(CloudError, match="RequestCanceled"):
        desk.create(tokens.CLUSTER, name="trial")
    assert time.monotonic() - began < 10


def test_a_slow_call_ends_well(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    (tmp_path / "aws.faults.json").write_text(json.dumps([{"fault": "slow", "seconds": 0.2, "times": 1}]))
    began = time.monotonic()
    assert desk.create(tokens.CLUSTER, name="trial")["name"] == "trial"
    assert time.monotonic() - began >= 0.2
