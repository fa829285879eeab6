"""What stands in for a value that only an apply knows, where previews are made to be compared and nothing is applied.

An unknown value hides all that is written around it: on ECS a digest or the ARN of a secret makes the whole list of
containers unknown, so that two environments would be taken for the same in it (docs/adr/0027-parity.md).
"""

from __future__ import annotations

import os

import pulumi

VARIABLE = "CAAS_COMPARED"
"""Set by ``caas parity`` for its previews. An update never looks at it."""


def stand_in(value: pulumi.Output[str], text: str) -> pulumi.Output[str]:
    """The value; in a preview that is compared, a text that says which value it is, and is known."""
    if os.environ.get(VARIABLE) and pulumi.runtime.is_dry_run():
        return pulumi.Output.from_input(text)
    return value
