"""``caas parity``: every environment against the last one named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from components.spec import Environment
from delivery.engine import Engine
from delivery.parity import across, allowed
from delivery.parity.compare import Difference, Report, compare
from delivery.parity.graph import Graph
from delivery.parity.previews import declared

Preview = Callable[[Environment], Graph]


def parity(directory: Path, environments: Sequence[Environment], say: Callable[[str], None]) -> Report:
    """Compare what the environments would declare. DeliveryError where a preview or the list of what may differ fails.

    :param environments: At least two. Each is compared with the last, which is the one that matters most.
    """
    entries = allowed.load(directory)
    engine: list[Engine] = []

    def preview(environment: Environment) -> Graph:
        if not engine:
            engine.append(Engine())
        say(f"Looking at what stack {environment.stack} would declare where nothing exists.")
        return declared(directory, environment, engine[0])

    return report(environments, entries, preview)


def report(environments: Sequence[Environment], entries: Sequence[allowed.Allowed], preview: Preview) -> Report:
    """The same, over any source of graphs."""
    last = environments[-1]
    graphs: dict[str, Graph] = {}
    found: list[Difference] = []
    for one in environments[:-1]:
        alike = one.platform == last.platform
        pair = []
        for each in (one, last):
            if alike and each.stack not in graphs:
                graphs[each.stack] = preview(each)
            pair.append(graphs[each.stack] if alike else across.described(each))
        found += compare(pair[0], pair[1], entries)
    return Report(tuple(one.stack for one in environments), tuple(found), across.notes(environments))
