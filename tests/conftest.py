"""What tests of several rooms share: the toolchain's environment, and projects of their own."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from sandbox import toolchain
from tests import projects


def pytest_configure() -> None:
    """What a shell starts in its background ignores Ctrl-C, and so would every program that a test interrupts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def engine_environment() -> dict[str, str]:
    """The variables with which the engine and its plug-ins are found; builds the engine where it is missing."""
    return dict(toolchain.ensure((toolchain.ENGINE,)).environment())


@pytest.fixture
def engine_project(
    tmp_path: Path, engine_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> projects.Project:
    """An empty project with its own state, and an engine that finds no cluster."""
    for name, value in engine_environment.items():
        monkeypatch.setenv(name, value)
    home = tmp_path / "pulumi-home"
    return projects.make(
        tmp_path / "project", "check", PULUMI_HOME=str(home), KUBECONFIG=str(tmp_path / "none"), HOME=str(tmp_path)
    )
