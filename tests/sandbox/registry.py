"""A registry of its own for a test: the real one, on a free port, with its files in the test's directory."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox import toolchain
from tests.sandbox.engine import until


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(directory: Path) -> Iterator[str]:
    """Run the registry; gives host:port."""
    address = f"127.0.0.1:{free_port()}"
    configuration = directory / "registry.yml"
    configuration.write_text(
        f"version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n"
        f"storage: {{filesystem: {{rootdirectory: {directory}/registry}}}}\nhttp: {{addr: '{address}'}}\n"
    )
    tools = toolchain.current((toolchain.CLUSTER,))
    with subprocess.Popen(
        [tools.tool("docker-registry"), "serve", configuration],
        env={**os.environ, **tools.environment()},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            until("the registry answers", lambda: answers(address))
            yield address
        finally:
            process.terminate()


def answers(address: str) -> bool:
    """Whether a registry serves its API here."""
    connection = http.client.HTTPConnection(address, timeout=1)
    try:
        connection.request("GET", "/v2/")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
