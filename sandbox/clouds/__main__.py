"""Start a simulated cloud's plug-in: ``python sandbox/clouds/__main__.py aws [flags] <engine's address>``."""

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

    from sandbox.clouds.start import serve_cloud

    serve_cloud(sys.argv[1])


if __name__ == "__main__":
    main()
