"""Small questions to a program: does it listen, does it answer, who holds its port."""

from __future__ import annotations

import socket
import ssl
import urllib.error
import urllib.request
from pathlib import Path

from sandbox.errors import SandboxError

_SECONDS = 2.0
_NO_PROXY = urllib.request.ProxyHandler({})


def answers(url: str, context: ssl.SSLContext | None = None, expected: tuple[int, ...] = (200,)) -> bool:
    """Whether a GET of this local address has one of the expected codes."""
    handlers: list[urllib.request.BaseHandler] = [_NO_PROXY]
    if context is not None:
        handlers.append(urllib.request.HTTPSHandler(context=context))
    try:
        with urllib.request.build_opener(*handlers).open(url, timeout=_SECONDS) as response:
            return response.status in expected
    except urllib.error.HTTPError as error:
        error.close()
        return error.code in expected
    except (OSError, urllib.error.URLError, ValueError):
        return False


def accepts(path: Path) -> bool:
    """Whether a program accepts connections on this Unix socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_SECONDS)
        try:
            connection.connect(str(path))
        except OSError:
            return False
    return True


def check_free(address: str, port: int, purpose: str) -> None:
    """Refuse a port that another program holds.

    Raises:
        SandboxError: it is taken; names the port, its purpose and how to see the holder.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            raise SandboxError(
                f"Port {port} of {address}, for the {purpose}, is in use by another program ({error.strerror}).\n"
                f"End that program (`ss -ltnp 'sport = :{port}'` names it) and run again."
            ) from error
