"""The main job: built, pushed, run, proven; a second time nothing; and gone without a trace."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cluster.scene import scene

pytestmark = [pytest.mark.cluster, pytest.mark.slow]


def test_up_proves_itself_repeats_as_nothing_and_destroys_to_nothing(
    tmp_path: Path, sandbox_variables: dict[str, str]
) -> None:
    with scene(tmp_path, sandbox_variables, "job") as job:
        job.describe()
        first = job.up()
        assert "proven" in first.out
        assert f"http://{job.host}" in first.out
        assert "pulumi 3." in first.out
        assert "kubernetes 1." in first.out

        verified = job.project.caas("verify")
        assert verified.code == 0, verified.text

        again = job.up()
        assert "nothing to change" in again.out

        for command in (["preview"], ["refresh", "--yes", "--skip-preview"]):
            done = job.project.pulumi(*command, "--expect-no-changes")
            assert done.code == 0, done.text

        destroyed = job.project.pulumi("destroy", "--yes", "--skip-preview")
        assert destroyed.code == 0, destroyed.text
        assert not job.namespace_exists()
        assert job.project.state().get("resources", []) == []
