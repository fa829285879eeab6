"""Pulumi.yaml and Pulumi.<stack>.yaml: read without an engine, and asked where a value stands.

Two kinds of faults are seen here and nowhere else, because the engine hides them from the program: values
that only one of the two files may hold, and secrets that are none (plain text, or encrypted under the
sandbox's public passphrase). What the values mean is the matter of ``load.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath
from typing import Any

from components.spec.errors import FILE, NAMESPACE, Finding, Path, Problem, Shown, SpecError, render_key
from components.spec.fields import suggest
from components.spec.yaml_text import Document, NotPlain

PROJECT_FILE = "Pulumi.yaml"

PUBLIC_SALT = "v1:lbPV28CZ0kY=:v1:vk6P1GxIe6cVrrzM:p11iciWKYclnxptcNoVhVD36VCd/jQ=="
"""The encryptionsalt of the sandbox's own stack, whose passphrase is public: `sandbox`. It protects nothing."""

SET_LINE = "pulumi config set --secret --path '{namespace}:secrets.{key}' --stack {stack}"

_STACK_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")
_WORTH_A_LOOK = re.compile(rf"{NAMESPACE}:(services|secrets)\b|\bsecure\b")


@dataclass(frozen=True)
class Source:
    """Where the configuration comes from: names the file and the line of any value in it."""

    project_file: str
    stack_file: str
    directory: FilePath | None = None
    """The project's directory; None where the configuration never was in files."""
    found: tuple[Finding, ...] = ()
    """Faults of the files themselves, reported with all others."""
    builds: bool = True
    """False where every image is given: what it was once built from need not be there any more."""
    _documents: dict[str, Document] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, directory: FilePath, stack: str) -> Source:
        """The source for a stack of the project in that directory. Its files are read when they are needed."""
        names = (PROJECT_FILE, f"Pulumi.{stack}.yaml")
        documents = {name: Document(directory / name) for name in names if (directory / name).is_file()}
        found = tuple(_stack_findings(documents[names[1]])) if names[1] in documents else ()
        return cls(*names, directory, found, _documents=documents)

    def of_release(self, name: str) -> Source:
        """The source of a configuration that was recorded: errors name the release in place of a file."""
        return replace(self, project_file=name, stack_file=name, builds=False, _documents={})

    def locate(self, path: Path, stack: bool | None = None) -> tuple[str, int | None]:
        """The file that holds a value, or should hold it, and the line of its nearest part that is there.

        `stack` names the file where it is known; otherwise the stack's file goes first, as it does in the
        engine, except for the services, which belong to the project.
        """
        order = [self.stack_file, self.project_file]
        if stack is not None:
            order = [self.stack_file if stack else self.project_file]
        elif path[:1] == ("services",):
            order = [self.project_file]
        for name in order:
            line = self._line(name, path)
            if line is not None:
                return name, line
        return order[0], None

    def problems(self, findings: Iterable[Finding]) -> list[Problem]:
        """The findings with their places, in the order of the files."""
        problems = [
            Problem(*self.locate(f.path, f.stack), render_key(f.path), f.value, f.limit, f.remedy) for f in findings
        ]
        return sorted(problems, key=lambda p: (p.file != self.project_file, p.line or 0))

    def _line(self, name: str, path: Path) -> int | None:
        document = self._documents.get(name)
        if document is None:
            return None
        try:
            depth, line = max((document.reach(place) for place in _places(path)), key=lambda reached: reached[0])
        except NotPlain:  # the engine read it, and reports what it could not read; only the line is lost here
            return None
        # One segment is ``config`` alone: the file does not hold the key.
        return None if depth < 2 and path[:1] != (FILE,) else line


def _places(path: Path) -> Iterator[Path]:
    """Every spelling that the files have for a path."""
    if path[:1] == (FILE,):
        yield path[1:]
        return
    if not path:
        yield ("config",)
        return
    key, rest = f"{NAMESPACE}:{path[0]}", path[1:]
    for first in (key, str(path[0])):
        yield ("config", first, "value", *rest)
        yield ("config", first, "default", *rest)
        yield ("config", first, *rest)


def read_files(directory: FilePath, stack: str) -> tuple[dict[str, Any], str, Source]:
    """Read a stack's configuration as the engine would, offline.

    Returns the keys of the namespace without their prefix, the project's name, and the source for
    `load_environment`. Secrets stay as they are in the file, encrypted: only their names are of use.
    Raises `SpecError` where a file is missing or is not plain YAML.
    """
    if not _STACK_NAME.fullmatch(stack):
        limit = "a stack's name: letters, digits, '-', '_' and '.', at most 100"
        raise SpecError([Problem(PROJECT_FILE, None, "", Shown.ABSENT, limit, "name an existing stack, such as dev")])
    source = Source.of(directory, stack)
    missing = [_absent(directory, n) for n in (source.project_file, source.stack_file) if n not in source._documents]
    if missing:
        raise SpecError(missing)
    texts, problems = {}, []
    for name, document in source._documents.items():
        try:
            texts[name] = document.data()
        except NotPlain as error:
            problems += [
                Problem(name, f.line, _file_key(f.path), Shown.ABSENT, f.limit, f.remedy) for f in error.faults
            ]
    problems += [p for name, data in texts.items() if (p := _wrong_form(name, data)) is not None]
    if problems:
        raise SpecError(problems)
    project = texts[source.project_file]
    name = str(project.get("name", ""))
    config = _project_config(project.get("config") or {}, name)
    stack_config = (texts[source.stack_file] or {}).get("config") or {}
    config |= {key.split(":", 1)[1]: v for key, v in stack_config.items() if key.startswith(f"{NAMESPACE}:")}
    return config, name, source


def read_project(directory: FilePath) -> str:
    """The project's name alone. Raises `SpecError` where its file is missing, no plain YAML, or names none."""
    file = directory / PROJECT_FILE
    if not file.is_file():
        raise SpecError([_absent(directory, PROJECT_FILE)])
    try:
        data = Document(file).data()
    except NotPlain as error:
        faults = error.faults
        raise SpecError(
            Problem(PROJECT_FILE, f.line, _file_key(f.path), Shown.ABSENT, f.limit, f.remedy) for f in faults
        ) from None
    if (problem := _wrong_form(PROJECT_FILE, data)) is not None:
        raise SpecError([problem])
    return str(data["name"])


def _file_key(path: Path) -> str:
    if path[:1] == ("config",):
        path = path[1:]
    return render_key((FILE, *path)) if path else ""


def _absent(directory: FilePath, name: str) -> Problem:
    if name == PROJECT_FILE:
        remedy = "change to the project's directory"
        return Problem(name, None, "", Shown.ABSENT, "a file that exists: the project's description", remedy)
    stacks = sorted(p.name.removeprefix("Pulumi.").removesuffix(".yaml") for p in directory.glob("Pulumi.*.yaml"))
    near = suggest(name.removeprefix("Pulumi.").removesuffix(".yaml"), stacks)
    remedy = f"did you mean the stack {near}?" if near else "write the file, or name one of the stacks that have one"
    limit = f"a file that exists; stacks with one: {', '.join(stacks) or 'none'}"
    return Problem(name, None, "", Shown.ABSENT, limit, remedy)


def _wrong_form(name: str, data: Any) -> Problem | None:
    """The outermost form of a file: a mapping, whose ``config`` is a mapping; an empty stack file is one too."""
    if data is None and name != PROJECT_FILE:
        return None
    if not isinstance(data, dict):
        return Problem(name, None, "", Shown.ABSENT, "a mapping at the top", "write key: value lines")
    config = data.get("config")
    if config is not None and not isinstance(config, dict):
        return Problem(name, None, "config", config, "a mapping", f"write {NAMESPACE}:… keys below config:")
    if name == PROJECT_FILE and not isinstance(data.get("name"), str):
        return Problem(name, None, "name", Shown.ABSENT, "required: the project's name", f"add `name: {NAMESPACE}`")
    return None


def _project_config(config: dict[str, Any], project: str) -> dict[str, Any]:
    """The project's own keys: plain, or as the engine's `value` or `default`."""
    own = {}
    for key, entry in config.items():
        namespace, _, bare = key.rpartition(":")
        if (namespace or project) != NAMESPACE:
            continue
        if isinstance(entry, dict) and entry.keys() & {"value", "default"}:
            entry = entry.get("value", entry.get("default"))
        own[bare] = entry
    return own


def _stack_findings(document: Document) -> Iterator[Finding]:
    try:
        if not _WORTH_A_LOOK.search(document.text):
            return
        data = document.data()
    except NotPlain:  # whoever reads the file says so
        return
    config = data.get("config") if isinstance(data, dict) else None
    if not isinstance(config, dict):
        return
    own = {key.split(":", 1)[1]: value for key, value in config.items() if key.startswith(f"{NAMESPACE}:")}
    if "services" in own:
        limit = "services are stated once, in Pulumi.yaml, the same for every environment"
        remedy = f"move it there, and write what differs below {NAMESPACE}:overrides.<service>"
        yield Finding(("services",), Shown.HIDDEN, limit, remedy, stack=True)
    yield from _secrets(own)
    encrypted = any(_holds_secure(value) for value in config.values())
    if encrypted and data.get("encryptionsalt") == PUBLIC_SALT:
        limit = "secrets under a passphrase of your own: this salt's passphrase is public and protects nothing"
        remedy = "run `pulumi stack change-secrets-provider passphrase`, and renew what has been readable"
        yield Finding((FILE, "encryptionsalt"), Shown.HIDDEN, limit, remedy, stack=True)


def _secrets(own: dict[str, Any]) -> Iterator[Finding]:
    """Secrets stand below caas:secrets, one encrypted value per key, and nowhere else."""
    for name, value in own.items():
        if name != "secrets":
            for path in _secure_paths(value, (name,)):
                limit = f"encrypted values stand below {NAMESPACE}:secrets only"
                remedy = f"store it as {NAMESPACE}:secrets.KEY, and refer to KEY from the service's secrets"
                yield Finding(path, Shown.HIDDEN, limit, remedy)
        elif _is_secure(value):
            limit = "one encrypted value per key, so that the keys can be read without the passphrase"
            remedy = f"set each with `pulumi config set --secret --path '{NAMESPACE}:secrets.KEY'`"
            yield Finding((name,), Shown.HIDDEN, limit, remedy)
        elif isinstance(value, dict):
            for key, secret in value.items():
                if not _is_secure(secret):
                    remedy = f"renew the secret, then `pulumi config set --secret --path '{NAMESPACE}:secrets.{key}'`"
                    yield Finding((name, key), Shown.HIDDEN, "encrypted text; this is plain and readable", remedy)


def _is_secure(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"secure"} and isinstance(value["secure"], str)


def _secure_paths(value: Any, path: Path) -> Iterator[Path]:
    if _is_secure(value):
        yield path
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _secure_paths(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _secure_paths(inner, (*path, index))


def _holds_secure(value: Any) -> bool:
    return next(_secure_paths(value, ()), None) is not None
