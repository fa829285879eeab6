"""The generated pages about components agree with the code and leave nothing out."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from components import base, reference
from components.spec.pages import Page

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("page", reference.PAGES, ids=lambda page: page.file)
def test_the_page_on_disk_is_current(page: Page) -> None:
    assert page.drift() is None, page.drift()


def load(path: str) -> tuple[type[base.Component], type[Any]]:
    module, _, name = path.rpartition(".")
    loaded = importlib.import_module(module)
    return getattr(loaded, name), getattr(loaded, f"{name}Args")


@pytest.mark.parametrize("path", reference.PUBLIC)
def test_every_argument_and_output_has_a_meaning(path: str) -> None:
    component, args = load(path)
    assert "transforms" in [one.name for one in reference.arguments(args)]
    members = [*reference.arguments(args), *reference.outputs(component)]
    assert [one.name for one in members if len(one.meaning) < 10] == []
    given = {one.name for one in reference.arguments(args)}
    assert set(reference._split(args.__doc__ or "")[1]) <= given, "a :param of an argument that is gone"


def test_every_component_class_is_on_the_page() -> None:
    """A class that a platform's room gains is public, and has to be listed."""
    for file in (ROOT / "components").rglob("*.py"):
        if "spec" not in file.relative_to(ROOT).parts and file.name not in ("__init__.py", "reference.py"):
            importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
    classes = {f"{one.__module__}.{one.__name__}" for one in base.Component.__subclasses__()}
    assert {name for name in classes if name.startswith("components.")} == set(reference.PUBLIC)


def test_what_stands_on_the_page() -> None:
    text = reference.component_page()
    for row in (
        "| `digest` | `pulumi.Input[str] \\| None` | `None` | An image that exists, `repository@sha256:…`: nothing is",
        "| `environment` | `Environment` | required | Where it runs; labels, host names and ingress class come from",
        "| `directory` | `Path` | `.` | What `build.context` is relative to.",
        "| `repository(name)` | `str` | `address/name`: where the images of one service live. |",
        "| `url` | `pulumi.Output[str \\| None]` | Where the world calls it; None without ingress. |",
    ):
        assert row in text
    for of_sphinx in (":class:", ":mod:", ":param", "``"):
        assert of_sphinx not in text
