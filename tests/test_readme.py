"""What the pages that people write (README, runbook, decisions, examples) say is held against the code.

The commands exist with their options, links lead somewhere, the sample of a description is accepted, and the numbers
are the code's. Generated pages are held by the tests of what they are generated from.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from components.spec import load_environment, read_files
from delivery import cli
from delivery.exit_codes import Exit
from sandbox import __main__ as sandbox
from sandbox import environment
from sandbox.driver import Endpoint
from sandbox.toolchain import Toolchain
from tests.projects import Project

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
PAGES = sorted(
    path for pattern in ("*.md", "docs/*.md", "docs/adr/*.md", "examples/*/*.md") for path in ROOT.glob(pattern)
)
STACKS = ("dev", "staging", "prod")

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_OPTION = re.compile(r"(?<!\S)--?[a-z][a-z-]*")


def blocks(path: Path, language: str) -> list[str]:
    """The texts of a page's blocks of code in a language."""
    return [text for named, text in _BLOCK.findall(path.read_text(encoding="utf-8")) if named == language]


def commands(path: Path, program: str) -> Iterator[list[str]]:
    """The words after a program's name, wherever a page writes it as code."""
    text = path.read_text(encoding="utf-8")
    lines = [line.partition("#")[0] for block in blocks(path, "sh") for line in block.splitlines()]
    for line in [*lines, *_SPAN.findall(_BLOCK.sub("", text))]:
        for part in re.split(r"&&|;|\|", line):
            words = part.split()
            while words and ("=" in words[0] or words[0] in ("eval", "sudo")):
                words.pop(0)
            if " ".join(words).startswith(f"{program} "):
                yield words[len(program.split()) :]


def targets() -> set[str]:
    """The targets that the Makefile has a recipe for."""
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def ids(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_there_are_pages_and_commands_to_judge() -> None:
    assert README in PAGES
    assert ["up"] in list(commands(README, "make"))
    assert ["verify", "--stack", "dev"] in list(commands(README, "caas"))
    assert len(blocks(README, "yaml")) == 1


def test_the_description_is_accepted_by_every_environment(tmp_path: Path) -> None:
    (block,) = blocks(README, "yaml")
    shutil.copytree(ROOT / "examples" / "hello", tmp_path / "examples" / "hello")
    (tmp_path / "Pulumi.yaml").write_text(f"name: caas\nruntime: python\n{block}", encoding="utf-8")
    for stack in STACKS:
        shutil.copy(ROOT / f"Pulumi.{stack}.yaml", tmp_path)
        config, project, source = read_files(tmp_path, stack)
        (service,) = load_environment(config, project=project, stack=stack, source=source).services
        assert (service.name, service.port, service.memory) == ("hello", 8080, 64)
        assert service.build is not None
        assert (ROOT / service.build.context / service.build.dockerfile).is_file()


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_target_exists(page: Path) -> None:
    for words in commands(page, "make"):
        named = [word for word in words if "=" not in word and word != "X"]
        assert set(named) <= targets(), f"{page.name}: make {' '.join(words)}"


@pytest.mark.parametrize("page", PAGES, ids=ids)
@pytest.mark.parametrize(("program", "app"), [("caas", cli.app), ("python -m sandbox", sandbox.app)])
def test_every_command_exists_with_its_options(page: Path, program: str, app: typer.Typer) -> None:
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    for words in commands(page, program):
        line = f"{page.name}: {program} {' '.join(words)}"
        own = words[: words.index("--")] if "--" in words else words
        named: object = group
        for word in own:
            if not isinstance(named, TyperGroup):
                break
            named = named.commands.get(word)
        assert isinstance(named, TyperCommand), line
        known = {option for parameter in named.params for option in parameter.opts}
        assert set(_OPTION.findall(" ".join(own))) <= known, line


@pytest.mark.engine
@pytest.mark.parametrize("page", [p for p in PAGES if any(commands(p, "pulumi"))], ids=ids)
def test_every_command_of_the_engine_exists_with_its_options(page: Path, engine_project: Project) -> None:
    # Some options are shown only to who sets a variable; a page that names one tells its reader to.
    told = {name: "true" for name in ("PULUMI_DEBUG_COMMANDS",) if f"{name}=true" in page.read_text(encoding="utf-8")}
    for words in commands(page, "pulumi"):
        path = [word for word in words if re.fullmatch(r"[a-z-]+", word) and not word.startswith("-")]
        if not path:
            continue
        shown = subprocess.run(
            ["pulumi", *path, "--help"],
            env={**engine_project.variables, **told},
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        line = f"{page.name}: pulumi {' '.join(words)}"
        usage = re.search(r"Usage:\n\s+pulumi (.*)", shown)
        assert usage is not None, line
        assert usage.group(1).split()[0] == path[0], line
        assert set(_OPTION.findall(" ".join(words))) <= set(_OPTION.findall(shown.replace(",", " "))), line


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = [link for link in _LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]
    assert [link for link in links if not leads_somewhere(page, link)] == []


def leads_somewhere(page: Path, link: str) -> bool:
    """Is there a file, and a heading in it where the link names one?"""
    name, _, anchor = link.partition("#")
    target = page.parent / name if name else page
    if not anchor:
        return target.exists()
    headings = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE) if target.exists() else []
    return anchor in [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]


def test_every_path_in_the_table_exists() -> None:
    rows = re.findall(r"^\| `([^`]+)` \|", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert "__main__.py" in rows
    assert [row for row in rows if not (ROOT / row).exists()] == []


def test_exit_codes_are_the_code_s() -> None:
    sentence = re.search(r"^`caas` exits with (.*?);", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert sentence is not None
    told = dict(re.findall(r"(\d+) \(([^)]+)\)", " ".join(sentence.group(1).split())))
    assert len(told) >= 5
    for number, meaning in told.items():
        words = Exit(int(number)).name.lower().split("_")
        assert [word for word in words if word not in meaning] == [], f"{number} ({meaning})"


def test_the_version_of_python_is_the_project_s() -> None:
    required = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
    assert f"Python {required.removeprefix('>=')}" in README.read_text(encoding="utf-8")


def make(*arguments: str) -> str:
    done = subprocess.run(["make", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout


def test_help_lists_every_target() -> None:
    """Each but `venv`, which is the others' own first step."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.findall(r"^\.PHONY: (.*)", makefile, re.MULTILINE)
    declared = {name for line in phony for name in line.split()}
    assert declared == targets()
    listed = dict(re.findall(r"^  make ([a-z-]+)\s+(\S.*)$", make("help"), re.MULTILINE))
    assert set(listed) == declared - {"venv"}


def test_caas_is_a_command_in_the_shell_that_make_opens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "-m sandbox exec" in make("--dry-run", "shell")
    endpoint = Endpoint("existing", tmp_path / "kubeconfig", None, None, None, {}, changed=False)
    monkeypatch.setenv("CAAS_SANDBOX", str(tmp_path / "sandbox"))
    path = environment.variables(endpoint, Toolchain(()))["PATH"]
    found = shutil.which("caas", path=path)
    assert found is not None, "run `make venv`"
    done = subprocess.run(
        [found, "validate", "--stack", "dev", "--directory", str(ROOT)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Stack dev is valid: dev on kubernetes, services hello.\n"
