"""The generated schemas and the reference page agree with the models, and say the same as the loader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from components.spec import json_schema, reference, schema
from components.spec.environment import Settings
from components.spec.pages import Page, table
from components.spec.service import Service
from components.spec.wording import KINDS, PATTERNS
from tests.spec.wrong_case import SECURE, SERVICE, SETTINGS, changed


@pytest.mark.parametrize("page", [*schema.PAGES, reference.PAGE], ids=lambda page: page.file)
def test_the_page_on_disk_is_current(page: Page) -> None:
    assert page.drift() is None, page.drift()


def test_drift_names_the_command_that_mends_it(tmp_path: Path) -> None:
    page = Page("one.md", "a.module", lambda: "new\n")
    assert page.drift(tmp_path) == "one.md is missing; run `python -m a.module`"
    (tmp_path / "one.md").write_text("old\n")
    assert page.drift(tmp_path) == "one.md is out of date; run `python -m a.module`"
    page.write(tmp_path)
    assert page.drift(tmp_path) is None


def test_a_cell_stays_one_cell() -> None:
    assert table(("a", "b"), [("x | y", "two\nlines")]) == "| a | b |\n| --- | --- |\n| x \\| y | two lines |\n"


def project(service: dict[str, Any], name: str = "hello") -> dict[str, Any]:
    return {"name": "caas", "runtime": "python", "config": {"caas:services": {"value": {name: service}}}}


def stack(settings: dict[str, Any]) -> dict[str, Any]:
    return {"encryptionsalt": "v1:x", "config": {f"caas:{key}": value for key, value in settings.items()}}


def accepted(name: str, document: dict[str, Any]) -> bool:
    validator = jsonschema.Draft202012Validator(json_schema()[name])
    validator.check_schema(json_schema()[name])
    return bool(validator.is_valid(document))


@pytest.mark.parametrize(
    ("changes", "valid"),
    [
        ({}, True),
        ({"memroy": 1}, False),
        ({"port": "8080"}, False),
        ({"port": 70000}, False),
        ({"name": "hello"}, False),
        ({"rollout.strategy": "fast"}, False),
        ({"rollout.stop_timeout": 60}, False),
        ({"secrets.A.config": "k"}, True),
    ],
)
def test_the_project_schema(changes: dict[str, Any], valid: bool) -> None:
    assert accepted(schema.PROJECT_SCHEMA, project(changed(SERVICE, changes))) is valid


def test_the_project_schema_judges_names() -> None:
    assert not accepted(schema.PROJECT_SCHEMA, project(SERVICE, "Hello"))


@pytest.mark.parametrize(
    ("changes", "valid"),
    [
        ({}, True),
        ({"logRetenton": 1}, False),
        ({"services": {}}, False),
        ({"tier": "production"}, False),
        ({"secrets.apiKey": {"secure": SECURE}}, True),
        ({"secrets.apiKey": "plain"}, False),
        ({"overrides.hello.port": 1}, False),
        ({"overrides.hello.cpu": 0.5}, True),
    ],
)
def test_the_stack_schema(changes: dict[str, Any], valid: bool) -> None:
    assert accepted(schema.STACK_SCHEMA, stack(changed(SETTINGS, changes))) is valid


def test_other_namespaces_are_not_the_schema_s() -> None:
    document = stack(SETTINGS)
    document["config"]["aws:region"] = "eu-central-1"
    assert accepted(schema.STACK_SCHEMA, document)


def test_the_project_s_own_files_fit_the_schemas() -> None:
    root = Path(__file__).resolve().parents[2]
    files = {root / "Pulumi.yaml": schema.PROJECT_SCHEMA}
    files |= {path: schema.STACK_SCHEMA for path in root.glob("Pulumi.*.yaml")}
    for path, name in files.items():
        document = json.loads(json.dumps(YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))))
        jsonschema.Draft202012Validator(json_schema()[name]).validate(document)


def test_the_reference_names_units_defaults_and_limits() -> None:
    text = reference.rendered()
    for row in (
        "| `caas:services.<name>.memory` | MiB per instance: requested and the limit. | MiB | `256` | 16 to 524288 |",
        "| `caas:services.<name>.port` | The TCP port that the container listens on. |  | required | 1 to 65535 |",
    ):
        assert row in text
    assert "`caas:overrides.<name>.scaling.minimum`" in text
    assert "`KUBERNETES_*`" in text


def kinds(node: Any) -> set[str]:
    """The kinds of values in a pydantic core schema."""
    if isinstance(node, dict):
        own = {node["type"]} if isinstance(node.get("type"), str) else set()
        return own.union(*(kinds(child) for key, child in node.items() if key != "metadata"))
    return set().union(*map(kinds, node)) if isinstance(node, list | tuple) else set()


def test_every_kind_of_value_in_the_models_has_words_for_its_faults() -> None:
    """A kind that is new in the models needs an entry in wording.py, and then one here."""
    faults = {
        "bool": {"bool_type"},
        "dict": {"dict_type"},
        "float": {"float_type", "finite_number", "greater_than_equal", "less_than_equal"},
        "int": {"int_type", "int_from_float", "int_parsing_size", "greater_than_equal", "less_than_equal"},
        "literal": {"literal_error"},
        "model": {"model_type", "missing", "extra_forbidden"},
        "str": {"string_type", "string_pattern_mismatch", "string_too_long", "string_too_short", "string_unicode"},
        "tuple": {"tuple_type"},
    }
    structure = {"default", "definition-ref", "definitions", "model-field", "model-fields", "nullable"}
    for model in (Service, Settings):
        assert kinds(model.__pydantic_core_schema__) - structure <= set(faults)
    assert set().union(*faults.values()) <= KINDS


def patterns(node: Any) -> set[str]:
    """The patterns in a JSON Schema."""
    if isinstance(node, dict):
        own = {node["pattern"]} if isinstance(node.get("pattern"), str) else set()
        names = set(node["patternProperties"]) if isinstance(node.get("patternProperties"), dict) else set()
        return own.union(names, *map(patterns, node.values()))
    return set().union(*map(patterns, node)) if isinstance(node, list) else set()


def test_every_pattern_in_the_models_has_words() -> None:
    for model in (Service, Settings):
        assert patterns(model.model_json_schema()) - set(PATTERNS) == set()


def test_every_key_has_a_meaning() -> None:
    rows = [line.split(" | ") for line in reference.rendered().splitlines() if line.startswith("| `caas:")]
    assert len(rows) > 100
    assert [cells[0] for cells in rows if not cells[1].strip()] == []
