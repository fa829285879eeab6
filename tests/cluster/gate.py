"""A way to Elasticsearch that can be closed: what passes it meanwhile is cut off, as by a restart."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType


class Gate:
    """A port on 127.0.0.1 behind which another one is."""

    def __init__(self, target: int) -> None:
        self._target, self._closed = target, threading.Event()
        self._passing: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.refused = 0
        """Connections that came while it was closed."""
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> Gate:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.close()
        self._listener.close()

    def close(self) -> None:
        """Cut off who passes, and let nobody in."""
        self._closed.set()
        for one in list(self._passing):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def open(self) -> None:
        """Let everybody in again."""
        self._closed.clear()

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self._closed.is_set():
                self.refused += 1
                near.close()
                continue
            far = socket.create_connection(("127.0.0.1", self._target))
            self._passing |= {near, far}
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pipe, args=(source, sink), daemon=True).start()

    def _pipe(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._passing.discard(source)
        source.close()
