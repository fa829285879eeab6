"""What ``caas`` tells the program beside its configuration, and nobody else: an apply by hand knows nothing of it.

- Which services run a second version for the time being. A release that moves traffic goes through several applies of
  the same configuration; what differs between them is no configuration, so it stands in none.
- Which release is to run: a promotion and a rollback move digests and a whole configuration that stand in no file of
  the project (docs/adr/0022-releases-beside-the-state.md).
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VARIABLE = "CAAS_CANDIDATES"
"""Service -> instances of its new version, as JSON."""

RELEASE = "CAAS_RELEASE"
"""Path of a file that holds a :class:`Pinned` as JSON."""


def candidates() -> Mapping[str, int]:
    """Service -> instances of the new version that is tried beside the one that serves; empty outside a release.

    Raises ValueError where the variable holds anything else.
    """
    text = os.environ.get(VARIABLE)
    if not text:
        return {}
    found = json.loads(text)
    if not isinstance(found, dict) or not all(type(count) is int and count > 0 for count in found.values()):
        raise ValueError(f"{VARIABLE} must be a mapping of services to counts above 0, as JSON; it is {text!r}")
    return found


@dataclass(frozen=True)
class Pinned:
    """A release that was made before, here or in another environment."""

    name: str
    """What errors call it, such as ``release 3 of stack dev``."""
    configuration: Mapping[str, Any]
    """The namespace's keys in place of the stack's own; the secrets stay the stack's."""
    images: Mapping[str, str]
    """Service -> ``repository@sha256:…``: run, and not built."""

    def text(self) -> str:
        """As the file holds it."""
        content = {"name": self.name, "configuration": dict(self.configuration), "images": dict(self.images)}
        return json.dumps(content, sort_keys=True)


def pinned() -> Pinned | None:
    """The release that is to run again; None where the program runs what its configuration describes.

    Raises ValueError where the variable names no such file.
    """
    path = os.environ.get(RELEASE)
    return _read(path) if path else None


@functools.lru_cache(maxsize=1)
def _read(path: str) -> Pinned:
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
        configuration, images = dict(found["configuration"]), dict(found["images"])
        return Pinned(str(found["name"]), configuration, {str(k): str(v) for k, v in images.items()})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{RELEASE} must name a file with a release, as caas writes it: {error!r}") from error
