"""Load decides the count: out and in again for real; an apply in the middle does not reset it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox import toolchain
from tests.cluster import hello
from tests.cluster.load import Load, until
from tests.cluster.scene import scene

pytestmark = [pytest.mark.cluster, pytest.mark.slow]


def test_an_apply_keeps_the_count_that_load_has_chosen(tmp_path: Path, sandbox_variables: dict[str, str]) -> None:
    scaling = {"minimum": 1, "maximum": 3, "cpu": 50, "scaleOutCooldown": 0, "scaleInCooldown": 15}
    described = {**hello.service(), "scaling": scaling}
    del described["replicas"]
    hey = str(toolchain.current().tool("hey"))
    with scene(tmp_path, sandbox_variables, "scale") as scale:
        scale.describe(described)
        scale.up()
        assert scale.snapshot().desired == 1
        with Load(hey, scale.host, rate=150, workers=4):
            until(lambda: scale.snapshot().desired >= 2, 180, "the autoscaler scales out")
            scale.describe({**described, "environment": {**described["environment"], "GREETING": "again"}})
            scale.up()
            assert scale.snapshot().desired >= 2
            preview = scale.project.pulumi("preview", "--expect-no-changes")
            assert preview.code == 0, preview.text
        until(lambda: scale.snapshot().desired == 1, 240, "the autoscaler scales in")
        preview = scale.project.pulumi("preview", "--expect-no-changes")
        assert preview.code == 0, preview.text
