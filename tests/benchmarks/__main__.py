"""Run the benchmarks and print one table: ``python -m tests.benchmarks [NAME ...]``.

Exits 1 if a target is missed, 2 if a name is unknown.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.table import render


def names() -> list[str]:
    """Every benchmark there is, by its module's name without ``bench_``."""
    return sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))


def main(arguments: Sequence[str]) -> int:
    """Run the named benchmarks, or all of them."""
    unknown = [name for name in arguments if name not in names()]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are: {', '.join(names())}", file=sys.stderr)
        return 2
    rows = []
    for name in arguments or names():
        print(f"running {name} ...", file=sys.stderr, flush=True)
        rows += importlib.import_module(f"tests.benchmarks.bench_{name}").run()
    print(render(rows))
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
