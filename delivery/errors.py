"""The one kind of error that ``caas`` shows: a line for a person and a code for a pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from delivery.exit_codes import Exit


class DeliveryError(Exception):
    """An expected failure: what went wrong, where, and the way out; never a traceback.

    ``details`` are further lines, such as a platform's own events, shown below the message. ``rolled_back`` says that a
    deployment failed and all traffic is with what served before. ``content`` is what was found before it, for --json.
    ``begun`` says that a refusal came when something had been changed already.
    """

    def __init__(
        self,
        message: str,
        code: Exit,
        *,
        remedy: str | None = None,
        details: tuple[str, ...] = (),
        rolled_back: bool = False,
        content: Mapping[str, Any] | None = None,
        begun: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.remedy = remedy
        self.details = details
        self.rolled_back = rolled_back
        self.content = content or {}
        self.begun = begun

    @property
    def line(self) -> str:
        """The message and the way out, in one line."""
        return f"{self.message} {self.remedy}" if self.remedy else self.message


class Interrupted(KeyboardInterrupt):
    """Ctrl-C or SIGTERM while something was under way: the text says in what state it was left."""
