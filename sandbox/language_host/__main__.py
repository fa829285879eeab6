"""Start the language host: ``pulumi-language-python [flags] <engine's address>``, as the engine does it.

Every command that a user types waits for this module, so it imports no more than the calls of every command need.
"""

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

    from pulumi.runtime.proto import language_pb2_grpc

    from sandbox.language_host.programs import Programs
    from sandbox.language_host.server import LanguageHost
    from sandbox.rpc.serve import parse, serve

    arguments = parse(sys.argv[1:])
    programs = Programs()
    host = LanguageHost(arguments.engine, arguments.tracing, sdk_version(), programs)
    serve(
        lambda server: language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server),
        before_exit=programs.stop,
    )


def sdk_version() -> str:
    """The installed SDK's version, which is the engine's as well. Read from its file: importing it is slow."""
    import re

    import pulumi

    with open(os.path.join(next(iter(pulumi.__path__)), "_version.py"), encoding="utf-8") as file:
        found = re.search(r"""["'](\d+\.\d+\.\d+[^"']*)["']""", file.read())
    return found[1] if found else ""


if __name__ == "__main__":
    main()
