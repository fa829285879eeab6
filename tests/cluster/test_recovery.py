"""A create that happened and was never noted: the next apply adopts the object as it is, and makes nothing twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from delivery.ledger import SUFFIX
from tests.cluster.scene import Scene, scene

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

FORGOTTEN = ("kubernetes:apps/v1:Deployment", "kubernetes:core/v1:Service", "kubernetes:policy/v1:PodDisruptionBudget")
"""An odd number: the engine takes URNs and ids in turn, and counts them."""


def forget(made: Scene, types: tuple[str, ...]) -> int:
    """Leave the state as an engine does that is killed while it waits for these objects; how many they are.

    In the state's own file: `pulumi stack import` would drop what was begun.
    """
    name = f"{made.project.stack}.json"
    found = (one for one in (made.project.directory / "state").rglob(name) if one.parent.parent.name == "stacks")
    (file,) = (one for one in found if not one.parent.name.endswith(SUFFIX))
    state: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    latest = state["checkpoint"]["latest"]
    begun = [one for one in latest["resources"] if one["type"] in types]
    latest["resources"] = [one for one in latest["resources"] if one not in begun]
    noted = [{key: value for key, value in one.items() if key not in ("id", "outputs")} for one in begun]
    latest["pending_operations"] = [{"type": "creating", "resource": one} for one in noted]
    file.write_text(json.dumps(state), encoding="utf-8")
    return len(begun)


def uids(made: Scene) -> set[str]:
    """Which objects these are, whatever they are called."""
    found = made._observer._list(f"/apis/apps/v1/namespaces/{made.target.namespace}/deployments", {})
    return {one["metadata"]["uid"] for one in found}


def test_what_was_made_and_not_noted_is_adopted(tmp_path: Path, sandbox_variables: dict[str, str]) -> None:
    with scene(tmp_path, sandbox_variables, "adopt") as made:
        made.describe()
        made.up()
        before = uids(made)
        assert forget(made, FORGOTTEN) == len(FORGOTTEN)
        done = made.up()
        assert f"cut off with {len(FORGOTTEN)} operations under way" in done.text
        assert "  create " not in done.text, "what is there is taken over, not made again"
        assert made.project.state().get("pending_operations", []) == []
        assert uids(made) == before
