"""Start the stand-in: ``pulumi-resource-docker [flags] <engine's address>``, as the engine does it."""

from __future__ import annotations

import os
import signal
import sys


def main() -> None:
    """Serve until the engine ends."""
    # Until the server has its own handler, an interrupt means that nobody waits for this process any more.
    signal.signal(signal.SIGINT, lambda _signal, _frame: os._exit(0))
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

    from sandbox.rpc.protos import without_sdk

    without_sdk()

    import json
    from importlib.util import find_spec
    from pathlib import Path

    from pulumi.runtime.proto import provider_pb2_grpc

    from sandbox.docker_stand_in.provider import DockerStandIn
    from sandbox.rpc.serve import serve

    spec = find_spec("pulumi_docker")
    if spec is None or spec.origin is None:
        sys.exit(f"pulumi-resource-docker: {sys.executable} has no package pulumi_docker; run `make deps`")
    sdk = Path(spec.origin).parent
    version = json.loads((sdk / "pulumi-plugin.json").read_text())["version"]
    provider = DockerStandIn(sdk, version)
    serve(lambda server: provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server))


if __name__ == "__main__":
    main()
