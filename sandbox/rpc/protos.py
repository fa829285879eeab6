"""The engine's message types without the SDK that ships them.

``import pulumi.runtime.proto…`` runs the whole SDK first, which costs more than the plug-in's own work, and every
command that a user types starts every plug-in. The generated modules themselves need protobuf and grpc only.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType


def without_sdk() -> None:
    """Make ``pulumi.runtime.proto.*`` importable without running ``pulumi/__init__.py``.

    For a process that never uses the SDK itself, and to be called before its first import of a message type. Where
    the SDK is loaded already (a test), nothing is done.
    """
    if "pulumi" in sys.modules:
        return
    spec = importlib.util.find_spec("pulumi")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"{sys.executable} has no package `pulumi`; install this project's requirements.lock")
    root = Path(next(iter(spec.submodule_search_locations)))
    for name, path in (
        ("pulumi", root),
        ("pulumi.runtime", root / "runtime"),
        ("pulumi.runtime.proto", root / "runtime" / "proto"),
    ):
        package = ModuleType(name)
        package.__path__ = [str(path)]
        sys.modules[name] = package
