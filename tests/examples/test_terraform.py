"""The Terraform root that hands its network over, and the stack that takes it: what each says of the other."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.spec import load_environment, read_files
from components.spec.terraform import Outputs, parsed
from components.spec.terraform_state import Backend, S3State, TerraformNetwork
from tests.projects import ROOT

EXAMPLE = ROOT / "examples" / "terraform"
STAND_IN = ROOT / "tests" / "terraform"
STACKS = ("dev", "staging", "prod")
BLOCK = re.compile(r'^(output|variable) "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)


def blocks(kind: str, *files: Path) -> Iterator[tuple[str, str]]:
    """Name and body of every block of a kind."""
    for file in files:
        yield from ((name, body) for found, name, body in BLOCK.findall(file.read_text("utf-8")) if found == kind)


def named() -> set[str]:
    """The outputs that a stack asks for when it names none."""
    spec = TerraformNetwork()
    return {spec.vpc, spec.private_subnets, spec.public_subnets}


def test_the_root_hands_over_what_the_stack_asks_for_and_nothing_secret() -> None:
    outputs = dict(blocks("output", EXAMPLE / "outputs.tf"))
    assert set(outputs) == named()
    for name, body in {**outputs, **dict(blocks("variable", EXAMPLE / "variables.tf"))}.items():
        assert "description = " in body.replace("  ", " "), name
    assert all("sensitive" not in body for body in outputs.values())


@pytest.mark.parametrize("stack", STACKS)
def test_every_variable_has_a_type_and_a_stack_sets_those_without_a_default(stack: str) -> None:
    text = (EXAMPLE / f"{stack}.tfvars").read_text("utf-8")
    given = set(re.findall(r"^(\w+) +=", text, re.MULTILINE))
    assert re.search(rf'^environment += "{stack}"$', text, re.MULTILINE)
    known = dict(blocks("variable", EXAMPLE / "variables.tf"))
    assert all(re.search(r"^  type +=", body, re.MULTILINE) for body in known.values())
    needed = {name for name, body in known.items() if not re.search(r"^  default +=", body, re.MULTILINE)}
    assert needed <= given <= set(known)


def test_no_two_stacks_share_a_state_or_addresses() -> None:
    assert len({(EXAMPLE / f"{stack}.tfbackend").read_text("utf-8") for stack in STACKS}) == len(STACKS)
    found = [re.findall(r'^cidr += "(.+)"', (EXAMPLE / f"{s}.tfvars").read_text("utf-8"), re.MULTILINE) for s in STACKS]
    assert len({one for (one,) in found}) == len(STACKS)


def test_versions_are_pinned() -> None:
    text = (EXAMPLE / "versions.tf").read_text("utf-8")
    assert re.findall(r'^ {6}version = "(.+)"', text, re.MULTILINE) == ["5.100.0"]
    assert 'required_version = ">= ' in text


def test_what_stands_in_for_it_in_tests_hands_over_the_same() -> None:
    assert named() <= set(dict(blocks("output", STAND_IN / "root" / "main.tf")))
    assert named() <= parsed((STAND_IN / "written.tfstate").read_text("utf-8"), frozenset()).names


def test_the_stack_reads_the_state_where_the_root_keeps_it() -> None:
    asked: list[Backend] = []

    def reader(backend: Backend, wanted: frozenset[str]) -> Outputs:
        asked.append(backend)
        return parsed((STAND_IN / "written.tfstate").read_text("utf-8"), wanted)

    config, project, source = read_files(EXAMPLE / "service", "staging")
    environment = load_environment(config, project=project, stack="staging", source=source, reader=reader)
    kept = dict(re.findall(r'^(\w+) += "(.+)"', (EXAMPLE / "staging.tfbackend").read_text("utf-8"), re.MULTILINE))
    assert asked == [S3State(**kept)]
    assert environment.aws is not None
    assert environment.aws.vpc is not None
    assert environment.aws.vpc.id == "vpc-0123456789abcdef0"
    assert len(environment.aws.vpc.private_subnets) == len(environment.aws.vpc.public_subnets) == 2


@pytest.mark.parametrize("root", [EXAMPLE, STAND_IN / "root"], ids=["example", "stand-in"])
def test_the_root_is_formatted(root: Path) -> None:
    """By Terraform's or OpenTofu's own word where the machine has one."""
    for file in root.glob("*.tf"):
        text = file.read_text("utf-8")
        assert text.endswith("}\n")
        assert not re.search(r"\t| +$|\n\n\n", text, re.MULTILINE), file
    binary = shutil.which("tofu") or shutil.which("terraform")
    if binary is not None:
        done = subprocess.run(
            [binary, "fmt", "-check", "-diff", str(root)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout
