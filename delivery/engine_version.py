"""Which version a Pulumi CLI is, without starting it for each command: a start takes half a second.

A program that is one compiled file is of the same version for as long as that file is the same; what it said is kept
in the user's cache. A script, such as a version manager's, decides at each start what it runs, and is asked every time.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from functools import cache
from pathlib import Path

from pulumi.automation import PulumiCommand
from semver import VersionInfo

from delivery import whole_file

COMPILED = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
"""How compiled programs begin: Linux's, and macOS's for one processor and for several."""


@cache
def version(executable: str) -> VersionInfo | None:
    """What the CLI at this path, the first on the PATH, says that it is.

    Raises:
        InvalidVersionError: it is too old for the Automation API; that is kept of none.
    """
    kept = _kept(Path(executable))
    if kept is not None:
        with contextlib.suppress(OSError, ValueError):
            return VersionInfo.parse(kept.read_text(encoding="ascii"))
    found = PulumiCommand().version
    if kept is not None and found is not None:
        # Without a cache each command asks, and nothing else is lost.
        with contextlib.suppress(OSError):
            kept.parent.mkdir(parents=True, exist_ok=True)
            whole_file.write(kept, str(found))
    return found


def _kept(executable: Path) -> Path | None:
    """The file that keeps its answer; None where it has to be asked each time."""
    try:
        with executable.open("rb") as program:
            if not program.read(4).startswith(COMPILED):
                return None
            status = os.fstat(program.fileno())
    except OSError:
        return None
    same = f"{executable.resolve()} {status.st_ino} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"
    home = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    return home / "caas" / "engine" / hashlib.sha256(same.encode()).hexdigest()[:16]
