"""The exit codes of ``caas``: a contract with pipelines. Numbers are never reused or renumbered."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What a pipeline may decide on without reading a word of the output."""

    FINE = 0
    """Done, or nothing to change."""

    UNEXPECTED = 1
    """Anything that has no code of its own: a fault of the tool or of the machine. ``--debug`` shows where."""

    BAD_INPUT = 2
    """Configuration, command line, or what they name: stack, backend, passphrase, kubeconfig. Nothing was changed."""

    POLICY = 3
    """A mandatory policy was violated, a spent error budget forbids changes, or environments differ where they may not.
    Nothing was changed, unless only the update could tell: the message then says how much was."""

    REFUSED_PLAN = 4
    """The sealed plan no longer fits what it would be applied to. Nothing was changed."""

    DEPLOYMENT_FAILED = 5
    """The new release cannot run, or the engine failed on the way. The old version serves on where there was one."""

    NOT_PROVEN = 6
    """Within the limit it could not be shown that what runs is what was declared; with `--fail-on-drift`, it is not."""

    LOCKED = 7
    """Somebody else is changing the stack, and went on doing so for as long as we were told to wait."""

    INTERRUPTED = 130
    """Stopped by Ctrl-C or SIGTERM. The engine was asked to finish cleanly first, so the state is usable."""
