"""Java libraries through Maven, each checked against the hash that is pinned beside the list of them.

Maven finds its repository by the machine's own settings.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from sandbox import paths
from sandbox.errors import SandboxError

GOAL = "dependency:copy-dependencies"
_TAIL = 20


def libraries(project: Path, name: str) -> Path:
    """The directory with the libraries that ``project/pom.xml`` names, checked against ``libraries.sha256``.

    Raises:
        SandboxError: there is no Maven, a library cannot be fetched, or one is not the one that is pinned.
    """
    final = _place(project, name)
    if final.is_dir():
        return final
    final.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=final.parent, prefix=f".{name}-") as scratch:
        shutil.copyfile(project / "pom.xml", Path(scratch, "pom.xml"))
        fetched = Path(scratch, "libraries")
        command = [str(find()), "--quiet", "--batch-mode", GOAL, f"-DoutputDirectory={fetched}"]
        variables = {**os.environ, "LC_ALL": "C.UTF-8"}
        outcome = subprocess.run(command, cwd=scratch, env=variables, capture_output=True, text=True, check=False)
        if outcome.returncode != 0:
            tail = "\n  ".join(outcome.stdout.strip().splitlines()[-_TAIL:])
            raise SandboxError(
                f"Maven could not fetch the libraries of {name}:\n  {tail}\n"
                "Run again when its repository can be reached, or leave monitoring and logging out: "
                "CAAS_SANDBOX_MONITORING=off."
            )
        check(fetched, project / "libraries.sha256")
        fetched.rename(final)
    return final


def there(project: Path, name: str) -> bool:
    """Whether ``libraries`` has fetched them."""
    return _place(project, name).is_dir()


def _place(project: Path, name: str) -> Path:
    return paths.cache() / "java" / f"{name}-{_key(project)}"


def check(directory: Path, pins: Path) -> None:
    """Compare every library with its pin.

    Raises:
        SandboxError: one is missing, is another than the one that is pinned, or is not pinned.
    """
    listed = (line.split() for line in pins.read_text(encoding="utf-8").splitlines())
    wanted = {name: digest for digest, name in listed}
    found = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in directory.glob("*.jar")}
    wrong = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
    if wrong:
        raise SandboxError(
            f"These Java libraries are not the ones that {pins.parent.name}/{pins.name} pins: {', '.join(wrong)}.\n"
            f"Delete what Maven keeps of them (~/.m2/repository) and run again."
        )


def find() -> Path:
    """The path of a ``mvn``.

    Raises:
        SandboxError: this machine has none.
    """
    machine = shutil.which("mvn")
    if machine is None:
        machine = _install()
    return Path(machine)


def _install() -> str:
    """Debian's, which brings a Java of its own."""
    if shutil.which("apt-get") is not None and os.geteuid() == 0:
        options = ["install", "--yes", "--quiet", "--no-install-recommends", "maven"]
        variables = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for arguments in (["update", "--quiet"], options):
            subprocess.run(["apt-get", *arguments], env=variables, capture_output=True, check=False)
    found = shutil.which("mvn")
    if found is None:
        raise SandboxError(
            "Elasticsearch's libraries come through Maven, which this machine lacks, and it cannot be installed.\n"
            "Install it (`apt-get install maven`), or leave monitoring and logging out: CAAS_SANDBOX_MONITORING=off."
        )
    return found


def _key(project: Path) -> str:
    digest = hashlib.sha256()
    for name in ("pom.xml", "libraries.sha256"):
        digest.update((project / name).read_bytes())
    return digest.hexdigest()[:12]
