"""Putting a state right that was cut off: what is adopted, what is dropped, and that it is kept before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from delivery.output import Output
from delivery.recover import identifier, recover

URN = "urn:pulumi:dev::caas::kubernetes:apps/v1:Deployment::hello"


def operation(kind: str, type_: str, **metadata: str) -> dict[str, Any]:
    return {"type": kind, "resource": {"urn": URN, "type": type_, "inputs": {"metadata": metadata}}}


class Stack:
    """Records what the engine is asked to do."""

    project, name = "caas", "dev"

    def __init__(self, directory: Path) -> None:
        self.backend_directory = directory
        self.commands: list[tuple[str, ...]] = []

    def run(self, *arguments: str) -> str:
        self.commands.append(arguments)
        return ""


@pytest.mark.parametrize(
    ("resource", "known"),
    [
        (operation("creating", "kubernetes:apps/v1:Deployment", name="hello", namespace="shop"), "shop/hello"),
        (operation("creating", "kubernetes:core/v1:Namespace", name="shop"), "shop"),
        (operation("creating", "kubernetes:core/v1:Secret"), None),
        (operation("creating", "docker-build:index:Image", name="hello"), None),
    ],
)
def test_only_a_kubernetes_object_with_a_name_can_be_found_again(resource: dict[str, Any], known: str | None) -> None:
    assert identifier(resource["resource"]) == known


def test_a_state_that_was_finished_is_left_alone(tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    assert not recover(stack, {"resources": []}, Output())  # type: ignore[arg-type]  # a stack that is played
    assert stack.commands == []
    assert list(tmp_path.iterdir()) == []


def test_a_state_that_was_cut_off_is_kept_and_read_again(tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    state = {
        "pending_operations": [
            operation("creating", "kubernetes:apps/v1:Deployment", name="hello", namespace="shop"),
            operation("creating", "docker-build:index:Image"),
            operation("updating", "kubernetes:core/v1:Service", name="hello", namespace="shop"),
        ]
    }
    assert recover(stack, state, Output())  # type: ignore[arg-type]  # a stack that is played
    (backup,) = (tmp_path / "caas-backups/caas/dev").iterdir()
    assert backup.stat().st_mode & 0o777 == 0o600
    assert stack.commands == [
        ("stack", "export", "--file", str(backup)),
        (
            *("refresh", "--yes", "--skip-preview", "--suppress-progress"),
            *("--import-pending-creates", f"{URN} shop/hello"),
            "--clear-pending-creates",
        ),
    ]
