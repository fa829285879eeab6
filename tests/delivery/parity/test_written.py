"""``caas parity --markdown``: a file that cannot be written is one clear line."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from delivery import cli
from delivery.commands import parity
from delivery.exit_codes import Exit


def test_a_file_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parity, "environments_of", lambda directory, stacks: ())
    monkeypatch.setattr(parity, "compared", lambda directory, environments, say: None)
    monkeypatch.setattr("delivery.parity.report.markdown", lambda found: "# Parity")
    file = tmp_path / "none" / "parity.md"
    done = CliRunner().invoke(cli.app, ["parity", "dev", "prod", "--directory", str(tmp_path), "--markdown", str(file)])
    assert done.exit_code == Exit.BAD_INPUT
    said = " ".join(done.output.split())
    assert "cannot be written: No such file or directory." in said
    assert "Traceback" not in said
