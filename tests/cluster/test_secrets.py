"""Planted secrets are found nowhere but in the container: not in state, outputs, logs, errors or process arguments."""

from __future__ import annotations

import base64
import subprocess
import threading
from pathlib import Path

import pytest

from tests.cluster import hello
from tests.cluster.scene import Scene, scene

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

MARKER = "planted-7f3a-secret-value"


class Arguments:
    """Samples the arguments of every process while the block lasts."""

    def __enter__(self) -> Arguments:
        self.seen: set[bytes] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()
        return self

    def _sample(self) -> None:
        while not self._stop.wait(0.02):
            for entry in Path("/proc").iterdir():
                if entry.name.isdigit():
                    try:
                        self.seen.add((entry / "cmdline").read_bytes())
                    except (FileNotFoundError, ProcessLookupError):
                        continue

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def plant(secret: Scene) -> None:
    """Set the secret as a person does, with the value on stdin."""
    made = secret.project.pulumi("stack", "init", "--no-select")
    assert made.code == 0, made.text
    command = ["pulumi", "--non-interactive", "config", "set", "--secret", "--path", "caas:secrets.token"]
    subprocess.run(
        [*command, "--stack", secret.project.stack],
        input=MARKER,
        text=True,
        cwd=secret.project.directory,
        env=secret.project.variables,
        check=True,
        capture_output=True,
    )


def test_a_planted_secret_is_nowhere_to_be_read(tmp_path: Path, sandbox_variables: dict[str, str]) -> None:
    described = {**hello.service(), "secrets": {"API_TOKEN": {"config": "token"}}}
    # HELLO_LATENCY refuses what is no duration and repeats it in its last words: the log of a crash with the secret.
    leaking = {**described, "secrets": {"HELLO_LATENCY": {"config": "token"}}}
    written: list[str] = []
    with scene(tmp_path, sandbox_variables, "secret") as secret, Arguments() as arguments:
        secret.describe(described)
        plant(secret)
        secret.describe(described)
        good = secret.up("--debug")
        secret.describe(leaking)
        bad = secret.project.caas("up", "--timeout", "60", "--json")
        assert bad.code == 5, bad.text
        assert "[secret]" in bad.text
        written += [good.text, bad.text]
        for command in (
            ["stack", "export"],
            ["stack", "output", "--json"],
            ["preview", "--diff"],
            ["stack", "history"],
        ):
            written.append(secret.project.pulumi(*command).text)
        written += [file.read_text(errors="replace") for file in secret.project.directory.rglob("state/**/*.json*")]
    forms = (MARKER, base64.b64encode(MARKER.encode()).decode())
    for form in forms:
        assert [text for text in written if form in text] == []
        assert [line for line in arguments.seen if form.encode() in line] == []
