"""Writes what a person asked for into the file that they named."""

from __future__ import annotations

from pathlib import Path

from delivery.errors import DeliveryError
from delivery.exit_codes import Exit


def write(path: Path, content: str) -> None:
    """DeliveryError where that cannot be done."""
    try:
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise DeliveryError(
            f"{path} cannot be written: {error.strerror}.", Exit.BAD_INPUT, remedy="Name a file that can."
        ) from error
