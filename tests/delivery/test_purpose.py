"""Who makes a deployment: in a pipeline whoever started it."""

from __future__ import annotations

import getpass
import os

import pytest

from delivery import purpose


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in purpose.PIPELINE_USERS:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("name", purpose.PIPELINE_USERS)
def test_a_pipeline_says_who_started_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "ada")
    assert purpose.user() == "ada"


def test_elsewhere_it_is_the_person_who_is_logged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "bea")
    assert purpose.user() == "bea"


def test_a_user_without_a_name_is_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr(getpass, "getuser", unknown)
    assert purpose.user() == str(os.getuid())
