"""What Terraform has made, read from both of its documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from delivery.adoption import states
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit

STATE = {
    "version": 4,
    "resources": [
        {"mode": "data", "type": "aws_caller_identity", "name": "me", "instances": [{"attributes": {}}]},
        {
            "module": 'module.shop["eu"]',
            "mode": "managed",
            "type": "aws_ecs_service",
            "name": "web",
            "instances": [
                {"index_key": "blue", "attributes": {"name": "web"}},
                {"index_key": "blue", "deposed": "abc", "attributes": {"name": "old"}},
                {"index_key": 0, "attributes": {"name": "zero"}},
            ],
        },
    ],
}
SHOWN = {
    "format_version": "1.0",
    "values": {
        "root_module": {
            "resources": [
                {"address": "data.aws_vpc.it", "mode": "data", "type": "aws_vpc", "values": {"id": "vpc-1"}},
                {"address": "aws_vpc.it", "mode": "managed", "type": "aws_vpc", "values": {"id": "vpc-2"}},
                {"address": "aws_vpc.it", "mode": "managed", "type": "aws_vpc", "deposed_key": "a", "values": {}},
            ],
            "child_modules": [
                {
                    "address": "module.a",
                    "child_modules": [
                        {
                            "resources": [
                                {
                                    "address": "module.a.module.b.aws_lb.it[0]",
                                    "mode": "managed",
                                    "type": "aws_lb",
                                    "values": {"arn": "arn:lb"},
                                }
                            ]
                        }
                    ],
                }
            ],
        }
    },
}


def read(directory: Path, content: Any) -> list[tuple[str, str, dict[str, Any]]]:
    file = directory / "it.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return [(one.address, one.type, dict(one.attributes)) for one in states.read(file)]


def test_a_state(tmp_path: Path) -> None:
    assert read(tmp_path, STATE) == [
        ('module.shop["eu"].aws_ecs_service.web["blue"]', "aws_ecs_service", {"name": "web"}),
        ('module.shop["eu"].aws_ecs_service.web[0]', "aws_ecs_service", {"name": "zero"}),
    ]


def test_what_terraform_shows(tmp_path: Path) -> None:
    assert read(tmp_path, SHOWN) == [
        ("aws_vpc.it", "aws_vpc", {"id": "vpc-2"}),
        ("module.a.module.b.aws_lb.it[0]", "aws_lb", {"arn": "arn:lb"}),
    ]
    assert read(tmp_path, {"format_version": "1.0"}) == [], "nothing was ever applied"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is no JSON."),
        ("[]", "is no state of Terraform."),
        ({"planned_values": {}, "format_version": "1.2"}, "is a plan: what it would make does not exist yet."),
        ({"version": 3, "modules": []}, "is no state of Terraform of format 4."),
        ({"version": 4}, "changed by hand (KeyError: 'resources')."),
        ({"version": 4, "resources": [{"mode": "managed"}]}, "changed by hand (KeyError: 'instances')."),
    ],
)
def test_what_is_none(tmp_path: Path, content: Any, words: str) -> None:
    with pytest.raises(DeliveryError) as caught:
        read(tmp_path, content)
    assert words in caught.value.message
    assert str(tmp_path / "it.json") in caught.value.message
    assert caught.value.code is Exit.BAD_INPUT
    assert caught.value.remedy == "`terraform show -json > FILE` writes one that is understood."


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match="none cannot be read: No such file or directory"):
        states.read(tmp_path / "none")


def test_attributes_are_not_shown() -> None:
    assert "hidden-word" not in repr(states.Made("a", "b", {"password": "hidden-word"}))
