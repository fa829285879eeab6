"""The one error that a user of the sandbox sees."""

from __future__ import annotations


class SandboxError(Exception):
    """Something that the user can act on: what went wrong, and the way out, in one message."""
