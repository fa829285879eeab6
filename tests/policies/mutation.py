"""Rules with one fault each, made from their source: what the fixtures must notice.

A rule's check is found in the module that defines it, one of its decisions is turned round (or one of a function of the
same module that it calls), the changed module is executed in memory, and the rule of the same id is taken from it. No
file is written, and nothing that is imported changes.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from policies.rule import Rule, StackRule

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}


@dataclass(frozen=True)
class Mutant:
    """A rule with one fault."""

    rule: Rule | StackRule
    what: str
    """Where and what, such as ``line 40: == became !=``."""


def home(rule: Rule | StackRule) -> str:
    """The module in whose list the rule stands; of several (a package repeats its modules') the innermost."""
    found = [
        name
        for name, module in sys.modules.items()
        if name.startswith("policies.")
        and any(each is rule for each in (*getattr(module, "RULES", ()), *getattr(module, "STACK_RULES", ())))
    ]
    return max(found, key=lambda name: (name.count("."), name))


def functions(rule: Rule | StackRule) -> list[FunctionType]:
    """The functions of the rule's module that decide for it: its check, what that is made of, and what they call."""
    module = home(rule)
    waiting, seen = list(_unpacked(rule.check)), []
    while waiting:
        function = waiting.pop(0)
        if isinstance(function, FunctionType) and function not in seen:
            seen.append(function)
            waiting += _closed_over(function)
            if function.__module__ == module:
                waiting += _called(function)
    return [function for function in seen if function.__module__ == module]


def _unpacked(value: Any) -> Iterator[Any]:
    """The functions in a value: itself, those of a partial, those of a list."""
    if isinstance(value, partial):
        parts = [value.func, *value.args, *value.keywords.values()]
        yield from (each for part in parts for each in _unpacked(part))
    elif isinstance(value, list | tuple):
        yield from (each for part in value for each in _unpacked(part))
    else:
        yield value


def _closed_over(function: FunctionType) -> Iterator[Any]:
    return (each for cell in function.__closure__ or () for each in _unpacked(cell.cell_contents))


def _called(function: FunctionType) -> Iterator[Any]:
    codes = [function.__code__]
    while codes:
        code = codes.pop()
        for name in code.co_names:
            yield from _unpacked(function.__globals__.get(name))
        codes += [each for each in code.co_consts if inspect.iscode(each)]


@cache
def _source(module: str) -> str:
    path = sys.modules[module].__file__
    if path is None:
        raise TypeError(f"{module} has no file")
    return Path(path).read_text(encoding="utf-8")


def _tree(module: str) -> ast.Module:
    """A tree of one's own, to be changed: reading the source again takes a tenth of copying a tree."""
    return ast.parse(_source(module))


def mutants(rule: Rule | StackRule) -> Iterator[Mutant]:
    """Every fault that can be made in the rule: in its own check first, last in how its check is put together."""
    module = home(rule)
    places: list[Callable[[ast.Module], ast.AST]] = [
        partial(_node, first=function.__code__.co_firstlineno) for function in functions(rule)
    ]
    places.append(partial(_made, id_=rule.id))
    for place in places:
        for number in range(len(list(_sites(place(_tree(module)))))):
            tree = _tree(module)
            within = place(tree)
            what = list(_sites(within))[number]()
            ast.fix_missing_locations(within)
            changed = _rule(module, tree, rule.id)
            if changed is not None:
                yield Mutant(changed, what)


def _made(tree: ast.Module, id_: str) -> ast.AST:
    """What the rule's check is made of, where its list says so: the arguments of a factory."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            named = {each.arg: each.value for each in node.keywords}
            given = named.get("id", node.args[0] if node.args else None)
            if isinstance(given, ast.Constant) and given.value == id_ and "check" in named:
                return ast.Expr(named["check"])
    return ast.Expr(ast.Constant(None))


def _node(tree: ast.Module, first: int) -> ast.AST:
    """The function, or lambda, that begins at that line; the outermost where several do."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            lines = [node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))]
            if min(lines) == first:
                return node
    raise LookupError(f"no function at line {first}")


def _rule(module: str, tree: ast.Module, id_: str) -> Rule | StackRule | None:
    """Execute the changed module; its rule of that id. None where the module itself does not stand the fault."""
    original = sys.modules[module]
    fresh = ModuleType(f"{module}__mutant")
    fresh.__dict__.update(__file__=original.__file__, __package__=original.__package__)
    sys.modules[fresh.__name__] = fresh  # dataclasses look their module up
    try:
        exec(compile(tree, f"<mutant of {module}>", "exec"), fresh.__dict__)
    except Exception:
        return None  # noticed at once: the pack would not start
    finally:
        del sys.modules[fresh.__name__]
    every = (*getattr(fresh, "RULES", ()), *getattr(fresh, "STACK_RULES", ()))
    return next((rule for rule in every if rule.id == id_), None)


def _sites(root: ast.AST) -> Iterator[Callable[[], str]]:
    """What can be turned round in a function; each call makes one change in place and says which."""
    endless = {id(each) for node in ast.walk(root) if isinstance(node, ast.While) for each in ast.walk(node.test)}
    for parent in ast.walk(root):
        if id(parent) in endless:
            continue  # a loop that never ends proves nothing
        for name, value in ast.iter_fields(parent):
            if isinstance(value, ast.AST):
                yield from _changes(value, partial(setattr, parent, name))
            elif isinstance(value, list):
                for number, each in enumerate(value):
                    if isinstance(each, ast.AST):
                        yield from _changes(each, partial(value.__setitem__, number))


def _changes(node: ast.AST, put: Callable[[Any], None]) -> Iterator[Callable[[], str]]:
    if isinstance(node, ast.Compare):
        for number, operator in enumerate(node.ops):
            yield partial(_replaced, node, number, _COMPARISONS[type(operator)]())
    elif isinstance(node, ast.BoolOp):
        yield partial(_switched, node)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield partial(_put, put, node.operand, node.lineno, "not was dropped")
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield partial(_put, put, ast.Constant(not node.value), node.lineno, f"{node.value} became {not node.value}")
    if isinstance(node, ast.If | ast.IfExp):
        negated = partial(setattr, node, "test")
        yield partial(_put, negated, ast.UnaryOp(ast.Not(), node.test), node.lineno, "the condition was negated")
    if isinstance(node, ast.Yield | ast.YieldFrom):
        nothing = ast.YieldFrom(ast.Tuple([], ast.Load()))
        yield partial(_put, put, nothing, node.lineno, "nothing was found any more")


def _put(put: Callable[[Any], None], value: ast.AST, line: int, what: str) -> str:
    put(value)
    return f"line {line}: {what}"


def _replaced(node: ast.Compare, number: int, operator: ast.cmpop) -> str:
    before = type(node.ops[number]).__name__
    node.ops[number] = operator
    return f"line {node.lineno}: {before} became {type(operator).__name__}"


def _switched(node: ast.BoolOp) -> str:
    before, after = ("and", ast.Or()) if isinstance(node.op, ast.And) else ("or", ast.And())
    node.op = after
    return f"line {node.lineno}: {before} became {type(after).__name__.lower()}"
