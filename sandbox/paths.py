"""Where the sandbox keeps its files: two directories, and nothing outside them."""

from __future__ import annotations

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
"""The checkout that this code belongs to."""

PLUGINS = REPOSITORY / "sandbox" / "plugins"
"""Plug-ins of our own, first on the PATH where the official ones cannot be had."""


def cache() -> Path:
    """What was downloaded and built, kept by ``make down``. ``CAAS_CACHE``, or ``~/.cache/caas``."""
    return _directory("CAAS_CACHE", Path.home() / ".cache" / "caas")


def home() -> Path:
    """What the running sandbox owns, removed by ``make down``. ``CAAS_SANDBOX``, or
    ``~/.local/share/caas-sandbox``."""
    return _directory("CAAS_SANDBOX", Path.home() / ".local" / "share" / "caas-sandbox")


def _directory(variable: str, default: Path) -> Path:
    return Path(os.environ.get(variable) or default).expanduser().absolute()
