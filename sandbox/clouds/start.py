"""A simulated cloud as a running plug-in: which cloud, whose SDK, where its world is."""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from pulumi.runtime.proto import provider_pb2_grpc

from sandbox.clouds import environment
from sandbox.clouds.core.cloud import Cloud, Definition
from sandbox.clouds.core.faults import Faults
from sandbox.clouds.core.provider import Provider
from sandbox.clouds.core.schema import Sdk
from sandbox.clouds.core.world import World
from sandbox.errors import SandboxError
from sandbox.rpc.serve import serve


def cloud(name: str, directory: Path) -> Cloud:
    """A simulated cloud whose world and faults lie in a directory."""
    definition: Definition = import_module(f"sandbox.clouds.{name}.definition").DEFINITION
    return Cloud(definition, World(directory / f"{name}.json"), Faults(directory / f"{name}.faults.json"))


def serve_cloud(name: str) -> None:
    """Serve a cloud until the engine ends. Ends the process where nobody asked for a simulation."""
    try:
        asked = environment.asked(os.environ)
    except SandboxError as error:
        sys.exit(f"pulumi-resource-{name}: {error}")
    if name not in asked:
        sys.exit(
            f"pulumi-resource-{name}: this is the sandbox's simulation, and {environment.CLOUDS} does not ask for it; "
            f"use `python -m sandbox.clouds.run {name} -- …`, or take {environment.PLUGINS} from the PATH"
        )
    simulated = cloud(name, environment.directory(os.environ))
    package = simulated.definition.package
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        sys.exit(f"pulumi-resource-{name}: {sys.executable} has no package {package}; run `make deps`")
    sdk = Path(spec.origin).parent
    version = json.loads((sdk / "pulumi-plugin.json").read_text())["version"]
    simulated.world.fold()
    provider = Provider(simulated, Sdk(sdk), version)
    serve(
        lambda server: provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server),
        before_exit=simulated.world.fold,
    )
