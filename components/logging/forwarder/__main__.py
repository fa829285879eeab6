"""Start a forwarder: ``python -m components.logging.forwarder``."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Mapping

from components.logging.forwarder.elasticsearch import Elasticsearch
from components.logging.forwarder.forward import Forwarder, say
from components.logging.forwarder.settings import CLIENT, CREDENTIAL, WORKSPACE, decoded
from components.logging.forwarder.workspace import Workspace


def main(environment: Mapping[str, str]) -> int:
    """Run until SIGTERM; 2 where it was told nothing that it could do."""
    try:
        settings = decoded(environment)
        workspace = Workspace(settings, environment[WORKSPACE], environment[CLIENT])
    except (ValueError, KeyError) as error:
        say("error", f"cannot start: {error}")
        return 2
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    Forwarder(settings, workspace, Elasticsearch(settings, environment.get(CREDENTIAL, "")), stop).run()
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
