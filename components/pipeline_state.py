"""What a pipeline reads and changes where the engine keeps the states. Pure; how a cloud gives the right to it is told
beside that cloud's identity.

All that lies under the backend's path is read: a promotion looks at the stack before, a comparison at all stacks. What
is changed belongs to one stack: its state, and the record of its releases beside it. Neither makes a backend: the
engine's ``meta.yaml`` is written once, by whoever uses it first.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from components.pipeline_tokens import pipeline_of
from components.spec.environment import Environment
from components.spec.pipeline import State

RELEASES = "-releases"
"""What the project of the releases' record (``delivery/ledger.py``) is called after the program's."""


@dataclass(frozen=True)
class Place:
    """Where states are.

    :param bucket: The bucket's or container's name.
    :param path: What the names of all files there begin with: empty, or with a slash at its end.
    :param account: Azure's storage account; empty elsewhere.
    :param key: The key of their secrets as its cloud calls it: an ARN, a name, or ``VAULT/keys/NAME``; None for a
        passphrase.
    :param group: Azure's resource group; empty elsewhere.
    :param own: What the names of the stack's own files begin with.
    """

    bucket: str
    path: str
    account: str
    key: str | None
    group: str
    own: tuple[str, ...]


def place(environment: Environment) -> Place | None:
    """Where the environment's state is; None where whoever owns the backend gives the rights."""
    state = pipeline_of(environment).state
    if state is None:
        return None
    url = urlsplit(state.url)
    path = url.path.strip("/")
    path = f"{path}/" if path else ""
    return Place(
        bucket=url.netloc,
        path=path,
        account=parse_qs(url.query).get("storage_account", [""])[0],
        key=_key(state),
        group=state.resource_group or "",
        own=tuple(f"{path}{one}" for one in own_files(environment.project, environment.stack)),
    )


def own_files(project: str, stack: str) -> list[str]:
    """What the names of a stack's files begin with, under the backend's path."""
    found = []
    for name in (project, f"{project}{RELEASES}"):
        one = f"{name}/{stack}"
        found += [f".pulumi/{part}/{one}/" for part in ("backups", "history", "locks/organization")]
        # The state, the one before it, its compressed form and its tags differ in what follows the dot.
        found.append(f".pulumi/stacks/{one}.")
    return found


def _key(state: State) -> str | None:
    if state.key is None:
        return None
    url = urlsplit(state.key)
    return f"{url.netloc}{url.path}".lstrip("/")
