"""Which images a Dockerfile starts from. Only the instructions that name an image are understood here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import SandboxError


@dataclass(frozen=True)
class Base:
    """An image that a Dockerfile names, and where."""

    reference: str
    """Complete: ``host/repository:tag``, or ``host/repository@sha256:…``."""
    file: Path
    line: int


def bases(file: Path, arguments: Mapping[str, str] | None = None) -> list[Base]:
    """The images that ``file`` needs from a registry, each once, in the order of their lines.

    ``arguments`` are build arguments; an ``ARG`` before the first ``FROM`` gives the defaults. Stages of the file
    itself and ``scratch`` need no registry.
    """
    try:
        text = file.read_text()
    except OSError as error:
        raise SandboxError(f"cannot read {file}: {error.strerror}") from error
    given = dict(arguments or {})
    values: dict[str, str] = {}
    stages: set[str] = set()
    found: dict[str, Base] = {}
    if syntax := re.match(r"#\s*syntax\s*=\s*(\S+)", text):
        # The builder pulls this image to read the rest of the file with.
        found[syntax[1]] = Base(complete(syntax[1]), file, 1)
    for number, words in _instructions(text):
        name, rest = words[0].upper(), words[1:]
        if name == "ARG" and not stages and rest:
            key, _, default = rest[0].partition("=")
            values[key] = given.get(key, default.strip("\"'"))
        named = _named(name, rest)
        if name == "FROM":
            stages.add(_stage(rest, len(stages)))
        if named is None:
            continue
        reference = _substitute(named, values, file, number)
        if reference not in stages and reference != "scratch" and not (name != "FROM" and reference.isdecimal()):
            found.setdefault(reference, Base(complete(reference), file, number))
    return list(found.values())


def complete(reference: str) -> str:
    """``golang`` in full: ``docker.io/library/golang:latest``."""
    head, _, rest = reference.partition("/")
    if not rest or not ("." in head or ":" in head or head == "localhost"):
        reference = f"docker.io/{reference}" if rest else f"docker.io/library/{reference}"
    if "@" in reference or ":" in reference.rpartition("/")[2]:
        return reference
    return f"{reference}:latest"


def _instructions(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each instruction's first line number and its words, continued lines joined, comments dropped."""
    first, pending = 0, ""
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if stripped.startswith("#") or (not stripped and not pending):
            continue
        first = first if pending else number
        pending += " " + stripped.removesuffix("\\")
        if stripped.endswith("\\"):
            continue
        yield first, pending.split()
        pending = ""
    if pending.strip():
        yield first, pending.split()


def _named(name: str, rest: list[str]) -> str | None:
    """The image that an instruction names: FROM's first word, or the value of --from of COPY and RUN --mount."""
    if name == "FROM":
        return next((word for word in rest if not word.startswith("--")), None)
    for word in rest:
        if not word.startswith("--"):
            return None
        if found := re.search(r"(?:^--|,|=)from=([^,\s]+)", word):
            return found[1]
    return None


def _stage(rest: list[str], index: int) -> str:
    """Name of the stage that a FROM begins: what follows AS, or its number."""
    lowered = [word.lower() for word in rest]
    return rest[lowered.index("as") + 1] if "as" in lowered[:-1] else str(index)


def _substitute(text: str, values: Mapping[str, str], file: Path, line: int) -> str:
    def value(match: re.Match[str]) -> str:
        name, default = match[1] or match[3], match[2]
        found = values.get(name) or default
        if not found:
            raise SandboxError(
                f"{file}, line {line}: {text} needs the build argument {name}; give it a default by an ARG before "
                "the first FROM, or set it under build.args"
            )
        return found

    return re.sub(r"\$(?:\{(\w+)(?::-([^}]*))?\}|(\w+))", value, text)
