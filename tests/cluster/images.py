"""Images of the sample service in the sandbox's registry, for platforms whose own registries are simulated."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests import projects
from tests.projects import Project

PROGRAM = """
import pulumi
from components.image import ContainerImage, ContainerImageArgs
from components.spec.service import Build

build = Build.model_validate({"context": "hello", "args": {"VERSION": "1"}})
args = ContainerImageArgs(build=build, repository="127.0.0.1:15000/cloud/hello")
pulumi.export("image", ContainerImage("hello", args).reference)
"""


def built(directory: Path, environment: Mapping[str, str], number: int) -> str:
    """Build and push the image of that number; its reference by digest.

    :param directory: Of the project that builds it, the same for all numbers.
    """
    if directory.exists():
        builder = Project(directory, "images", dict(environment))
    else:
        builder = projects.make(directory, "images", **environment)
        builder.write({}, {})
        (directory / "__main__.py").unlink()
        (directory / "__main__.py").write_text(PROGRAM, encoding="utf-8")
        assert builder.pulumi("stack", "init").code == 0
    source = directory / "hello" / "release.go"
    source.write_text(f'package main\n\nfunc init() {{ println("release {number}") }}\n', encoding="utf-8")
    done = builder.pulumi("up", "--yes", "--skip-preview")
    assert done.code == 0, done.text
    return builder.pulumi("stack", "output", "image").out.strip()
