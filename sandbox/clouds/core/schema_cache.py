"""What was read from an SDK's source, kept beside the SDK: reading AWS's takes seconds, and each command needs it anew.

Kept in the virtual environment, as Python keeps compiled modules: it goes when the environment does, and what was read
from another version of the SDK, or by another version of this code, is not found.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import sys
import tempfile
from pathlib import Path
from typing import Any

from sandbox.rpc import arguments

_READERS = (Path(arguments.__file__), Path(__file__).with_name("schema.py"))


class SchemaCache:
    """The schemas of one SDK by token. Where nothing can be written, nothing is kept."""

    def __init__(self, sdk: Path) -> None:
        """``sdk``: the directory of its package."""
        key = hashlib.sha256()
        for file in (*_READERS, sdk / "pulumi-plugin.json"):
            key.update(file.read_bytes())
        self._directory = Path(sys.prefix) / "sdk-schemas" / f"{sdk.name}-{key.hexdigest()[:16]}"

    def get(self, token: str) -> Any:
        """What was put under the token; None where that was nothing or cannot be read."""
        with contextlib.suppress(OSError, pickle.UnpicklingError, EOFError, AttributeError, ImportError):
            # As trustworthy as the code beside which it lies. JSON has no word for a type that contains itself.
            return pickle.loads(self._file(token).read_bytes())  # noqa: S301 -- ours, see above
        return None

    def put(self, token: str, schema: Any) -> None:
        """Keep it, whole or not at all: several plug-ins write at the same time."""
        with contextlib.suppress(OSError):
            self._directory.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._directory)
            with os.fdopen(handle, "wb") as file:
                file.write(pickle.dumps(schema))
            os.replace(name, self._file(token))

    def _file(self, token: str) -> Path:
        return self._directory / token.replace(":", ".").replace("/", ".")
