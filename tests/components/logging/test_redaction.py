"""Credentials are taken out of lines, and nothing else is."""

from __future__ import annotations

import json
import re

import pytest

from components.logging.redaction import MARK, SIGNS, redact, redactions

SECRET = "s3cr3t-Value.42"


def test_what_an_expression_finds_has_a_sign_by_which_it_is_looked_for() -> None:
    for each in redactions():
        begin = re.split(r"[(\\[+]| \+", each.pattern, maxsplit=1)[0]
        assert any(sign in begin for sign in SIGNS), each.pattern


@pytest.mark.parametrize(
    "line",
    [
        f'{{"Authorization":"Bearer {SECRET}","msg":"x"}}',
        f'{{"headers":{{"authorization":["Basic {SECRET}"]}}}}',
        f"GET / Authorization: Bearer {SECRET}",
        f"curl -H 'authorization: Bearer {SECRET}'",
        f'{{"password":"{SECRET}"}}',
        f'{{"dbPassword" : "{SECRET}"}}',
        f'{{"clientSecret":"{SECRET}","a":1}}',
        f'{{"nested":"{{\\"password\\":\\"{SECRET}\\"}}"}}',
        f"DB_PASSWORD={SECRET} started",
        f'{{"password":"two words {SECRET}","n":1}}',
        f"{{'password': 'two words {SECRET}'}}",
        f"token: {SECRET}",
        f"Set-Cookie: session={SECRET}; HttpOnly",
        f"postgres://shop:{SECRET}@db:5432/shop",
        f"x-api-key: {SECRET}",
        f'{{"api_key":"{SECRET}"}}',
        f'{{"password":"a\\"{SECRET}"}}',
        "jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.s3cr3t-Value",
        "key AKIAIOSFODNN7EXAMPLE s3cr3t-Value".replace("s3cr3t-Value", ""),
    ],
)
def test_a_credential_does_not_leave(line: str) -> None:
    left = redact(line)
    assert SECRET not in left
    assert "AKIAIOSFODNN7EXAMPLE" not in left
    assert "s3cr3t-Value" not in left
    assert MARK in left


@pytest.mark.parametrize(
    "line",
    [
        '{"msg":"request","status":200,"path":"/tokens","tokens":5}',
        "password reset was asked for by ada",
        "the secretary opened https://example.com:8443/a@b",
        "Basic facts and Bearer of news",
        '{"tokenizer":"bert","secretary":"x"}',
    ],
)
def test_other_lines_stay_as_they_are(line: str) -> None:
    assert redact(line) == line


@pytest.mark.parametrize(
    "document",
    [
        {"password": "x", "n": 1},
        {"headers": {"Authorization": ["Bearer abc.def"], "Cookie": "a=b; c=d"}, "n": 1},
        {"password": None, "token": True, "n": 1},
        {"secret": {"inner": "x"}, "n": 1},
        {"text": 'a "password": "b" c', "n": 1},
    ],
)
def test_json_stays_json(document: dict[str, object]) -> None:
    assert json.loads(redact(json.dumps(document)))["n"] == 1
    assert json.loads(redact(json.dumps(document, separators=(",", ":"))))["n"] == 1


def test_a_number_is_taken_out_and_its_line_becomes_text() -> None:
    assert redact('{"password":1234,"n":1}') == f'{{"password":{MARK},"n":1}}'


def test_every_expression_begins_with_fixed_text() -> None:
    """An engine finds that at the cost of one search for a word: the promise of what an agent costs hangs on it."""
    for each in redactions():
        fixed = re.match(r"[A-Za-z:/_ -]{3,}", each.pattern)
        assert fixed is not None, each.pattern
