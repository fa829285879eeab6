"""Putting a state right that was cut off: what is adopted, what is dropped, and that it is kept before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from delivery.output import Output
from delivery.recover import adopted, identifier, recover

URN = "urn:pulumi:dev::caas::kubernetes:apps/v1:Deployment::hello"


def operation(kind: str, type_: str, **metadata: str) -> dict[str, Any]:
    return {"type": kind, "resource": {"urn": URN, "type": type_, "inputs": {"metadata": metadata}}}


class Stack:
    """Records what the engine is asked to do."""

    project, name = "caas", "dev"

    def __init__(self, directory: Path) -> None:
        self.backend_directory = directory
        self.commands: list[tuple[str, ...]] = []
        self.state: dict[str, Any] = {}
        self.imported: dict[str, Any] = {}

    def run(self, *arguments: str) -> str:
        self.commands.append(arguments)
        file = Path(arguments[-1])
        if arguments[:2] == ("stack", "export"):
            file.write_text(json.dumps({"deployment": self.state}), encoding="utf-8")
        if arguments[:2] == ("stack", "import"):
            assert file.stat().st_mode & 0o777 == 0o600
            self.imported = json.loads(file.read_text(encoding="utf-8"))["deployment"]
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
    namespace = {"urn": "urn:of-namespace", "id": "shop"}
    made = operation("creating", "kubernetes:apps/v1:Deployment", name="hello", namespace="shop")
    stack.state = {
        "resources": [namespace],
        "pending_operations": [
            made,
            operation("creating", "docker-build:index:Image"),
            operation("updating", "kubernetes:core/v1:Service", name="hello", namespace="shop"),
        ],
    }
    assert recover(stack, stack.state, Output())  # type: ignore[arg-type]  # a stack that is played
    (backup,) = (tmp_path / "caas-backups/caas/dev").iterdir()
    assert backup.stat().st_mode & 0o777 == 0o600
    assert [command[:2] for command in stack.commands] == [
        ("stack", "export"),
        ("stack", "import"),
        ("refresh", "--yes"),
    ]
    assert stack.commands[-1][2:] == ("--skip-preview", "--suppress-progress", "--clear-pending-creates")
    assert stack.imported == {"resources": [namespace, {**made["resource"], "id": "shop/hello"}]}


def test_what_cannot_be_asked_for_is_left_to_the_reading(tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    stack.state = {"pending_operations": [operation("creating", "docker-build:index:Image")]}
    assert recover(stack, stack.state, Output())  # type: ignore[arg-type]  # a stack that is played
    assert [command[0] for command in stack.commands] == ["stack", "refresh"]


def test_what_was_to_replace_another_is_not_put_beside_it() -> None:
    begun = operation("creating", "kubernetes:apps/v1:Deployment", name="hello", namespace="shop")
    assert len(adopted({"pending_operations": [begun]})) == 1
    assert adopted({"resources": [{"urn": URN, "id": "shop/hello-1"}], "pending_operations": [begun]}) == []
