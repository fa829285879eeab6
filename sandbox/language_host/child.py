"""Runs inside the project's interpreter: start a program as Python itself would, and end when the host ends.

Standard library only: the project's interpreter need not have this repository's packages. A killed host cannot end
what it started, so the program looks after its parent itself.

    python -u child.py <process id of the host> <script> [argument…]
    python -u child.py <process id of the host> -m <module> [argument…]
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time

PARENT_CHECK = 0.2
"""Seconds between two looks at whether the host still lives."""


def end_with(parent: int) -> None:
    """Kill this process and what it started as soon as ``parent`` is no longer its parent."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(PARENT_CHECK)
        if os.getpgrp() == os.getpid():
            os.killpg(os.getpid(), signal.SIGKILL)
        os._exit(1)

    threading.Thread(target=watch, name="end with the host", daemon=True).start()


def main() -> None:
    """Replace this module's traces in ``sys`` by the program's own, and run it as ``__main__``."""
    end_with(int(sys.argv[1]))
    target, arguments = sys.argv[2], sys.argv[3:]
    if not sys.flags.safe_path:
        del sys.path[0]  # this module's own directory
    if target == "-m":
        module, arguments = arguments[0], arguments[1:]
        sys.path.insert(0, os.getcwd())
        sys.argv = [module, *arguments]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        return
    sys.argv = [target, *arguments]
    if not os.path.isdir(target):
        # For a directory, run_path does this by itself.
        sys.path.insert(0, os.path.dirname(os.path.abspath(target)))
    runpy.run_path(target, run_name="__main__")


if __name__ == "__main__":
    main()
