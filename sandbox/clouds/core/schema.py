"""What a token of the installed SDK takes and gives, read from the SDK's source."""

from __future__ import annotations

import ast
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.clouds.core.schema_cache import SchemaCache
from sandbox.rpc.arguments import Shape, shape_of

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
"""Where one word of a name ends and the next begins; ``IAMMember`` are two."""


@dataclass(frozen=True)
class Schema:
    """The inputs' shape, and the names that come back."""

    inputs: Shape
    outputs: frozenset[str]


class Sdk:
    """The SDK of one cloud, by the directory of its package."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._cache = SchemaCache(directory)
        self._known: dict[str, Schema] = {}
        # The engine asks for many types at once, and several of them lie in one large file.
        self._lock = threading.Lock()

    def resource(self, token: str) -> Schema:
        """Of a resource type, ``package:module/type:Type``. Raises `KeyError` where the SDK has no such type."""
        with self._lock:
            if token not in self._known:
                kept = self._cache.get(token)
                self._known[token] = kept or self._read(token)
                if kept is None:
                    self._cache.put(token, self._known[token])
            return self._known[token]

    def _read(self, token: str) -> Schema:
        file, name = self._file(token), token.rpartition(":")[2]
        classes = _classes(file, token)
        # A type with a nested type of its own name has its arguments under another one.
        arguments = next(each for each in (f"{name}Args", f"{name}InitArgs") if each in classes)
        return Schema(shape_of(file, arguments), _getters(classes[name]))

    def function(self, token: str) -> frozenset[str]:
        """The names of a function's arguments over the wire."""
        file = self._file(token)
        if not file.is_file():
            raise KeyError(token)
        return frozenset(re.findall(r"__args__\['(\w+)'\]", file.read_text()))

    def _file(self, token: str) -> Path:
        # `aws:ecs/service:Service`, and `azure-native:network:Subnet`.
        module, _, name = token.split(":")[1].partition("/")
        name = name or token.rpartition(":")[2]
        folder = self._directory if module == "index" else self._directory / module
        return folder / f"{_WORD.sub('_', name[:1].upper() + name[1:]).lower()}.py"


def _classes(file: Path, token: str) -> Mapping[str, ast.ClassDef]:
    if not file.is_file():
        raise KeyError(token)
    return {node.name: node for node in ast.parse(file.read_text()).body if isinstance(node, ast.ClassDef)}


def _getters(node: ast.ClassDef) -> frozenset[str]:
    """Names over the wire of a resource class's properties."""
    found = set()
    for function in (each for each in node.body if isinstance(each, ast.FunctionDef)):
        decorators = {ast.unparse(each).partition("(")[0]: each for each in function.decorator_list}
        if "pulumi.getter" in decorators:
            getter = decorators["pulumi.getter"]
            named = [each.value for each in getter.keywords] if isinstance(getter, ast.Call) else []
            constants = [str(each.value) for each in named if isinstance(each, ast.Constant)]
            found.add(constants[0] if constants else function.name)
    return frozenset(found)
