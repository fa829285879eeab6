"""Runs another program inside the engine's language host and notes what it took.

``MEASURED_PROGRAM`` is the program's path, ``MEASURED_RESULT`` where peak memory (KiB) and processor time (s) go.
"""

from __future__ import annotations

import atexit
import json
import os
import resource
import runpy
import sys
from pathlib import Path


def note() -> None:
    """Write the figures of this process, at its end."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    figures = {"memory": usage.ru_maxrss, "processor": usage.ru_utime + usage.ru_stime}
    Path(os.environ["MEASURED_RESULT"]).write_text(json.dumps(figures), encoding="utf-8")


atexit.register(note)
program = Path(os.environ["MEASURED_PROGRAM"])
sys.path.insert(0, str(program.parent))
runpy.run_path(str(program), run_name="__main__")
