"""`caas unlock`: what is dead is released, what lives is named and kept, and what cannot be known is said."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any, cast

import pytest

from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.output import Output
from delivery.stack import ProgramStack
from delivery.unlock import unlock
from tests.delivery.test_locks import dead_process, write

HOST = socket.gethostname()


class Stack:
    """A stack that exists."""

    name, project, backend = "dev", "caas", "s3://state"

    def __init__(self, directory: Path | None) -> None:
        self.backend_directory = directory

    def must_exist(self) -> Any:
        return None


def release(directory: Path | None) -> tuple[str, ...]:
    return unlock(cast(ProgramStack, Stack(directory)), Output()).released


def test_a_dead_owner_s_lock_is_released(tmp_path: Path) -> None:
    pid = dead_process()
    file = write(tmp_path, "one", pid=pid)
    (told,) = release(tmp_path)
    assert told.startswith(f"ada@{HOST} (process {pid}, since ")
    assert not file.exists()


def test_without_a_lock_nothing_is_released(tmp_path: Path) -> None:
    assert release(tmp_path) == ()


def test_a_living_owner_is_named_and_keeps_it(tmp_path: Path) -> None:
    living, dead = write(tmp_path, "one", pid=os.getpid()), write(tmp_path, "two", pid=dead_process())
    with pytest.raises(DeliveryError) as refused:
        release(tmp_path)
    assert f"ada@{HOST} (process {os.getpid()}" in refused.value.message
    assert "which is alive: it was not released" in refused.value.message
    assert refused.value.code is Exit.LOCKED
    assert living.exists()
    assert not dead.exists()


def test_of_another_machine_s_owner_nothing_is_claimed(tmp_path: Path) -> None:
    file = write(tmp_path, "one", pid=1, host="laptop")
    with pytest.raises(DeliveryError) as refused:
        release(tmp_path)
    assert "can only be known on laptop: it was not released" in refused.value.message
    assert "Run `caas unlock --stack dev` there." in refused.value.line
    assert refused.value.code is Exit.LOCKED
    assert file.exists()


def test_where_locks_cannot_be_read_it_says_what_to_do() -> None:
    with pytest.raises(DeliveryError) as refused:
        release(None)
    assert refused.value.message.startswith("Who holds stack 'dev' cannot be read in s3://state")
    assert "--lock-timeout 0" in refused.value.line
    assert "pulumi cancel --stack dev" in refused.value.line
    assert refused.value.code is Exit.BAD_INPUT
