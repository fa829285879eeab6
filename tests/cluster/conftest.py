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


LONGEST = (
    "test_pipelines.py",
    "test_strategies.py",
    "test_lifecycle.py",
    "test_kill_release.py",
    "test_alerts.py",
    "test_releases.py",
    "test_logs.py",
    "test_dashboards.py",
    "test_kill.py",
    "test_scaling.py",
    "test_bad_release.py",
    "test_secrets.py",
    "test_main_job.py",
)
"""Files on the session's sandbox, the longest first."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests that need the machine's fixed ports for sandboxes of their own go first, while the other workers are
    busy with tests that need no cluster. What runs on the session's sandbox mostly waits for it, so those files are
    spread among the others: somebody uses the processors meanwhile."""
    files = list(dict.fromkeys(item.path for item in items))
    alone = [path for path in files if path.name == _LIFECYCLE]
    here = Path(__file__).parent
    cluster = sorted((path for path in files if path.parent == here and path not in alone), key=_length)
    others = [path for path in files if path.parent != here]
    quarter = len(others) // 4
    order: dict[Path, float] = {path: place for place, path in enumerate([*alone, *others[:quarter]])}
    start, step = len(order), len(others[quarter:]) / (2 * len(cluster) or 1)
    # The last of them begin while half of the others are left to be run beside them.
    order |= {path: start + number * (1 + step) for number, path in enumerate(cluster)}
    order |= {path: start + number + 0.5 for number, path in enumerate(others[quarter:])}
    items.sort(key=lambda item: order[item.path])


def _length(path: Path) -> int:
    return LONGEST.index(path.name) if path.name in LONGEST else len(LONGEST)


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
