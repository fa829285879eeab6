"""The cluster that tests run against: the machine's sandbox, brought up once and left up."""

from __future__ import annotations

import os

import pytest

from sandbox import driver, environment, toolchain
from sandbox.driver import Endpoint
from sandbox.progress import Progress

_LIFECYCLE = "test_sandbox_lifecycle.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests that need the machine's fixed ports for sandboxes of their own go first, before the
    session's sandbox is up: it would have to be stopped and started again for them."""
    items.sort(key=lambda item: item.path.name != _LIFECYCLE)


@pytest.fixture(scope="session")
def sandbox() -> Endpoint:
    """A sandbox that is up. It stays up after the session: the next one starts in a second."""
    return driver.choose().up(Progress("Starting the sandbox"))


@pytest.fixture(scope="session")
def sandbox_variables(sandbox: Endpoint) -> dict[str, str]:
    """The whole environment of a command that uses the sandbox, as ``make shell`` gives it."""
    return {**os.environ, **environment.variables(sandbox, toolchain.current())}
