"""Images: the same bytes every time, and a push that a real registry accepts."""

from __future__ import annotations

import gzip
import hashlib
import http.client
import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.errors import SandboxError
from sandbox.images.layer import copy, directory, file, link, pack, packed, tree
from sandbox.images.oci import Config, Image, Reference, push, pushed
from tests.sandbox import registry


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with registry.running(tmp_path_factory.mktemp("registry")) as found:
        yield found


def members(archive: Path) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(archive) as tar:
        return {member.name: member for member in tar.getmembers()}


def test_same_entries_give_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    entries = [file("/b/one", "1"), file("/a", "2", 0o600), link("/c", "a"), directory("/d", 0o1777)]
    first = pack(entries, tmp_path / "first.tar.gz")
    for source in tmp_path.iterdir():
        os.utime(source, (1, 1))
    second = pack(list(reversed(entries)), tmp_path / "second.tar.gz")
    assert (first.digest, first.diff_id, first.size) == (second.digest, second.diff_id, second.size)
    packed_bytes = first.archive.read_bytes()
    assert first.digest == f"sha256:{hashlib.sha256(packed_bytes).hexdigest()}"
    assert first.diff_id == f"sha256:{hashlib.sha256(gzip.decompress(packed_bytes)).hexdigest()}"


def test_modes_owners_links_and_parents(tmp_path: Path) -> None:
    layer = pack(
        [file("/deep/er/file", "x", 0o640), link("/link", "deep"), directory("/home/me", 0o700, user=7, group=8)],
        tmp_path / "layer.tar.gz",
    )
    found = members(layer.archive)
    assert list(found) == ["deep", "deep/er", "deep/er/file", "home", "home/me", "link"]
    assert found["deep/er"].isdir()
    assert found["deep/er"].mode == 0o755
    assert found["deep/er/file"].mode == 0o640
    assert found["deep/er/file"].mtime == 0
    assert (found["home/me"].mode, found["home/me"].uid, found["home/me"].gid) == (0o700, 7, 8)
    assert found["link"].issym()
    assert found["link"].linkname == "deep"


def test_tree_skips_what_it_is_told_to_and_keeps_links(tmp_path: Path) -> None:
    (tmp_path / "kept" / "deep").mkdir(parents=True)
    (tmp_path / "testdata").mkdir()
    (tmp_path / "testdata" / "large").touch()
    (tmp_path / "kept" / "deep" / "tool").touch(mode=0o755)
    (tmp_path / "kept" / "to-directory").symlink_to("deep")
    found = tree(tmp_path, "/usr", skip=lambda path: path == "testdata")
    assert [(entry.path, entry.link, entry.mode) for entry in found] == [
        ("/usr/kept/to-directory", "deep", 0o777),
        ("/usr/kept/deep/tool", None, 0o755),
    ]


def test_layer_is_packed_once_until_a_file_changes(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_text("one")
    first = packed([copy(source, "/x")], tmp_path / "layers", "name")
    stamp = first.archive.stat().st_mtime_ns
    again = packed([copy(source, "/x")], tmp_path / "layers", "name")
    assert again == first
    assert again.archive.stat().st_mtime_ns == stamp
    source.write_text("three")
    assert packed([copy(source, "/x")], tmp_path / "layers", "name").digest != first.digest


def test_truncated_layer_is_packed_again(tmp_path: Path) -> None:
    first = packed([file("/x", "content")], tmp_path, "name")
    first.archive.write_bytes(b"")
    assert packed([file("/x", "content")], tmp_path, "name") == first
    assert first.archive.stat().st_size == first.size


def image(tmp_path: Path, content: str = "hello") -> Image:
    layer = pack([file("/hello", content)], tmp_path / f"{content}.tar.gz")
    return Image([layer], Config(entrypoint=["/hello"], environment={"A": "1"}, user="10001", labels={"l": "v"}))


@pytest.mark.cluster
def test_push_gives_the_digest_that_the_registry_gives(address: str, tmp_path: Path) -> None:
    made = image(tmp_path)
    reference = f"{address}/team/app:1"
    assert pushed(reference) is None
    assert push(made, reference) == made.digest == pushed(reference)
    connection = http.client.HTTPConnection(address, timeout=5)
    connection.request(
        "GET", "/v2/team/app/manifests/1", headers={"Accept": "application/vnd.oci.image.manifest.v1+json"}
    )
    manifest = json.loads(connection.getresponse().read())
    connection.request("GET", f"/v2/team/app/blobs/{manifest['config']['digest']}")
    configuration = json.loads(connection.getresponse().read())
    connection.close()
    assert configuration["config"] == {
        "Entrypoint": ["/hello"], "Env": ["A=1"], "User": "10001", "Labels": {"l": "v"},
    }  # fmt: skip
    assert configuration["rootfs"]["diff_ids"] == [made.layers[0].diff_id]


@pytest.mark.cluster
def test_second_push_sends_nothing_and_a_tag_can_move(address: str, tmp_path: Path) -> None:
    first, second = image(tmp_path), image(tmp_path, "other")
    reference = f"{address}/team/moves:1"
    push(first, reference)
    first.layers[0].archive.unlink()
    assert push(first, reference) == first.digest
    assert push(second, reference) == second.digest == pushed(reference)


def test_registry_that_is_not_there_is_named(tmp_path: Path) -> None:
    address = f"127.0.0.1:{registry.free_port()}"
    with pytest.raises(SandboxError, match=f"the registry at {address} does not answer"):
        push(image(tmp_path), f"{address}/team/app:1")


@pytest.mark.cluster
def test_registrys_refusal_is_shown(address: str, tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="answered 40"):
        push(image(tmp_path), f"{address}/Upper/Case:1")


@pytest.mark.parametrize("text", ["app:1", "host/app", "host/app@sha256:0", ""])
def test_reference_without_host_or_tag_is_refused(text: str) -> None:
    with pytest.raises(SandboxError, match="must have the form"):
        Reference.parse(text)
