"""YAML with line numbers, read as the engine reads it: plain data and nothing else.

No tag constructs anything, a key given twice is an error, and an alias cannot make a document larger than
`LARGEST` values. What the data means is no matter of this module.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path as FilePath
from typing import Any

from components.spec.errors import Path

LARGEST = 500_000
"""Values in one document, aliases counted as often as they are used."""

_PLAIN_TAGS = {"null", "bool", "int", "float", "str"}


@dataclass(frozen=True)
class Fault:
    """Why a file is no plain YAML."""

    line: int | None
    path: Path
    limit: str
    remedy: str


class NotPlain(Exception):
    """A file that cannot be read as plain data; holds one fault per place."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        super().__init__(faults)


@dataclass
class Document:
    """One YAML file, read when first asked: an intact configuration never pays for line numbers."""

    path: FilePath
    _count: int = field(default=0, repr=False)

    @cached_property
    def text(self) -> str:
        """The file's text. Raises `NotPlain` where it cannot be read."""
        try:
            return self.path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise NotPlain(Fault(None, (), "text in UTF-8", "save the file in UTF-8")) from None
        except OSError as error:
            raise NotPlain(Fault(None, (), "a file that can be read", f"{error.strerror}: look at it")) from None

    @cached_property
    def _root(self) -> Any:
        # Imported late: a configuration without a fault needs no YAML reader inside the Pulumi program.
        from ruamel.yaml import YAML
        from ruamel.yaml.error import MarkedYAMLError, YAMLError

        reader = YAML(typ="safe", pure=True)
        try:
            return reader.compose(self.text)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = None if mark is None else int(mark.line) + 1
            why = f"valid YAML; the reader says: {error.problem or error.context}"
            raise NotPlain(Fault(line, (), why, "mend the line, or the one above it (indentation, quotes)")) from None
        except YAMLError:
            raise NotPlain(Fault(None, (), "valid YAML: printable text", "remove the control characters")) from None
        except RecursionError:
            raise NotPlain(Fault(None, (), "YAML nested at most 100 deep", "flatten the file")) from None

    def data(self) -> Any:
        """The file as mappings, lists, text, numbers, booleans and None. Raises `NotPlain` with every fault."""
        faults: list[Fault] = []
        self._count = 0
        value = None if self._root is None else self._plain(self._root, (), (), faults)
        if faults:
            raise NotPlain(*faults)
        return value

    def reach(self, path: Path) -> tuple[int, int | None]:
        """How many segments of the path the file has, and the line, from 1, of the last of them."""
        node, line = self._root, None
        for depth, segment in enumerate(path):
            entry = _child(node, segment)
            if entry is None:
                return depth, line
            key, node = entry
            line = int(key.start_mark.line) + 1
        return len(path), line

    def _plain(self, node: Any, path: Path, above: tuple[int, ...], faults: list[Fault]) -> Any:
        line = int(node.start_mark.line) + 1
        self._count += 1
        if id(node) in above or len(above) > 100 or self._count > LARGEST:
            limit = f"at most {LARGEST} values, at most 100 deep, and no alias inside its own anchor"
            raise NotPlain(Fault(line, path, limit, "write the values out"))
        above = (*above, id(node))
        kind = str(node.tag).removeprefix("tag:yaml.org,2002:")
        if kind == "map":
            return self._mapping(node, path, above, faults)
        if kind == "seq":
            return [self._plain(item, (*path, at), above, faults) for at, item in enumerate(node.value)]
        if kind == "timestamp":
            return str(node.value)
        if kind not in _PLAIN_TAGS:
            faults.append(Fault(line, path, "plain YAML without tags such as !!binary", "remove the tag"))
            return None
        return _scalar(kind, node, line, path, faults)

    def _mapping(self, node: Any, path: Path, above: tuple[int, ...], faults: list[Fault]) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        for key, value in node.value:
            line = int(key.start_mark.line) + 1
            if str(key.tag).endswith(":merge"):
                parts = value.value if str(value.tag).endswith(":seq") else [value]
                for part in reversed(parts):
                    inherited = self._plain(part, path, above, faults)
                    merged |= inherited if isinstance(inherited, dict) else {}
                continue
            if not isinstance(key.value, str):
                faults.append(Fault(line, path, "keys that are text", "write a plain key"))
                continue
            if key.value in own:
                limit = "each key once: the engine would refuse the file or drop one of the two values"
                faults.append(Fault(line, (*path, key.value), limit, "remove one of the two"))
            own[key.value] = self._plain(value, (*path, key.value), above, faults)
        return merged | own


def _scalar(kind: str, node: Any, line: int, path: Path, faults: list[Fault]) -> Any:
    text = str(node.value)
    if kind == "str":
        return text
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    digits = text.replace("_", "").lower()
    try:
        if kind == "int":
            sign, digits = (-1, digits[1:]) if digits.startswith("-") else (1, digits.removeprefix("+"))
            base = {"0x": 16, "0o": 8, "0b": 2}.get(digits[:2], 10)
            return sign * int(digits[2:] if base != 10 else digits, base)
        return float(digits.replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError:  # digits without end, or a form that only another version of YAML calls a number
        faults.append(Fault(line, path, "a number that can be read", "write plain digits, or put text in quotes"))
        return None


def _child(node: Any, segment: str | int) -> tuple[Any, Any] | None:
    """The nodes of a key and its value, or of an entry twice; a merged key is found where it is written."""
    if node is None or not isinstance(node.value, list):
        return None
    if isinstance(segment, int):
        found = node.value[segment] if segment < len(node.value) else None
        return None if found is None or isinstance(found, tuple) else (found, found)
    pairs = [pair for pair in node.value if isinstance(pair, tuple)]
    for key, value in pairs:
        if key.value == segment:
            return key, value
    for key, value in pairs:
        if str(key.tag).endswith(":merge"):
            for part in value.value if str(value.tag).endswith(":seq") else [value]:
                if (found := _child(part, segment)) is not None:
                    return found
    return None
