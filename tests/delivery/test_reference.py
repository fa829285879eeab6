"""The page of exit codes agrees with the code, and so does what the command line says of them."""

from __future__ import annotations

import re

from delivery import reference
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
