"""Reading the two files offline, their lines, and the faults that only the files show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components.spec import Problem, Source, SpecError, load_environment, read_files
from components.spec.files import PUBLIC_SALT

PROJECT = """\
# The project
name: caas
runtime: python
config:
  caas:services:
    value:
      hello: &base
        image: registry.example.org/hello@sha256:{digest}
        port: 8080
        replicas: 1
        health: {{readiness: {{path: /readyz}}}}
      web:
        <<: *base
        port: 8081
""".format(digest="0" * 64)
STACK = "config:\n  caas:registry: {address: localhost:15000}\n  aws:region: eu-central-1\n"


def put(directory: Path, project: str | None = PROJECT, stack: str | bytes | None = STACK) -> Path:
    if project is not None:
        (directory / "Pulumi.yaml").write_text(project, encoding="utf-8")
    if isinstance(stack, bytes):
        (directory / "Pulumi.dev.yaml").write_bytes(stack)
    elif stack is not None:
        (directory / "Pulumi.dev.yaml").write_text(stack, encoding="utf-8")
    return directory


def faults(directory: Path, stack: str = "dev") -> list[Problem]:
    with pytest.raises(SpecError) as caught:
        read_files(directory, stack)
    return list(caught.value.problems)


def test_the_namespace_is_read_and_others_are_left(tmp_path: Path) -> None:
    config, project, source = read_files(put(tmp_path), "dev")

    assert project == "caas"
    assert set(config) == {"services", "registry"}
    assert config["registry"] == {"address": "localhost:15000"}
    assert (config["services"]["hello"]["port"], config["services"]["web"]["port"]) == (8080, 8081)
    assert config["services"]["web"]["replicas"] == 1
    assert (source.project_file, source.stack_file, source.directory) == ("Pulumi.yaml", "Pulumi.dev.yaml", tmp_path)
    environment = load_environment(config, project=project, stack="dev", source=source)
    assert [service.name for service in environment.services] == ["hello", "web"]


@pytest.mark.parametrize(
    ("form", "namespaced"),
    [
        ("caas:services: {value: {a: 1}}", True),
        ("services: {type: object, default: {a: 1}}", False),
        ("services: {a: 1}", False),
    ],
)
def test_every_form_of_a_project_key_is_read(tmp_path: Path, form: str, namespaced: bool) -> None:
    put(tmp_path, f"name: caas\nconfig:\n  {form}\n")
    assert read_files(tmp_path, "dev")[0]["services"] == {"a": 1}
    put(tmp_path, f"name: shop\nconfig:\n  {form}\n")
    assert ("services" in read_files(tmp_path, "dev")[0]) is namespaced


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("services", "hello", "port"), ("Pulumi.yaml", 9)),
        (("services", "hello", "health", "readiness", "path"), ("Pulumi.yaml", 11)),
        (("services", "hello", "memory"), ("Pulumi.yaml", 7)),
        (("services", "web", "replicas"), ("Pulumi.yaml", 10)),
        (("services", "web", "port"), ("Pulumi.yaml", 14)),
        (("registry", "address"), ("Pulumi.dev.yaml", 2)),
        (("domain",), ("Pulumi.dev.yaml", None)),
        (("", "name"), ("Pulumi.yaml", 2)),
        ((), ("Pulumi.dev.yaml", None)),
    ],
)
def test_a_value_is_located(tmp_path: Path, path: tuple[str, ...], place: tuple[str, int | None]) -> None:
    assert read_files(put(tmp_path), "dev")[2].locate(path) == place


def test_a_source_without_files_still_names_them() -> None:
    source = Source("Pulumi.yaml", "Pulumi.dev.yaml")
    assert source.locate(("services", "x")) == ("Pulumi.yaml", None)
    assert source.locate(("domain",)) == ("Pulumi.dev.yaml", None)


def test_a_stack_without_a_file_names_those_that_have_one(tmp_path: Path) -> None:
    put(tmp_path)
    (problem,) = faults(tmp_path, "devv")
    assert (problem.file, problem.line) == ("Pulumi.devv.yaml", None)
    assert problem.limit == "a file that exists; stacks with one: dev"
    assert problem.remedy == "did you mean the stack dev?"


def test_a_directory_without_a_project_is_no_project(tmp_path: Path) -> None:
    (problem,) = faults(put(tmp_path, project=None))
    assert (problem.file, problem.remedy) == ("Pulumi.yaml", "change to the project's directory")


@pytest.mark.parametrize("stack", ["../dev", "", "a b", ".hidden", "x" * 101, "dev\n"])
def test_a_stack_name_is_no_path(tmp_path: Path, stack: str) -> None:
    (problem,) = faults(put(tmp_path), stack)
    assert "a stack's name" in problem.limit


@pytest.mark.parametrize(
    ("text", "line", "limit"),
    [
        ("config: [", 1, "valid YAML"),
        ("config:\n\ta: 1\n", 2, "valid YAML"),
        ("a: 1\n---\nb: 2\n", 2, "valid YAML"),
        ("config:\n  caas:domain: !!binary aGk=\n", 2, "without tags"),
        ("config:\n  caas:domain: a\n  caas:domain: b\n", 3, "each key once"),
        ("config:\n  ? [a]\n  : 1\n", 2, "keys that are text"),
        ("- a\n", None, "a mapping at the top"),
        ("config: 3\n", None, "a mapping"),
        ("config: &a [*a]\n", 1, "no alias inside"),
        (b"\xff\xfe\x00", None, "UTF-8"),
        (b"a: \x01\n", None, "valid YAML"),
        ("a: " + "[" * 3000, None, "YAML"),
        ("config:\n  caas:logRetention: " + "9" * 5000 + "\n", 2, "a number that can be read"),
    ],
)
def test_a_file_that_is_no_plain_yaml(tmp_path: Path, text: str | bytes, line: int | None, limit: str) -> None:
    (problem,) = faults(put(tmp_path, stack=text))
    assert (problem.file, problem.line) == ("Pulumi.dev.yaml", line)
    assert limit in problem.limit
    assert "ruamel" not in problem.render()


def test_aliases_cannot_blow_a_file_up(tmp_path: Path) -> None:
    levels = [f"  l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 10)}]" for i in range(1, 9)]
    text = "config:\n  l0: &l0 [x]\n" + "\n".join(levels) + "\n"
    (problem,) = faults(put(tmp_path, stack=text))
    assert "at most 500000 values" in problem.limit


def test_both_files_are_judged(tmp_path: Path) -> None:
    assert [p.file for p in faults(put(tmp_path, "name: [", "config: ["))] == ["Pulumi.yaml", "Pulumi.dev.yaml"]


def test_an_empty_stack_file_is_a_stack_that_sets_nothing(tmp_path: Path) -> None:
    assert set(read_files(put(tmp_path, stack=""), "dev")[0]) == {"services"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0x10", 16),
        ("0o17", 15),
        ("1_000", 1000),
        ("-3", -3),
        ("1.5", 1.5),
        ("true", True),
        ("~", None),
        ("yes", "yes"),
        ("2024-01-31", "2024-01-31"),
    ],
)
def test_scalars_are_read_as_the_engine_reads_them(tmp_path: Path, text: str, expected: Any) -> None:
    config, _, _ = read_files(put(tmp_path, stack=f"config:\n  caas:x: {text}\n"), "dev")
    assert config["x"] == expected


def stack_with(secrets: str, salt: str = "v1:own") -> str:
    return f"encryptionsalt: {salt}\n{STACK}{secrets}"


def keys(directory: Path, stack: str) -> list[str]:
    config, project, source = read_files(put(directory, stack=stack), "dev")
    try:
        load_environment(config, project=project, stack="dev", source=source)
    except SpecError as error:
        return [problem.key for problem in error.problems]
    return []


def test_the_public_passphrase_protects_no_secret(tmp_path: Path) -> None:
    secret = "  caas:secrets:\n    apiKey:\n      secure: v1:abc\n"
    assert keys(tmp_path, stack_with("", PUBLIC_SALT)) == []
    assert keys(tmp_path, stack_with(secret)) == []
    assert keys(tmp_path, stack_with(secret, PUBLIC_SALT)) == ["encryptionsalt"]
    other = "  aws:secretKey:\n    secure: v1:abc\n"
    assert keys(tmp_path, stack_with(other, PUBLIC_SALT)) == ["encryptionsalt"]


def test_secrets_are_encrypted_one_by_one_and_stand_in_one_place(tmp_path: Path) -> None:
    assert keys(tmp_path, stack_with("  caas:secrets: {a: {secure: v1:x}, b: plain}\n")) == ["caas:secrets.b"]
    assert keys(tmp_path, stack_with("  caas:secrets: {secure: v1:x}\n")) == ["caas:secrets"]
    assert keys(tmp_path, stack_with("  caas:secrets: plain\n")) == ["caas:secrets"]
    assert keys(tmp_path, stack_with("  caas:secrets: {a b: {secure: v1:x}}\n")) == ['caas:secrets["a b"]']
    nested = "  caas:overrides: {hello: {environment: {A: {secure: v1:x}}}}\n"
    assert keys(tmp_path, stack_with(nested)) == ["caas:overrides.hello.environment.A"]
