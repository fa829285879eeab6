"""``caas parity``: every environment against the last one named."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from components.spec import Environment
from delivery import signals
from delivery.engine import Engine, said
from delivery.errors import Interrupted
from delivery.parity import across, allowed
from delivery.parity.compare import Difference, Report, compare
from delivery.parity.graph import Graph
from delivery.parity.previews import declared


def parity(directory: Path, environments: Sequence[Environment], say: Callable[[str], None]) -> Report:
    """Compare what the environments would declare. DeliveryError where a preview or the list of what may differ fails.

    :param environments: At least two. Each is compared with the last, which is the one that matters most.
    """
    entries = allowed.load(directory)
    alike = [one for one in environments[:-1] if one.platform == environments[-1].platform]
    graphs = _previewed(directory, [*alike, environments[-1]] if alike else [], say)
    return report(environments, entries, graphs)


def _previewed(directory: Path, environments: Sequence[Environment], say: Callable[[str], None]) -> Mapping[str, Graph]:
    """What each stack would declare, asked for at the same time, as many at once as there are processors: they have
    nothing in common but the program's files."""
    engines = [Engine() for _ in environments]
    pool = ThreadPoolExecutor(max_workers=os.cpu_count())

    def stop(count: int) -> None:
        pool.shutdown(wait=False, cancel_futures=True)
        for engine in engines:
            engine.stop(hurry=count > 1)

    # The pool's end waits for what is under way.
    with signals.counted(stop) as interrupted, pool:
        asked = {}
        for environment, engine in zip(environments, engines, strict=True):
            say(f"Looking at what stack {environment.stack} would declare where nothing exists.")
            asked[environment.stack] = pool.submit(declared, directory, environment, engine)
    if interrupted:
        raise Interrupted(said(any(engine.cut_off for engine in engines)))
    return {stack: one.result() for stack, one in asked.items()}


def report(
    environments: Sequence[Environment], entries: Sequence[allowed.Allowed], graphs: Mapping[str, Graph]
) -> Report:
    """The same, of what each stack was seen to declare. Those on another platform than the last need no graph."""
    last = environments[-1]
    found: list[Difference] = []
    for one in environments[:-1]:
        alike = one.platform == last.platform
        left, right = (graphs[each.stack] if alike else across.described(each) for each in (one, last))
        found += compare(left, right, entries)
    return Report(tuple(one.stack for one in environments), tuple(found), across.notes(environments))
