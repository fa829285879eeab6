"""Base images: which ones a Dockerfile needs, and what stands in for them."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from sandbox import toolchain
from sandbox.errors import SandboxError
from sandbox.images import base
from sandbox.images.base import Workshop, supply
from sandbox.images.dockerfile import Base, bases, complete
from tests.pipelines import machine
from tests.sandbox import registry

HELLO = Path(__file__).resolve().parents[2] / "examples" / "hello" / "Dockerfile"
GO = "docker.io/library/golang:1.26-bookworm"
FORWARDER = HELLO.parents[2] / "components" / "logging" / "forwarder"
STATIC = "gcr.io/distroless/static-debian12:nonroot"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "Dockerfile"
    path.write_text(text)
    return path


def test_the_samples_bases() -> None:
    assert [found.reference for found in bases(HELLO)] == [GO, STATIC]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM scratch\n", []),
        ("FROM golang\n", [("docker.io/library/golang:latest", 1)]),
        ("# note\n\nfrom team/app:1 as a\nFROM a\n", [("docker.io/team/app:1", 3)]),
        ("ARG V=2\nFROM --platform=$BUILDPLATFORM x.io/a:${V} AS b\n", [("x.io/a:2", 2)]),
        ("FROM localhost:5000/a\n", [("localhost:5000/a:latest", 1)]),
        ("FROM a:1 AS one\nFROM a:1\nCOPY --from=one /x /\nCOPY --from=0 /x /\n", [("docker.io/library/a:1", 1)]),
        ("FROM scratch\nCOPY --chown=1 --from=b:1 \\\n  /x /\n", [("docker.io/library/b:1", 2)]),
        ("FROM scratch\nRUN --mount=type=bind,from=c:1,target=/x true\n", [("docker.io/library/c:1", 2)]),
        ("FROM scratch AS s\nCOPY --from=s x /\nRUN echo --from=d:1\n", []),
        ("# syntax=docker/dockerfile:1\nFROM scratch\n", [("docker.io/docker/dockerfile:1", 1)]),
    ],
)
def test_references_and_lines(text: str, expected: list[tuple[str, int]], tmp_path: Path) -> None:
    assert [(found.reference, found.line) for found in bases(written(tmp_path, text))] == expected


def test_build_argument_decides_and_a_missing_one_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, "ARG V\nFROM a:$V\n")
    assert [found.reference for found in bases(path, {"V": "7"})] == ["docker.io/library/a:7"]
    with pytest.raises(SandboxError, match=r"Dockerfile, line 2: .*needs the build argument V"):
        bases(path)


def test_missing_dockerfile_is_named(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=f"cannot read {tmp_path}/Dockerfile: No such file"):
        bases(tmp_path / "Dockerfile")


def test_digest_is_complete() -> None:
    assert complete("a@sha256:00") == "docker.io/library/a@sha256:00"


def workshop(tmp_path: Path) -> Workshop:
    return Workshop(toolchain.current((toolchain.CLUSTER,)).tool("busybox"), tmp_path / "layers")


def unreachable(_host: str) -> bool:
    return False


@pytest.mark.parametrize(
    "reference",
    ["docker.io/library/debian:12", "docker.io/library/golang:1.26-alpine", "gcr.io/distroless/static@sha256:0"],
)
def test_image_without_a_stand_in_is_named_by_file_and_line(reference: str, tmp_path: Path) -> None:
    wanted = [Base(reference, Path("some/Dockerfile"), 4)]
    with pytest.raises(SandboxError) as caught:
        supply(wanted, "127.0.0.1:1", Workshop(Path("x"), tmp_path), reachable=unreachable)
    message = str(caught.value)
    assert message.startswith(f"some/Dockerfile, line 4: {reference} cannot be pulled")
    assert "docker.io/library/golang ([version][-bookworm])" in message


def test_reachable_registry_needs_no_stand_in(tmp_path: Path) -> None:
    wanted = [
        Base("docker.io/library/debian:12", Path("Dockerfile"), 1),
        Base("127.0.0.1:1/own:1", Path("Dockerfile"), 2),
    ]
    assert supply(wanted, "127.0.0.1:1", Workshop(Path("x"), tmp_path), reachable=lambda _host: True) == {}


def test_other_go_than_the_machines_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=r"golang:1\.2 cannot be stood in for: there is Go 1\.\d+"):
        base.golang("1.2", Workshop(Path("x"), tmp_path))


@pytest.mark.cluster
def test_supplied_once_under_the_public_name(tmp_path: Path) -> None:
    with registry.running(tmp_path) as address:
        first = supply(bases(HELLO), address, workshop(tmp_path), reachable=unreachable)
        assert list(first) == [GO, STATIC]
        stamps = {path: path.stat().st_mtime_ns for path in (tmp_path / "layers").iterdir()}
        assert supply(bases(HELLO), address, workshop(tmp_path), reachable=unreachable) == first
        assert {path: path.stat().st_mtime_ns for path in (tmp_path / "layers").iterdir()} == stamps


@pytest.mark.cluster
def test_static_base_has_users_certificates_and_a_place_for_scratch_files(tmp_path: Path) -> None:
    image = base.static("nonroot", workshop(tmp_path))
    assert image.config.user == "65532"
    with tarfile.open(image.layers[0].archive) as tar:
        passwd = tar.extractfile("etc/passwd")
        assert passwd is not None
        assert b"nonroot:x:65532:65532:" in passwd.read()
        assert tar.getmember("etc/ssl/certs/ca-certificates.crt").size > 1000
        assert tar.getmember("tmp").mode == 0o1777
        assert not any(member.name.startswith("bin/") for member in tar.getmembers())


@pytest.mark.cluster
def test_go_stand_in_compiles(tmp_path: Path) -> None:
    root = tmp_path / "root"
    for layer in base.golang("1.26-bookworm", workshop(tmp_path)).layers:
        with tarfile.open(layer.archive) as tar:
            tar.extractall(root, filter="tar")
    (root / "main.go").write_text('package main\n\nimport "os"\n\nfunc main() { os.Stdout.WriteString("compiled") }\n')
    chroot = shutil.which("chroot") or "/usr/sbin/chroot"
    (root / "dev").mkdir()
    (root / "dev" / "null").touch()
    # Without a /proc, Go cannot find its own place; in a container it can.
    variables = "PATH=$PATH:/usr/local/go/bin GOROOT=/usr/local/go HOME=/tmp CGO_ENABLED=0"
    command = f"cd / && {variables} go build -o /main main.go && /main"
    done = subprocess.run([chroot, root, "/bin/sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.stdout == "compiled", done.stderr


@pytest.mark.cluster
def test_python_stand_in_runs_the_forwarder_that_is_built_on_it(tmp_path: Path) -> None:
    """The program alone is copied: it needs nothing else of the repository, nor of this machine."""
    machine.ensure(**{str(base.DEBIAN_PYTHON): base.DEBIAN_PYTHON.name})
    (wanted,) = bases(FORWARDER / "Dockerfile")
    assert wanted.reference == "gcr.io/distroless/python3-debian12:nonroot"
    image, root = base.python("nonroot", workshop(tmp_path)), tmp_path / "root"
    assert image.config.user == "65532"
    with tarfile.open(image.layers[0].archive) as tar:
        tar.extractall(root, filter="tar")
    place = root / "app" / "components" / "logging" / "forwarder"
    place.mkdir(parents=True)
    for file in FORWARDER.glob("*.py"):
        shutil.copy(file, place)
    chroot = shutil.which("chroot") or "/usr/sbin/chroot"
    variables = {**image.config.environment, "PYTHONPATH": "/app"}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [chroot, str(root), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=variables)

    started = run(*image.config.entrypoint, "-m", "components.logging.forwarder")
    assert started.returncode == 2, started.stderr
    assert "cannot start: FORWARDER_CONFIG" in started.stdout
    secure = run(*image.config.entrypoint, "-c", "import ssl; print(len(ssl.create_default_context().get_ca_certs()))")
    assert int(secure.stdout) > 10, secure.stderr
