"""One Elasticsearch node from Java libraries: fetched, checked, and compiled with the few lines that start it.

docs/adr/0033-logs-in-the-sandbox.md says why it is this version, and what it lacks.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from sandbox import paths
from sandbox.errors import SandboxError
from sandbox.images.layer import Entry, copy, directory, link, packed, tree
from sandbox.images.oci import Config, Image
from sandbox.toolchain import debian, maven

PROJECT: Final = Path(__file__).with_name("java") / "elasticsearch"
TITLE: Final = "Elasticsearch 7.10.2"
SECONDS: Final = 40
HEAP: Final = 384
"""MiB."""
USER: Final = 10002

_JAVA: Final = "/usr/lib/jvm/java-17-openjdk"
_COMPILER: Final = "ecj-3.33.0.jar"
_PACKAGES: Final = (
    "busybox-static",
    "curl",
    "libbrotli1",
    "libc6",
    "libcom-err2",
    "libcurl4",
    "libffi8",
    "libgcc-s1",
    "libgmp10",
    "libgnutls30",
    "libgssapi-krb5-2",
    "libhogweed6",
    "libidn2-0",
    "libk5crypto3",
    "libkeyutils1",
    "libkrb5-3",
    "libkrb5support0",
    "libldap-2.5-0",
    "libnettle8",
    "libnghttp2-14",
    "libp11-kit0",
    "libpsl5",
    "librtmp1",
    "libsasl2-2",
    "libssh2-1",
    "libssl3",
    "libstdc++6",
    "libtasn1-6",
    "libunistring2",
    "libzstd1",
    "openjdk-17-jre-headless",
    "zlib1g",
)
"""A Java that runs in a container of its own; a shell and curl, with which the index is set up."""
_UNNEEDED: Final = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/lintian", "usr/lib/debug")


def ready() -> bool:
    """Whether everything is there that the image is made of."""
    return debian.place("java-17").is_dir() and _classes().is_dir() and maven.there(PROJECT, "elasticsearch")


def prepare() -> None:
    """Fetch and compile what the image is made of.

    Raises:
        SandboxError: a package or a library cannot be had.
    """
    _compile(_root(), maven.libraries(PROJECT, "elasticsearch"))


def image() -> Image:
    """The image; its layers are kept in the cache.

    Raises:
        SandboxError: a package or a library cannot be had.
    """
    root = _root()
    libraries = maven.libraries(PROJECT, "elasticsearch")
    classes = _compile(root, libraries)
    kept = paths.cache() / "layers"
    system = [
        *tree(root, "/", skip=lambda path: path.startswith(_UNNEEDED)),
        link("/bin/sh", "busybox"),
        directory("/tmp", 0o1777),  # noqa: S108 - inside the image
    ]
    jars = [copy(jar, f"/elasticsearch/lib/{jar.name}", 0o644) for jar in sorted(libraries.glob("*.jar"))]
    jars = [entry for entry in jars if not entry.path.endswith(_COMPILER)]
    own = [copy(file, f"/elasticsearch/classes/{file.name}", 0o644) for file in sorted(classes.glob("*.class"))]
    return Image(
        [packed(system, kept, "java-17"), packed([*jars, *own, *_places()], kept, "elasticsearch")],
        Config(entrypoint=_start(), user=f"{USER}:{USER}", directory="/elasticsearch"),
    )


def _places() -> list[Entry]:
    return [
        directory("/elasticsearch/config"),
        directory("/elasticsearch/data", 0o700, user=USER, group=USER),
    ]


def _start() -> list[str]:
    return [
        f"{_home()}/bin/java",
        f"-Xms{HEAP}m",
        f"-Xmx{HEAP}m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=4",
        "-Djava.security.manager=allow",
        "-Dlog4j2.disable.jmx=true",
        "-Des.distribution.type=zip",
        "-cp",
        "/elasticsearch/classes:/elasticsearch/lib/*",
        "Elasticsearch",
        "path.home=/elasticsearch",
        "path.data=/elasticsearch/data",
        "cluster.name=caas-sandbox",
        "discovery.type=single-node",
        "node.store.allow_mmap=false",
    ]


def _home() -> str:
    """Where Debian puts Java: the directory ends with the machine's architecture."""
    return f"{_JAVA}-{ {'x86_64': 'amd64', 'aarch64': 'arm64'}.get(platform.machine(), platform.machine()) }"


def _root() -> Path:
    """Debian's packages, unpacked; with Java's configuration in its own place, where it works from anywhere."""
    root = debian.unpack(_PACKAGES, "java-17")
    configuration = root / "etc" / "java-17-openjdk"
    for place in list((root / _home().lstrip("/")).rglob("*")):
        if place.is_symlink() and os.readlink(place).startswith("/etc/java-17-openjdk/"):
            source = root / os.readlink(place).lstrip("/")
            place.unlink()
            if source.is_file():
                shutil.copyfile(source, place)
            elif source.is_dir():
                shutil.copytree(source, place)
    if not configuration.is_dir():
        raise SandboxError("Debian's Java has no configuration in /etc/java-17-openjdk; see sandbox/toolchain.")
    return root


def _classes() -> Path:
    key = hashlib.sha256((PROJECT / "Elasticsearch.java").read_bytes()).hexdigest()[:12]
    return paths.cache() / "java" / f"elasticsearch-classes-{key}"


def _compile(root: Path, libraries: Path) -> Path:
    """The starting lines, by the compiler that is a library itself: there is no JDK in a runtime."""
    source, final = PROJECT / "Elasticsearch.java", _classes()
    if final.is_dir():
        return final
    with tempfile.TemporaryDirectory(dir=final.parent, prefix=".classes-") as scratch:
        target = Path(scratch, "classes")
        command = [str(root / _home().lstrip("/") / "bin" / "java"), "-jar", str(libraries / _COMPILER)]
        command += ["-17", "-nowarn", "-d", str(target), "-cp", f"{libraries}/*", str(source)]
        command[command.index("-cp") + 1] = ":".join(str(jar) for jar in sorted(libraries.glob("*.jar")))
        outcome = subprocess.run(command, capture_output=True, text=True, check=False)
        if outcome.returncode != 0:
            raise SandboxError(f"{source.name} does not compile:\n  {outcome.stderr.strip()}")
        target.rename(final)
    return final
