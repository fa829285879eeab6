"""What gives a secret away, and what only looks as if it did."""

from __future__ import annotations

from typing import Any

import pytest

from components.spec import secrecy as of_the_spec
from policies.rule import UNKNOWN
from policies.secrecy import secret_name, secret_value

NAMES = ("PASSWORD", "DB_PASSWORD", "apiKey", "API_KEY", "AWS_SECRET_ACCESS_KEY", "github-token", "SIGNING_KEY", "pwd")
HARMLESS = ("PORT", "TOKEN_TTL", "PASSWORD_FILE", "KEY", "KEYBOARD", "TOKENISER", "SECRET_NAME", "MONKEY_API", "")


@pytest.mark.parametrize("name", NAMES)
def test_a_name_gives_a_secret_away(name: str) -> None:
    assert secret_name(name) is True


@pytest.mark.parametrize("name", [*HARMLESS, None, UNKNOWN, 5, ["PASSWORD"]])
def test_a_name_is_harmless(name: Any) -> None:
    assert secret_name(name) is False


@pytest.mark.parametrize("name", [*NAMES, *HARMLESS])
def test_a_stack_and_its_policies_agree_on_names(name: str) -> None:
    assert secret_name(name) is of_the_spec.secret_name(name)


@pytest.mark.parametrize(
    "value",
    [
        "postgres://shop:Summer-24@db:5432/shop",
        "-----BEGIN RSA PRIVATE KEY-----",
        "--token=abc",
        "AKIA" + "A" * 16,
        "ghp_" + "a" * 36,
        "glpat-" + "a" * 20,
        "eyJ" + "a" * 10 + ".eyJ" + "b" * 10 + ".c",
        "DefaultEndpointsProtocol=https;AccountKey=" + "a" * 40,
    ],
)
def test_a_value_gives_a_secret_away(value: str) -> None:
    assert secret_value(value) is True


@pytest.mark.parametrize(
    "value",
    [
        "8080",
        "https://example.com:8443/path",
        "--token=$TOKEN",
        "AKIA" + "A" * 15,
        "ghp_" + "a" * 35,
        "eyJh.eyJz.c",
        "registry.example.com/shop@sha256:" + "a" * 64,
        None,
        UNKNOWN,
        5,
    ],
)
def test_a_value_is_harmless(value: Any) -> None:
    assert secret_value(value) is False
