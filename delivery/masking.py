"""Keeps secret values out of everything that is printed.

The engine masks what it knows to be secret; a container's own log and a program's own message are beyond it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable

MASK = "[secret]"
SHORTEST = 4
"""Characters. Masking a shorter value would blank out ordinary text and thereby tell what the value is."""


class Masker:
    """Replaces every known secret value, as it is, as JSON writes it, and in base64."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._forms: tuple[str, ...] = ()
        self.add(values)

    def add(self, values: Iterable[str]) -> None:
        """Learn more values. Every line of a value with several lines is masked by itself too."""
        forms = set(self._forms)
        for value in values:
            for part in {value, value.strip(), *value.splitlines()}:
                if len(part.strip()) >= SHORTEST:
                    forms |= {part, json.dumps(part)[1:-1], base64.b64encode(part.encode()).decode()}
        # The longest first: a value that contains another must not leave its rest behind.
        self._forms = tuple(sorted(forms, key=len, reverse=True))

    def __call__(self, text: str) -> str:
        """The text without any known secret."""
        for form in self._forms:
            text = text.replace(form, MASK)
        return text
