"""The stand-in for pulumi-docker on the real engine: it makes builders that buildx can use, and nothing else."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi_docker
import pytest

from sandbox.docker_stand_in.builders import Builder, BuilderError, daemon, refused
from sandbox.rpc.arguments import UNKNOWN, failures, shape_of
from tests.sandbox.engine import Engine, project

SDK = Path(pulumi_docker.__file__).parent
SHAPE = shape_of(SDK / "buildx_builder.py", "BuildxBuilderArgs")


def unsupported(name: str) -> str:
    return f"Unsupported argument. An argument named {name!r} is not expected here."


PROGRAM = """
    import pulumi
    import pulumi_docker

    pulumi.export("name", pulumi_docker.BuildxBuilder("mine", {arguments}).name)
"""


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({}, []),
        ({"name": "a", "bootstrap": True, "platforms": ["linux/amd64"], "driverOptions": {"a": "b"}}, []),
        ({"name": UNKNOWN, "bootstrap": UNKNOWN, "kubernetes": {"replicas": 2.0}}, []),
        ({"nmae": "a"}, [("nmae", unsupported("nmae"))]),
        ({"driver_options": {}}, [("driver_options", unsupported("driver_options"))]),
        ({"name": 1.0}, [("name", "expected string, got number")]),
        ({"bootstrap": "yes"}, [("bootstrap", "expected boolean, got string")]),
        ({"platforms": "linux/amd64"}, [("platforms", "expected list, got string")]),
        ({"platforms": ["a", 1.0]}, [("platforms[1]", "expected string, got number")]),
        ({"kubernetes": {"replicas": 1.5}}, [("kubernetes.replicas", "expected integer, got number")]),
        ({"kubernetes": {"limits": {"cpus": "1"}}}, [("kubernetes.limits.cpus", unsupported("cpus"))]),
        (
            {"dockerContainer": {"cpuPeriod": "1", "env": {"A": 1.0}}},
            [("dockerContainer.env.A", "expected string, got number")],
        ),
    ],
)
def test_inputs_are_checked_against_the_sdks_own_types(inputs: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert [(failure.path, failure.reason) for failure in failures(SHAPE, inputs)] == expected


def test_required_arguments_are_known() -> None:
    found = [
        (failure.path, failure.reason)
        for failure in failures(shape_of(SDK / "tag.py", "TagArgs"), {"sourceImage": "a"})
    ]
    assert found == [("targetImage", "Missing required argument. The argument 'targetImage' is required.")]


@pytest.mark.parametrize(
    ("inputs", "path", "reason"),
    [
        ({"name": "-x"}, "name", "invalid builder name '-x'"),
        ({"name": "../../etc/x"}, "name", "invalid builder name"),
        ({"driver": "kubernetes"}, "driver", "has no driver 'kubernetes'; it has docker-container, remote"),
        ({"use": True}, "use", "cannot do 'use'"),
        ({"append": True}, "append", "cannot do 'append'"),
        ({"remote": {"key": "a"}, "dockerContainer": {"image": "b"}}, "remote", "conflicts with dockerContainer"),
        ({"kubernetes": {"replicas": 1}}, "kubernetes", "not in the cluster"),
    ],
)
def test_what_the_sandbox_cannot_do_is_refused(inputs: dict[str, Any], path: str, reason: str) -> None:
    ((found, text),) = refused(inputs)
    assert found == path
    assert reason in text


@pytest.fixture
def listening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Something that accepts connections where the daemon would."""
    monkeypatch.setenv("BUILDX_CONFIG", str(tmp_path / "buildx"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(tmp_path / "d.sock"))
        server.listen()
        monkeypatch.setenv("CAAS_BUILDKIT", f"unix://{tmp_path}/d.sock")
        yield daemon()


def test_instance_is_what_buildx_reads(listening: str, tmp_path: Path) -> None:
    builder = Builder.of({"name": "Mine", "platforms": ["linux/arm/v7"]})
    builder.create(bootstrap=True)
    instance = json.loads((tmp_path / "buildx" / "instances" / "mine").read_text())
    assert (instance["Name"], instance["Driver"], instance["Dynamic"]) == ("Mine", "remote", False)
    (node,) = instance["Nodes"]
    assert node["Endpoint"] == listening
    assert node["Platforms"] == [{"os": "linux", "architecture": "arm", "variant": "v7"}]


def test_remote_builder_keeps_its_own_endpoint(listening: str) -> None:
    assert Builder.of({"name": "a", "driver": "remote", "endpoint": "tcp://b:1"}).endpoint == "tcp://b:1"
    assert Builder.of({"name": "a", "driver": "docker-container", "endpoint": "x"}).endpoint == listening


def test_same_builder_is_adopted_and_another_is_not(listening: str) -> None:
    Builder("a", listening, ()).create(bootstrap=False)
    Builder("a", listening, ()).create(bootstrap=False)
    with pytest.raises(BuilderError, match="existing instance for 'a' but no append mode"):
        Builder("a", "unix:///elsewhere", ()).create(bootstrap=False)


def test_daemon_that_does_not_answer_is_named(listening: str, tmp_path: Path) -> None:
    with pytest.raises(BuilderError, match=r"cannot boot: no BuildKit daemon answers at unix:///nowhere.*make up"):
        Builder("a", "unix:///nowhere", ()).create(bootstrap=True)
    assert not (tmp_path / "buildx").exists()


def stack(directory: Path, arguments: str) -> Engine:
    return project(directory, PROGRAM.format(arguments=arguments))


@pytest.mark.engine
def test_builder_lives_with_its_resource(listening: str, tmp_path: Path) -> None:
    engine = stack(tmp_path, 'name="a", driver="docker-container", bootstrap=True')
    instances = tmp_path / "buildx" / "instances"
    engine.must("preview")
    assert not instances.exists()
    engine.must("up", "--yes", "--skip-preview")
    assert [file.name for file in instances.iterdir()] == ["a"]
    assert "2 unchanged" in engine.must("preview", "--refresh")

    (instances / "a").unlink()
    engine.must("up", "--yes", "--skip-preview", "--refresh")
    assert [file.name for file in instances.iterdir()] == ["a"]

    engine.program(PROGRAM.format(arguments='name="b"'))
    assert "1 replaced" in engine.must("up", "--yes", "--skip-preview")
    assert [file.name for file in instances.iterdir()] == ["b"]
    engine.must("destroy", "--yes", "--skip-preview")
    assert list(instances.iterdir()) == []


@pytest.mark.engine
def test_builder_without_a_name_keeps_the_one_it_gets(listening: str, tmp_path: Path) -> None:
    engine = stack(tmp_path, "")
    engine.must("up", "--yes", "--skip-preview")
    (instance,) = (tmp_path / "buildx" / "instances").iterdir()
    assert instance.name.startswith("mine-")
    assert "2 unchanged" in engine.must("up", "--yes", "--skip-preview")


@pytest.mark.engine
def test_refusals_reach_the_user(listening: str, tmp_path: Path) -> None:
    engine = stack(tmp_path, 'name="a", use=True')
    answer = engine.pulumi("preview")
    assert answer.code != 0
    assert "the sandbox cannot do 'use'" in answer.text
    engine.program('import pulumi_docker\npulumi_docker.Volume("v")\n')
    answer = engine.pulumi("preview")
    assert answer.code != 0
    assert "docker:index/volume:Volume: the sandbox stands in for pulumi-docker's" in answer.text
    assert "Traceback" not in answer.text
