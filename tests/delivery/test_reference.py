"""The page of exit codes agrees with the code, and so does what the command line says of them."""

from __future__ import annotations

import re

from delivery import command_reference, reference
from delivery.cli import CODES
from delivery.exit_codes import Exit


def test_the_page_on_disk_is_current() -> None:
    assert reference.PAGE.drift() is None, reference.PAGE.drift()


def test_every_code_has_a_meaning() -> None:
    meanings = reference.meanings()
    assert set(meanings) == set(Exit)
    assert [code for code, text in meanings.items() if len(text) < 10] == []
    assert "| 7 | locked | Somebody else is changing the stack" in reference.rendered()


def test_the_help_lists_every_code() -> None:
    assert {int(number) for number in re.findall(r"\b\d+\b", CODES)} == set(map(int, Exit))


def test_the_page_of_commands_is_current() -> None:
    assert command_reference.PAGE.drift() is None, command_reference.PAGE.drift()


def test_the_page_of_commands_has_every_command_and_option() -> None:
    page = command_reference.rendered()
    assert re.findall(r"^## caas (preview|drift|up|verify|validate)$", page, re.MULTILINE) == [
        "drift",
        "preview",
        "up",
        "validate",
        "verify",
    ]
    up = page.partition("## caas up\n")[2].partition("\n## ")[0]
    assert "| `--stack` | required |" in up
    assert "| `--plan` |  | Apply only what this sealed plan" in up
