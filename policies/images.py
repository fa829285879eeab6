"""What an image's name tells: its digest, and the registry it comes from. No rules here."""

from __future__ import annotations

import re

BY_DIGEST = re.compile(r"@(sha256:[0-9a-f]{64})$")
"""A name that ends in a digest always means the same image."""


def digest(image: str) -> str | None:
    """``sha256:…`` of an image that is named by digest."""
    found = BY_DIGEST.search(image)
    return found[1] if found else None


def from_registry(image: str, registry: str) -> bool:
    """Whether the image lies in a registry or under one of its paths: ``a.example/team`` covers ``a.example/team/x``
    and not ``a.example/teams/x``."""
    return image.startswith(f"{registry.rstrip('/')}/")
