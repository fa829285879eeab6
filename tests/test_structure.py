"""The rooms and who may enter them: what imports what, where tests live, how long a file may be.

Read from the source with `ast`, so that an import inside a function counts too.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("components", "delivery", "policies", "sandbox")

LONGEST_MAIN = 40
"""Lines of __main__.py."""

CONFIG_READER = "components/stack_config.py"


def sources(*rooms: str) -> list[Path]:
    """Every Python file of the rooms that is ours."""
    return sorted(path for room in rooms for path in (ROOT / room).rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """The dotted names that a file imports, `from a import b` as ``a`` and ``a.b``."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def offenders(paths: list[Path], *banned: str) -> list[str]:
    """Files that import one of the packages, with what they import."""
    return [
        f"{path.relative_to(ROOT)}: {name}"
        for path in paths
        for name in imports(path)
        if any(name == package or name.startswith(f"{package}.") for package in banned)
    ]


def test_there_is_something_to_judge() -> None:
    assert len(sources("components")) > 20
    assert "pulumi" in set(imports(ROOT / CONFIG_READER))


def test_components_know_nothing_of_who_uses_them() -> None:
    assert offenders(sources("components"), "delivery", "policies", "sandbox") == []


def test_the_spec_knows_nothing_of_pulumi() -> None:
    assert offenders(sources("components/spec"), *pulumi_packages()) == []


def test_what_the_spec_imports_of_the_components_is_as_pure() -> None:
    seen: set[Path] = set()
    waiting = sources("components/spec")
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        for name in imports(path):
            module = ROOT / (name.replace(".", "/") + ".py")
            if name.startswith("components.") and module.is_file():
                waiting.append(module)
    assert offenders(sorted(seen), *pulumi_packages(), "kubernetes") == []


def pulumi_packages() -> tuple[str, ...]:
    return ("pulumi", "pulumi_aws", "pulumi_docker", "pulumi_docker_build", "pulumi_gcp", "pulumi_kubernetes")


def test_pure_rooms_stay_pure() -> None:
    pure = [ROOT / "components" / name for name in ("naming.py", "tags.py")]
    pure += sources("components/capabilities")
    pure += [ROOT / "components" / "aws" / name for name in ("sizes.py", "schedules.py", "scaling.py", "rollout.py")]
    assert offenders(pure, *pulumi_packages()) == []


def test_only_the_platform_s_room_imports_its_sdk() -> None:
    shared = [path for path in (ROOT / "components").glob("*.py")]
    assert offenders(shared, "pulumi_aws", "pulumi_azure_native", "pulumi_gcp", "pulumi_kubernetes") == []
    assert offenders(sources("components/kubernetes"), "pulumi_aws", "pulumi_azure_native", "pulumi_gcp") == []
    assert offenders(sources("components/aws"), "pulumi_azure_native", "pulumi_kubernetes", "pulumi_gcp") == []
    assert offenders(sources("components/azure"), "pulumi_aws", "pulumi_kubernetes", "pulumi_gcp") == []
    assert offenders(sources("components/gcp"), "pulumi_aws", "pulumi_azure_native") == []


def test_policies_see_only_what_the_engine_hands_them() -> None:
    assert offenders(sources("policies"), "components", "delivery", "sandbox") == []


def test_the_sandbox_knows_nothing_of_the_components() -> None:
    assert offenders(sources("sandbox"), "components", "delivery", "policies") == []


def test_only_one_module_reads_configuration() -> None:
    readers = []
    for path in [*sources("components", "delivery"), ROOT / "__main__.py"]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = node.attr if isinstance(node, ast.Attribute) else None
            of_pulumi = (
                isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "pulumi"
            )
            if of_pulumi and name in ("Config", "get_stack"):
                readers.append(str(path.relative_to(ROOT)))
            if isinstance(node, ast.ImportFrom) and node.module in ("pulumi", "pulumi.config", "pulumi.runtime.config"):
                names = {alias.name for alias in node.names}
                readers += (
                    [str(path.relative_to(ROOT))] if names & {"Config", "get_stack", "CONFIG", "get_config"} else []
                )
    assert set(readers) == {CONFIG_READER}


def test_the_program_is_short() -> None:
    assert len((ROOT / "__main__.py").read_text(encoding="utf-8").splitlines()) <= LONGEST_MAIN


@pytest.mark.parametrize("path", sources("tests"), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_test_stands_where_no_runner_collects_it(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert path.name.startswith("test_") or not [name for name in functions if name.startswith("test_")]


def test_every_other_module_of_the_tests_helps_one_of_them() -> None:
    """Benchmarks are run, not collected: `make bench` finds them by name."""
    used = {name for path in sources("tests") for name in imports(path)}
    idle = []
    for path in sources("tests"):
        place = path.relative_to(ROOT)
        dotted = ".".join(place.with_suffix("").parts)
        found = path.name.startswith("test_") or path.name in ("conftest.py", "__init__.py") or dotted in used
        if not found and "benchmarks" not in place.parts:
            idle.append(str(place))
    assert idle == []


@pytest.mark.parametrize("path", sources(*ROOMS), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_room_says_what_it_is_for(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not text.strip() or ast.get_docstring(ast.parse(text)), "a module docstring: what it is for"
