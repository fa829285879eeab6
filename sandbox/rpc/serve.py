"""A plug-in's life: listen, tell the engine where, and end with it, whichever way it ends."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import FrameType

import grpc

MESSAGE_LIMIT = 400 * 1024 * 1024
"""Bytes in one message: what the engine itself allows."""

PARENT_CHECK = 0.2
"""Seconds between two looks at whether the engine still lives."""


@dataclass(frozen=True)
class Arguments:
    """What the engine puts on a plug-in's command line."""

    engine: str
    """Address of the engine's own service, host:port; empty where the plug-in is started by hand."""
    tracing: str
    """Where traces go; empty where nobody asked for them."""


def parse(argv: Sequence[str]) -> Arguments:
    """Read the engine's flags and its address, which comes last. Unknown flags are the engine's business."""
    words = iter(argv)
    engine, tracing = "", ""
    for word in words:
        if word in ("--tracing", "-tracing"):
            tracing = next(words, "")
        elif word.startswith(("--tracing=", "-tracing=")):
            tracing = word.split("=", 1)[1]
        elif not word.startswith("-"):
            engine = word
    return Arguments(engine=engine, tracing=tracing)


def serve(register: Callable[[grpc.Server], None], *, before_exit: Callable[[], None] = lambda: None) -> None:
    """Serve until the engine asks for the end or is gone, then end this process.

    The engine asks by an interrupt, which a keyboard's Ctrl-C also sends; neither is worth a word. A killed engine
    asks for nothing, so its process is looked at as well. ``before_exit`` runs once, in either case.
    """
    parent = os.getppid()
    over = threading.Event()

    def finish(_signal: int, _frame: FrameType | None) -> None:
        over.set()

    signal.signal(signal.SIGINT, finish)
    signal.signal(signal.SIGTERM, finish)
    server = grpc.server(
        ThreadPoolExecutor(max_workers=64),
        options=[
            ("grpc.max_receive_message_length", MESSAGE_LIMIT),
            ("grpc.max_send_message_length", MESSAGE_LIMIT),
            ("grpc.so_reuseport", 0),
        ],
    )
    register(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    while not over.wait(PARENT_CHECK) and os.getppid() == parent:
        pass
    before_exit()
    # No orderly shutdown: calls that are still open belong to an engine that no longer listens.
    os._exit(0)
