"""The cluster that tests run against: the machine's sandbox, brought up once and left up.

With several workers (``-n``), each test file here is one worker's, and the tests that end sandboxes run alone
against the others: one lock is shared by everybody who uses the cluster and held alone by those who end it.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox import driver, environment, toolchain
from sandbox.driver import Endpoint
from sandbox.progress import Progress
from tests.projects import ROOT

_LIFECYCLE = "test_sandbox_lifecycle.py"
_LOCK = Path(tempfile.gettempdir()) / "caas-cluster-tests.lock"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests that need the machine's fixed ports for sandboxes of their own go first, while another worker is
    busy with tests that need no cluster; those on the session's sandbox go last, the longest of them first."""
    last = (
        "test_strategies.py",
        "test_lifecycle.py",
        "test_kill_release.py",
        "test_releases.py",
        "test_kill.py",
        "test_scaling.py",
        "test_bad_release.py",
        "test_secrets.py",
        "test_main_job.py",
    )

    def place(item: pytest.Item) -> int:
        name = item.path.name
        if name == _LIFECYCLE:
            return 0
        if item.path.parent != Path(__file__).parent:
            return 1
        return 2 + last.index(name) if name in last else 2 + len(last)

    items.sort(key=place)


@contextmanager
def using_the_machine(*, alone: bool) -> Iterator[None]:
    """Wait until nobody ends sandboxes (or, alone, until nobody uses one) and keep it so."""
    with _LOCK.open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Endpoint]:
    """A sandbox that is up, with base images. It stays up after the session: the next one starts in a second."""
    with using_the_machine(alone=False):
        toolchain.ensure()
        endpoint = driver.choose().up(Progress("Starting the sandbox"))
        subprocess.run([sys.executable, "-m", "sandbox", "images"], cwd=ROOT, check=True)
        yield endpoint


@pytest.fixture(scope="session")
def sandbox_variables(sandbox: Endpoint) -> dict[str, str]:
    """The whole environment of a command that uses the sandbox, as ``make shell`` gives it."""
    return {**os.environ, **environment.variables(sandbox, toolchain.current())}
