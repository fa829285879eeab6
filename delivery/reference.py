"""The reference page of the exit codes, generated: ``python -m delivery.reference`` writes it.

The meanings are the docstrings in ``exit_codes.py``; a test holds that page and code agree.
"""

from __future__ import annotations

import ast
import inspect

from components.spec.pages import Page, head, table, write_all
from delivery import exit_codes

_MODULE = "delivery.reference"

_INTRODUCTION = """
What `caas` ends with. A pipeline may decide on the number alone; numbers are never reused or renumbered.

"""


def meanings() -> dict[exit_codes.Exit, str]:
    """Each code with the text that stands below it in the source."""
    body = ast.parse(inspect.getsource(exit_codes.Exit)).body[0]
    if not isinstance(body, ast.ClassDef):
        raise TypeError("Exit is no class")
    found = {}
    for node, below in zip(body.body, body.body[1:], strict=False):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            text = below.value.value if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) else ""
            found[exit_codes.Exit[node.targets[0].id]] = str(text).replace("``", "`")
    return found


def rendered() -> str:
    """The page's text."""
    rows = ((str(int(code)), code.name.lower().replace("_", " "), text) for code, text in meanings().items())
    return head("Exit codes", _MODULE) + _INTRODUCTION + table(("code", "name", "meaning"), rows)


PAGE = Page("exit-codes.md", _MODULE, rendered)

if __name__ == "__main__":
    write_all((PAGE,))
