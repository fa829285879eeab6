"""Other people's commands: run without a terminal, with a limit, and refused in one line."""

from __future__ import annotations

import sys

import pytest

from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.supply import tools
from delivery.supply.tools import Done


def test_a_command_gets_its_variables_and_no_terminal() -> None:
    program = "import os, sys; print(os.environ['WORD'], repr(sys.stdin.read())); sys.exit(3)"
    assert tools.run([sys.executable, "-c", program], {"WORD": "told"}) == Done(3, "told ''\n", "")


def test_a_command_that_hangs_is_ended() -> None:
    with pytest.raises(DeliveryError, match=r"took longer than 0 s and was ended\."):
        tools.run([sys.executable, "-c", "import signal; signal.pause()"], limit=0.2)


def test_a_command_that_is_not_there_is_named_with_what_it_is_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(DeliveryError, match=r"cosign is not on the PATH \(signs images") as refused:
        tools.run(["cosign", "version"])
    assert refused.value.code is Exit.BAD_INPUT


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("", "exit code 1"),
        ("a warning\nthe end\n", "the end"),
        (
            "a warning\nError: no key fits\nmain.go:74: error during command execution",
            "Error: no key fits",
        ),
        ("x" * 1000, "x" * 300),
    ],
)
def test_its_own_words_are_one_short_line(said: str, words: str) -> None:
    assert Done(1, "", said).words == words
