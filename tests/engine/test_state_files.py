"""Which files the engine changes where it keeps states: those that an apply gets rights on, and none for a preview."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from components.pipeline_state import RELEASES, own_files
from delivery.ledger import SUFFIX
from tests.sandbox.engine import project

pytestmark = pytest.mark.engine

PROGRAM = """
    import json
    import pathlib
    import pulumi

    here = pathlib.Path(__file__).parent
    files = [str(one.relative_to(here / "state")) for one in (here / "state").rglob("*") if one.is_file()]
    (here / "seen.json").write_text(json.dumps(files))
    pulumi.export("files", len(files))
"""
FIRST_USE = ".pulumi/meta.yaml"


def test_the_record_of_releases_is_called_as_its_rights_say() -> None:
    assert RELEASES == SUFFIX


def test_an_apply_changes_its_own_files_and_a_preview_none(tmp_path: Path) -> None:
    def files() -> dict[str, int]:
        """Name -> when it was last written. Attributes of a file are the file backend's own."""
        found = [one for one in (tmp_path / "state").rglob("*") if one.is_file() and one.suffix != ".attrs"]
        return {str(one.relative_to(tmp_path / "state")): one.stat().st_mtime_ns for one in found}

    engine = project(tmp_path, PROGRAM)
    for _ in range(2):
        engine.must("up", "--yes", "--skip-preview", "--stack", "dev")
    changed = {*files(), *(one for one in json.loads((tmp_path / "seen.json").read_text()) if ".attrs" not in one)}
    changed.remove(FIRST_USE)
    own = own_files("trial", "dev")
    # All that is given is used; the second half is the record of releases, which is a stack like this one.
    assert {part for part in own for one in changed if one.startswith(part)} == set(own[:4])
    assert [one for one in sorted(changed) if not one.startswith(tuple(own))] == []

    before = files()
    engine.must("preview", "--stack", "dev")
    during = {one for one in json.loads((tmp_path / "seen.json").read_text()) if ".attrs" not in one}
    assert files() == before
    assert during == set(before)
