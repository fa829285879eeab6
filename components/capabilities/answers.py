"""How a platform answers to a feature: the words of its table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Support = Literal["native", "emulated", "refused"]


@dataclass(frozen=True)
class Capability:
    """How one platform answers to one feature.

    :param by: What does it (native, emulated).
    :param alternative: What to do instead (refused).
    """

    support: Support
    by: str = ""
    alternative: str = ""


def native(by: str) -> Capability:
    """The platform has it."""
    return Capability("native", by=by)


def emulated(by: str) -> Capability:
    """Done by something beside the platform's own."""
    return Capability("emulated", by=by)


def refused(alternative: str) -> Capability:
    """Not to be had; say what to do instead."""
    return Capability("refused", alternative=alternative)
