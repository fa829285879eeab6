"""The file of a plan: any changed byte is found, and a signature is asked for where there is a key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.seal import document

PLAN = {"stack": "dev", "steps": [{"urn": "u", "operation": "create", "inputs": {"a": "ü"}}]}


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test depends on the key of whoever runs it."""
    monkeypatch.delenv(document.KEY, raising=False)


def written(directory: Path) -> Path:
    file = directory / "plan.json"
    document.write(file, PLAN)
    return file


def refusal(file: Path) -> str:
    """The message of a refusal with exit code 4."""
    with pytest.raises(DeliveryError) as refused:
        document.read(file)
    assert refused.value.code is Exit.REFUSED_PLAN
    return refused.value.message


def test_what_was_written_is_read_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    file = written(tmp_path)
    assert document.read(file) == PLAN
    assert file.stat().st_mode & 0o777 == 0o600


def test_every_single_byte_counts(tmp_path: Path) -> None:
    file = written(tmp_path)
    content = file.read_bytes()
    for position in range(len(content)):
        for changed in (content[position] ^ 1, content[position] ^ 32):
            file.write_bytes(content[:position] + bytes([changed]) + content[position + 1 :])
            refusal(file)
    file.write_bytes(content + b" ")
    assert "its bytes are not those that were written" in refusal(file)
    file.write_bytes(content[:-1])
    refusal(file)
    file.write_bytes(content)
    assert document.read(file) == PLAN


def test_a_new_hash_over_another_content_passes_without_a_key_and_not_with_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forged = {**PLAN, "stack": "prod"}
    file = tmp_path / "plan.json"
    file.write_bytes(document.rendered(forged, None))
    assert document.read(file) == forged, "what the hash alone does not protect against"
    monkeypatch.setenv(document.KEY, "k")
    assert "it is not signed, and CAAS_PLAN_KEY asks for a signature" in refusal(file)
    file.write_bytes(document.rendered(forged, "another key"))
    assert "its signature was not made with the key" in refusal(file)


def test_a_signed_plan_is_read_with_its_key_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(document.KEY, "k")
    file = written(tmp_path)
    assert document.read(file) == PLAN
    assert json.loads(file.read_text())["signature"].startswith("hmac-sha256:")
    monkeypatch.delenv(document.KEY)
    assert "it is signed, and CAAS_PLAN_KEY is not set" in refusal(file)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"format": "caas-plan/9", "plan": {}}'])
def test_another_file_is_no_plan(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "plan.json"
    file.write_bytes(content)
    assert "it is no plan of this version" in refusal(file)


def test_a_file_that_is_not_there_or_cannot_be_written_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match="cannot be read: No such file") as missing:
        document.read(tmp_path / "none")
    with pytest.raises(DeliveryError, match="cannot be written") as unwritable:
        document.write(tmp_path / "none" / "plan", PLAN)
    assert (missing.value.code, unwritable.value.code) == (Exit.BAD_INPUT, Exit.BAD_INPUT)
