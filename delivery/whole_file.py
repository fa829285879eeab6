"""Writes a file as a whole or not at all: whoever reads it in between, or after a failure, sees no half of it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write(path: Path, text: str) -> None:
    """Put the file in its place at once, readable by everybody. OSError where that cannot be done."""
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}-", delete=False
    ) as new:
        new.write(text)
    os.chmod(new.name, 0o644)  # A temporary file is its owner's alone.
    os.replace(new.name, path)
