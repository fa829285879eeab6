"""What was read from an SDK is read once, and never again in another form."""

from __future__ import annotations

import sys
from pathlib import Path

import pulumi_aws
import pytest

from sandbox.clouds.core import schema, schema_cache
from sandbox.clouds.core.schema import Sdk
from sandbox.rpc.arguments import Failure, Shape, failures

SDK = Path(pulumi_aws.__file__).parent
ROLE = "aws:iam/role:Role"


@pytest.fixture(autouse=True)
def prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment that has kept nothing yet."""
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    return tmp_path


def unread(*_: object) -> Shape:
    raise AssertionError("the SDK's source was read again")


def files(prefix: Path) -> list[Path]:
    return [one for one in prefix.rglob("*") if one.is_file()]


def test_another_process_reads_no_source(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Sdk(SDK).resource(ROLE)
    assert [one.name for one in files(prefix)] == ["aws.iam.role.Role"]
    monkeypatch.setattr(schema, "shape_of", unread)
    again = Sdk(SDK).resource(ROLE)
    assert again == first
    assert list(failures(again.inputs, {})) == [
        Failure("assumeRolePolicy", "Missing required argument. The argument 'assumeRolePolicy' is required.")
    ]


def test_a_type_that_contains_itself_comes_back_whole(prefix: Path) -> None:
    inner: dict[str, Shape] = {}
    outer = Shape("object", properties=inner)
    inner["child"] = outer
    cache = schema_cache.SchemaCache(SDK)
    cache.put(ROLE, outer)
    back = cache.get(ROLE)
    assert isinstance(back, Shape)
    assert back.properties["child"] is back
    assert files(prefix)


def test_another_version_of_the_sdk_or_of_the_reader_is_read_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sdk, reader = tmp_path / "pulumi_some", tmp_path / "reader.py"
    sdk.mkdir()
    version = sdk / "pulumi-plugin.json"
    version.write_text('{"version": "1.0.0"}')
    reader.write_text("one")
    monkeypatch.setattr(schema_cache, "_READERS", (reader,))
    schema_cache.SchemaCache(sdk).put(ROLE, Shape("any"))
    assert schema_cache.SchemaCache(sdk).get(ROLE) == Shape("any")
    version.write_text('{"version": "1.0.1"}')
    assert schema_cache.SchemaCache(sdk).get(ROLE) is None
    version.write_text('{"version": "1.0.0"}')
    reader.write_text("two")
    assert schema_cache.SchemaCache(sdk).get(ROLE) is None


def test_what_was_cut_short_is_read_from_the_source(prefix: Path) -> None:
    first = Sdk(SDK).resource(ROLE)
    (kept,) = files(prefix)
    kept.write_bytes(kept.read_bytes()[:10])
    assert Sdk(SDK).resource(ROLE) == first


def test_where_nothing_can_be_written_nothing_is_kept(prefix: Path) -> None:
    (prefix / "sdk-schemas").write_text("in the way")
    assert Sdk(SDK).resource(ROLE).outputs
    assert schema_cache.SchemaCache(SDK).get(ROLE) is None
