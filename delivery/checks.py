"""What a look at something found, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    """A delivery is possible, but less than it could be."""
    FAILING = "failing"


@dataclass(frozen=True)
class Check:
    """One check and what to do about it."""

    name: str
    state: State
    what: str
    remedy: str | None = None

    def document(self) -> dict[str, str | None]:
        """For --json."""
        return {"check": self.name, "state": self.state.value, "what": self.what, "remedy": self.remedy}
