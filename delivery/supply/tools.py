"""Other people's tools as commands: found on the PATH, run with a limit, and their refusal as one line."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from delivery.errors import DeliveryError
from delivery.exit_codes import Exit

LIMIT = 600.0
"""Seconds that one command may take: a scan of a large image."""
LONGEST = 300
"""Characters of a tool's own words that an error repeats."""

MADE_BY = {
    "cosign": "signs images and reads signatures; https://docs.sigstore.dev/cosign",
    "syft": "lists what is in an image; https://github.com/anchore/syft",
}


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def words(self) -> str:
        """What it complained about, in one line: what it calls its error, else its last line."""
        lines = [line.strip() for line in self.err.splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith("Error")]
        return (errors[:1] or lines[-1:] or [f"exit code {self.code}"])[0][:LONGEST]


def missing(name: str) -> str | None:
    """What to say where a tool is not there; None where it is."""
    if shutil.which(name) is not None:
        return None
    what = MADE_BY.get(name)
    return f"{name} is not on the PATH" + (f" ({what})" if what else "")


def run(command: Sequence[str], variables: Mapping[str, str] | None = None, limit: float = LIMIT) -> Done:
    """Run a command to its end, with these variables beside the environment's own, and without a terminal to ask.

    DeliveryError where it is not there, or takes longer than ``limit`` seconds.
    """
    if (lack := missing(command[0])) is not None:
        raise DeliveryError(f"{lack}.", Exit.BAD_INPUT, remedy="Install it, or set the PATH.")
    try:
        done = subprocess.run(
            list(command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={**os.environ, **(variables or {})},
            encoding="utf-8",
            errors="replace",
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise DeliveryError(f"{command[0]} took longer than {limit:.0f} s and was ended.", Exit.NOT_PROVEN) from error
    except OSError as error:
        raise DeliveryError(f"{command[0]} cannot be run: {error.strerror}.", Exit.BAD_INPUT) from error
    return Done(done.returncode, done.stdout, done.stderr)
