"""The gate's errors: healthy releases that it takes back, and bad ones that it lets through, of 200 that are simulated.

Pure: no sandbox is needed. Outcomes are counted as a release would have them, with the defaults: inconclusive after a
step's last analysis goes back.
"""

from __future__ import annotations

from tests.benchmarks.table import Row
from tests.delivery.releases import KINDS, passed

RELEASES = 200
SEED = 1
WRONG, CAUGHT = 1, 195
DETAIL = "python -m pytest tests/delivery/test_gate.py -v"


def run() -> list[Row]:
    """A row for each kind of healthy service, and one for a doubled error rate at a thousand requests a step."""
    rows = []
    for kind in KINDS:
        back = RELEASES - passed(SEED, kind, 1, RELEASES)
        name = f"healthy releases taken back ({kind.name})"
        rows.append(Row(name, f"{back} of {RELEASES}", f"at most {WRONG}", back <= WRONG, DETAIL))
    kind = KINDS[-1]
    caught = RELEASES - passed(SEED, kind, 2, RELEASES)
    name = f"doubled error rate caught ({kind.name})"
    rows.append(Row(name, f"{caught} of {RELEASES}", f"at least {CAUGHT}", caught >= CAUGHT, DETAIL))
    return rows
