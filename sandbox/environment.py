"""The variables with which ``pulumi`` and its neighbours find the sandbox: what ``make shell`` sets.

What the user has set stays the user's, wherever it is a choice of theirs: the state's backend, the
passphrase, the builder.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from sandbox import paths, ports, toolchain
from sandbox.driver import Endpoint

PASSPHRASE = "sandbox"  # noqa: S105 - well known: it guards nothing but a sandbox's own stack
_LOCAL = (ports.LOOPBACK, "localhost", ports.NODE_ADDRESS, ports.WATCH_ADDRESS, ports.ALERTS_ADDRESS)


def variables(endpoint: Endpoint, tools: toolchain.Toolchain, user: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What to lay over the environment of a command."""
    home = paths.home()
    found = tools_alone(tools)
    found["KUBECONFIG"] = str(endpoint.kubeconfig)
    if not user.get("PULUMI_BACKEND_URL"):
        state = home / "pulumi"
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        found["PULUMI_BACKEND_URL"] = f"file://{state}"
    if not user.get("PULUMI_CONFIG_PASSPHRASE") and not user.get("PULUMI_CONFIG_PASSPHRASE_FILE"):
        found["PULUMI_CONFIG_PASSPHRASE"] = PASSPHRASE
    if not user.get("BUILDX_BUILDER"):
        found.update(endpoint.builder)
    for name in ("NO_PROXY", "no_proxy"):
        found[name] = _without_proxy(user.get(name, ""))
    return found


def tools_alone(tools: toolchain.Toolchain) -> dict[str, str]:
    """Where the engine, its plug-ins, `caas` and the program's own Python are; nothing of a cluster or a state."""
    found = dict(tools.environment())
    found["PATH"] = f"{Path(sys.prefix) / 'bin'}:{found['PATH']}"
    found["PULUMI_SKIP_UPDATE_CHECK"] = "true"
    return found


def exports(found: Mapping[str, str]) -> str:
    """Lines for a shell to ``eval``."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in sorted(found.items()))


def _without_proxy(given: str) -> str:
    """The user's list, and the sandbox's own addresses, which no proxy knows."""
    names = [name for name in given.split(",") if name]
    return ",".join([*names, *(name for name in _LOCAL if name not in names)])
