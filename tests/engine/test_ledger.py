"""The record of releases in a real backend, through the real engine: in files, in a bucket, and after a kill."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from delivery.engine import Engine
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.ledger import Intent, Ledger, owner
from delivery.records import Commit, Kind, Outcome, Owner
from delivery.stack import ProgramStack
from tests.cluster import hello
from tests.projects import ROOT, Project

pytestmark = pytest.mark.engine

IMAGE = "registry.test/hello@sha256:" + "1" * 64
CONFIGURATION: dict[str, Any] = {"platform": "kubernetes", "services": {"hello": {"cpu": 0.05, "args": ["<&>", "ü"]}}}


@pytest.fixture
def ledger(engine_project: Project, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    for name, value in engine_project.environment.items():
        monkeypatch.setenv(name, value)
    engine_project.write({"hello": hello.service()}, hello.settings("check"))
    return made(engine_project)


def made(project: Project) -> Ledger:
    return Ledger(ProgramStack(project.directory, "check", "caas-test", Engine()))


def intent(**changes: Any) -> Intent:
    commit = Commit("c" * 40, datetime(2026, 3, 2, tzinfo=UTC), "main", False)
    return replace(Intent(Kind.UP, owner(), CONFIGURATION, commit=commit, strategies={"hello": "rolling"}), **changes)


def test_a_stack_without_releases_has_an_empty_record(ledger: Ledger) -> None:
    book = ledger.read()
    assert (book.releases, book.entries) == ((), ())


def test_what_was_recorded_is_read_again(ledger: Ledger, engine_project: Project) -> None:
    first, _ = ledger.begin(intent())
    assert [one.outcome for one in ledger.read().releases] == [Outcome.IN_PROGRESS]
    ended = ledger.end(first, CONFIGURATION, Outcome.SUCCEEDED, images={"hello": IMAGE}, changed=7)
    second, _ = ledger.begin(intent(kind=Kind.ROLLBACK, source="1", images={"hello": IMAGE}, note="it was slow"))
    failed = ledger.end(second, CONFIGURATION, Outcome.FAILED, reason="it crashed")
    book = made(engine_project).read()
    assert book.releases == (ended, failed)
    assert [one.number for one in book.releases] == [1, 2]
    assert book.configuration(ended) == CONFIGURATION
    assert len(book.configurations) == 1, "a configuration is kept once"
    # The program's own stack and files know nothing of it.
    assert engine_project.pulumi("stack", "export").code != 0
    assert "encryptionsalt" not in (engine_project.directory / "Pulumi.check.yaml").read_text()


def test_entries_are_only_ever_added(ledger: Ledger) -> None:
    seen: list[Mapping[str, Any]] = []
    for _ in range(3):
        release, _ = ledger.begin(intent())
        ledger.end(release, CONFIGURATION, Outcome.SUCCEEDED)
        entries = list(ledger.read().entries)
        assert entries[: len(seen)] == seen
        seen = entries
    assert len(seen) == 6


def test_a_release_whose_process_is_dead_was_interrupted(ledger: Ledger) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    ledger.begin(intent(owner=Owner("ada", socket.gethostname(), gone.pid)))
    (found,) = ledger.read().releases
    assert found.outcome is Outcome.INTERRUPTED
    assert found.reason == f"its process is dead: ada@{socket.gethostname()} (process {gone.pid})"
    assert len(ledger.read().entries) == 1, "who only reads writes nothing"
    ledger.begin(intent())
    assert [entry["entry"] for entry in ledger.read().entries] == ["begun", "ended", "begun"]
    assert [one.outcome for one in ledger.read().releases] == [Outcome.INTERRUPTED, Outcome.IN_PROGRESS]


def test_a_release_of_another_machine_stays_open_until_the_next_one_had_the_stack(ledger: Ledger) -> None:
    away, _ = ledger.begin(intent(owner=Owner("ada", "another-machine", 7)))
    refused, _ = ledger.begin(intent())
    ledger.end(refused, CONFIGURATION, Outcome.REFUSED, reason="locked")
    assert ledger.read().releases[0].outcome is Outcome.IN_PROGRESS
    through, _ = ledger.begin(intent())
    ledger.end(through, CONFIGURATION, Outcome.SUCCEEDED)
    assert ledger.read().releases[0].outcome is Outcome.INTERRUPTED
    ledger.end(away, CONFIGURATION, Outcome.SUCCEEDED, images={"hello": IMAGE})
    assert ledger.read().releases[0].outcome is Outcome.SUCCEEDED, "it lived after all"


def test_a_beginning_that_another_writer_lost_is_written_again_with_the_end(ledger: Ledger) -> None:
    release, _ = ledger.begin(intent())
    ledger._kept.change(lambda outputs: {**outputs, "entries": []})
    ledger.end(release, CONFIGURATION, Outcome.SUCCEEDED)
    assert [(one.number, one.outcome) for one in ledger.read().releases] == [(1, Outcome.SUCCEEDED)]


def test_a_lock_of_a_killed_writer_is_broken_and_one_of_a_living_one_is_not(
    ledger: Ledger, engine_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    ledger.begin(intent())
    state = Path(engine_project.environment["PULUMI_BACKEND_URL"].removeprefix("file://"))
    file = state / ".pulumi/locks/organization/caas-test-releases/check/one.json"
    file.parent.mkdir(parents=True, exist_ok=True)

    def lock(pid: int) -> None:
        at = datetime.now(UTC).isoformat()
        owner = {"pid": pid, "username": "ada", "hostname": socket.gethostname(), "timestamp": at}
        file.write_text(json.dumps(owner))

    lock(gone.pid)
    ledger.begin(intent())
    assert not file.exists()
    lock(os.getpid())
    monkeypatch.setattr("delivery.kept.LOCK_TIMEOUT", 0.0)
    with pytest.raises(DeliveryError) as refused:
        ledger.begin(intent())
    assert refused.value.code is Exit.LOCKED
    assert file.exists()
    assert len(ledger.read().releases) == 2


WRITER = """
import sys
from pathlib import Path
from delivery.engine import Engine
from delivery.ledger import Intent, Ledger, owner
from delivery.records import Kind, Outcome
from delivery.stack import ProgramStack

ledger = Ledger(ProgramStack(Path(sys.argv[1]), "check", "caas-test", Engine()))
for number in range(int(sys.argv[2])):
    print("begins", flush=True)
    release, _ = ledger.begin(Intent(Kind.UP, owner(), {"services": {}}))
    print(release.number, flush=True)
    ledger.end(release, {"services": {}}, Outcome.SUCCEEDED)
"""


def writer(project: Project, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(project.directory), str(count)]
    return subprocess.Popen(command, cwd=ROOT, env=project.variables, stdout=subprocess.PIPE, text=True)


def test_two_writers_at_once_lose_nothing(ledger: Ledger, engine_project: Project, tmp_path: Path) -> None:
    """Also on two machines that share the directory: what the one holds back others with is not the other's."""
    writers = []
    for machine in ("one", "two"):
        engine_project.environment["XDG_STATE_HOME"] = str(tmp_path / machine)
        writers.append(writer(engine_project, 3))
    assert [one.wait(120) for one in writers] == [0, 0]
    for one in writers:
        one.communicate()
    found = ledger.read().releases
    assert [one.number for one in found] == [1, 2, 3, 4, 5, 6]
    assert {one.outcome for one in found} == {Outcome.SUCCEEDED}


@pytest.mark.parametrize("after", ["begins", "1"])
def test_a_writer_that_is_killed_leaves_a_record_that_tells_the_truth(
    ledger: Ledger, engine_project: Project, after: str
) -> None:
    with writer(engine_project, 1) as killed:
        assert killed.stdout is not None
        while killed.stdout.readline().strip() != after:
            continue
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait()
    release, _ = ledger.begin(intent())
    ledger.end(release, CONFIGURATION, Outcome.SUCCEEDED)
    *before, last = ledger.read().releases
    assert (last.number, last.outcome) == (release.number, Outcome.SUCCEEDED)
    # Either nothing was written yet, or a beginning without an end, or (killed while it waited) both.
    assert len(before) == release.number - 1
    assert all(one.outcome in (Outcome.INTERRUPTED, Outcome.SUCCEEDED) for one in before)
    if after == "1":
        assert len(before) == 1


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bucket of its own in a simulated S3, whose world is the process's, as a backend's URL."""
    name = f"states-{uuid.uuid4().hex}"
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(variable, "simulated")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    boto3.client("s3", endpoint_url=f"http://{host}:{port}", region_name="us-east-1").create_bucket(Bucket=name)
    yield f"s3://{name}?endpoint={host}:{port}&disableSSL=true&s3ForcePathStyle=true&region=us-east-1"
    server.stop()


def test_a_bucket_holds_it_as_well(ledger: Ledger, engine_project: Project, bucket: str) -> None:
    os.environ["PULUMI_BACKEND_URL"] = bucket  # The fixture before restores it.
    away = made(engine_project)
    release, before = away.begin(intent())
    assert before == ()
    ended = away.end(release, CONFIGURATION, Outcome.SUCCEEDED, images={"hello": IMAGE})
    assert away.read().releases == (ended,)
    assert away.read().configuration(ended) == CONFIGURATION


def test_nobody_writes_between_the_reading_and_the_writing_of_another(
    ledger: Ledger, engine_project: Project, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    os.environ["PULUMI_BACKEND_URL"] = bucket  # The fixture before restores it.
    here, there = made(engine_project), made(engine_project)
    here.begin(intent())
    refused: list[Exit] = []

    def meanwhile(outputs: Mapping[str, Any]) -> Mapping[str, Any]:
        if not refused:
            monkeypatch.setattr("delivery.kept.LOCK_TIMEOUT", 0.0)
            monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another machine"))
            with pytest.raises(DeliveryError) as error:
                there.begin(intent())
            refused.append(error.value.code)
        return outputs

    here._kept.change(meanwhile)
    assert refused == [Exit.LOCKED]
    there.begin(intent())
    assert [one.number for one in here.read().releases] == [1, 2]


def test_a_record_of_another_format_is_not_guessed_at(ledger: Ledger) -> None:
    ledger.begin(intent())
    ledger._kept.change(lambda outputs: {**outputs, "format": 2})
    with pytest.raises(DeliveryError, match=r"caas-test-releases/check in file://.* cannot be read: its format is 2"):
        ledger.read()
