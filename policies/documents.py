"""YAML with the line of every key, for the pack's own data files; a fault names the file and the line."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class DataError(Exception):
    """A data file of the pack cannot be used. The text is one line: where, what, and the way out."""


@dataclass(frozen=True)
class Document:
    """A file as plain data that remembers lines."""

    path: Path
    root: Any

    @classmethod
    def load(cls, path: Path) -> Document:
        """Read the file; an empty one is None. Raises `DataError` where it is no YAML."""
        # Imported late: only a pack that starts reads files, and a rule's test does not.
        from ruamel.yaml import YAML
        from ruamel.yaml.error import MarkedYAMLError, YAMLError

        try:
            return cls(path, YAML().load(path.read_text(encoding="utf-8")))
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = "" if mark is None else f":{int(mark.line) + 1}"
            problem = str(error.problem or error.context).strip()
            raise DataError(f"{_shown(path)}{line}: {problem}; mend the line, or the one above it") from None
        except (YAMLError, UnicodeDecodeError):
            raise DataError(f"{_shown(path)}: no YAML; save it as text in UTF-8") from None
        except OSError as error:
            raise DataError(f"{_shown(path)}: cannot be read ({error.strerror}); restore it") from None

    def fault(self, at: Any, text: str, key: Any = None) -> DataError:
        """The error for a mapping or list of the file, or for one key or element of it."""
        return DataError(f"{self.place(at, key)}: {text}")

    def place(self, at: Any, key: Any = None) -> str:
        """``policies/waivers.yaml:12``."""
        lines = getattr(at, "lc", None)
        if lines is None:
            return _shown(self.path)
        data = lines.data if isinstance(lines.data, dict) else {}
        line = data[key][0] if key in data else lines.line
        return f"{_shown(self.path)}:{int(line) + 1}"

    def mapping(self, at: Any, key: Any, known: Collection[str], what: str) -> Mapping[str, Any]:
        """What stands under a key, held to be a mapping with known keys only."""
        value = at[key]
        if not isinstance(value, Mapping):
            raise self.fault(at, f"{what} is a mapping with the keys {', '.join(sorted(known))}", key)
        self.only(value, known, what)
        return value

    def only(self, value: Mapping[str, Any], known: Collection[str], what: str) -> None:
        """Refuse a key that is not known."""
        for key in value:
            if key not in known:
                raise self.fault(value, f"{what} has no {key!r}; it has {', '.join(sorted(known))}", key)


def _shown(path: Path) -> str:
    return str(Path(*path.parts[-2:]))
