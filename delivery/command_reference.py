"""The reference page of the commands, generated from the command line itself: ``python -m delivery.command_reference``.

A test holds that page and code agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from components.spec.pages import Page, head, table, write_all
from delivery import cli

_MODULE = "delivery.command_reference"

_INTRODUCTION = """
Every command of `caas` with its options. Results go to stdout, progress and errors to stderr; `--json` makes stdout one
JSON document. What a command ends with is in [exit-codes.md](exit-codes.md).
"""


def rendered() -> str:
    """The page's text."""
    group = get_command(cli.app)
    if not isinstance(group, TyperGroup):
        raise TypeError("caas has no commands")
    context = typer.Context(group, info_name="caas")
    sections = "".join("\n" + "".join(_sections(name, command, context)) for name, command in _commands(group))
    return head("The `caas` command", _MODULE) + _INTRODUCTION + sections


def _commands(group: TyperGroup, above: str = "") -> Iterator[tuple[str, typer.core.TyperCommand]]:
    """Each command with its whole name, those of groups below them included."""
    for name, command in sorted(group.commands.items()):
        if isinstance(command, TyperGroup):
            yield from _commands(command, f"{above}{name} ")
        elif isinstance(command, typer.core.TyperCommand) and not command.hidden:
            yield f"{above}{name}", command


def _sections(name: str, command: typer.core.TyperCommand, context: typer.Context) -> Iterator[str]:
    yield f"## caas {name}\n\n{(command.help or '').strip()}\n\n"
    rows = []
    for one in command.get_params(context):
        if "--help" in one.opts:
            continue
        names = ", ".join(f"`{each}`" for each in (*one.opts, *one.secondary_opts))
        rows.append((names, _default(one), str(getattr(one, "help", "") or "")))
    yield table(("option", "default", "meaning"), rows)


def _default(one: Any) -> str:
    if one.required:
        return "required"
    value = one.default
    if value is None or value is False or value == () or callable(value):
        return ""
    return f"`{int(value) if isinstance(value, float) and value.is_integer() else value}`"


PAGE = Page("caas.md", _MODULE, rendered)

if __name__ == "__main__":
    write_all((PAGE,))
