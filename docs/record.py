"""Draws what a command really printed as a picture for the README.

    python docs/record.py docs/pictures/make-up.svg make up

runs the command, shows its output, and writes it as an SVG of a terminal. Nothing is drawn that was
not printed; a long output keeps its first and last lines and says how many stand between.
"""

from __future__ import annotations

import html
import re
import subprocess
import sys
from pathlib import Path

COLUMNS = 112
ROWS = 46
_CHARACTER, _LINE, _MARGIN = 7.8, 17, 14
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def run(command: list[str]) -> tuple[int, list[str]]:
    """The exit code and the printed lines, shown while they come."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines = []
    for line in process.stdout or ():
        sys.stdout.write(line)
        # As a shell's prompt does it: whose machine it was is nobody's business.
        lines.append(_CONTROL.sub("", line.rstrip()).replace(str(Path.home()), "~"))
    return process.wait(), lines


def picture(command: list[str], lines: list[str]) -> str:
    """The SVG of a terminal that shows the command and its lines."""
    shown = [f"$ {' '.join(command)}", *(part for line in lines for part in _wrapped(line))]
    if len(shown) > ROWS:
        half = ROWS // 2
        shown = [*shown[:half], f"    … {len(shown) - 2 * half} lines …", *shown[-half:]]
    width, height = COLUMNS * _CHARACTER + 2 * _MARGIN, len(shown) * _LINE + 2 * _MARGIN
    rows = "\n".join(
        f'<text x="{_MARGIN}" y="{_MARGIN + _LINE * (row + 0.75):.1f}" xml:space="preserve">{html.escape(line)}</text>'
        for row, line in enumerate(shown)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" '
        f'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="13" fill="#d5dae3">\n'
        f'<rect width="100%" height="100%" rx="8" fill="#14181f"/>\n{rows}\n</svg>\n'
    )


def _wrapped(line: str) -> list[str]:
    return [line[start : start + COLUMNS] for start in range(0, len(line), COLUMNS)] or [""]


def main() -> int:
    """Record ``sys.argv[2:]`` into the file ``sys.argv[1]``; the command's exit code is ours."""
    target, command = Path(sys.argv[1]), sys.argv[2:]
    code, lines = run(command)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(picture(command, lines), encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main())
