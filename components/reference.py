"""Reference pages of the components, generated: what each platform can do, and what each class takes and gives.

``python -m components.reference`` writes them; a test holds that they agree with the code. The texts are the
classes' own docstrings: there is nothing to write here.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components import capabilities
from components.spec.pages import Page, head, table, write_all

_MODULE = "components.reference"

PUBLIC = (
    "components.registry.ContainerRegistry",
    "components.image.ContainerImage",
    "components.kubernetes.cluster.Cluster",
    "components.kubernetes.service.Service",
    "components.kubernetes.monitoring.MonitoringStack",
    "components.kubernetes.logging.LoggingStack",
    "components.kubernetes.candidate.Candidate",
    "components.kubernetes.ci_identity.CiIdentity",
    "components.aws.account.Account",
    "components.aws.registry.ContainerRegistry",
    "components.aws.network.Network",
    "components.aws.cluster.Cluster",
    "components.aws.load_balancer.LoadBalancer",
    "components.aws.logging.LogKey",
    "components.aws.monitoring.Monitoring",
    "components.aws.service.Service",
    "components.aws.ci_identity.CiIdentity",
    "components.gcp.account.Account",
    "components.gcp.registry.ContainerRegistry",
    "components.gcp.network.Network",
    "components.gcp.cluster.Cluster",
    "components.gcp.identity.WorkloadIdentities",
    "components.gcp.front.Front",
    "components.gcp.route.Route",
    "components.gcp.monitoring.Monitoring",
    "components.gcp.ci_identity.CiIdentity",
    "components.azure.account.Account",
    "components.azure.registry.ContainerRegistry",
    "components.azure.network.Network",
    "components.azure.cluster.Cluster",
    "components.azure.monitoring.Monitoring",
    "components.azure.logging.LogForwarder",
    "components.azure.service.Service",
    "components.azure.front.Front",
    "components.azure.ci_identity.CiIdentity",
)
"""The classes that a program of one's own may use, in the order in which it needs them."""

_CAPABILITIES = """
What a service may ask for, and what does it on each platform. A description that asks for what is refused stops
before the first resource; the error names the alternative.

"""

_COMPONENTS = """
For programs that declare a part of an environment themselves; `examples/standalone` is one. Each class takes
`(name, args, opts=None)`: the names of its children derive from `name`, `opts` are Pulumi's own resource options, and
all arguments are keywords. `transforms` see the component and each child before it is declared, and may change
properties and options. The types of descriptions (`Environment`, `Registry`, `Build`, and `ServiceSpec`, which is
`Service` there) come from `components.spec`: make an `Environment` with its `load_environment` or `read_files`.
"""

_ROLE = re.compile(r":\w+:`([^`]+)`")
_PARAMETER = re.compile(r"^:param (\w+): (.*(?:\n[ \t]+.*)*)", re.MULTILINE)


@dataclass(frozen=True)
class Member:
    """One line of a table: an argument, an output or a method."""

    name: str
    type: str
    meaning: str
    default: str = ""


def capability_page() -> str:
    """The capability table's page."""
    return head("Capabilities", _MODULE) + _CAPABILITIES + capabilities.markdown()


def component_page() -> str:
    """The page of all public component classes."""
    return head("Components", _MODULE) + _COMPONENTS + "".join(map(_section, PUBLIC))


def _section(path: str) -> str:
    module, _, name = path.rpartition(".")
    component = getattr(importlib.import_module(module), name)
    args = getattr(importlib.import_module(module), f"{name}Args")
    summary, _ = _split(inspect.getdoc(args) or "")
    taken = table(
        ("argument", "type", "default", "meaning"),
        ((f"`{one.name}`", f"`{one.type}`", one.default, one.meaning) for one in arguments(args)),
    )
    given = table(
        ("output", "type", "meaning"), ((f"`{one.name}`", f"`{one.type}`", one.meaning) for one in outputs(component))
    )
    _, *room, _ = module.split(".")
    title = f"{name} ({room[0]})" if room else name
    return (
        f"\n## {title}\n\n{_plain(inspect.getdoc(component) or '')}\n\n"
        f"`from {module} import {name}, {args.__name__}`\n\n"
        f"### {args.__name__}\n\n{summary}\n\n{taken}\n### Outputs\n\n{given}"
    )


def arguments(args: type[Any]) -> list[Member]:
    """The fields of a class of arguments, with the meaning that its docstring gives each."""
    summary, parameters = _split(inspect.getdoc(args) or "")
    return [
        Member(field.name, str(field.type), parameters.get(field.name, summary), _default(field))
        for field in dataclasses.fields(args)
    ]


def outputs(component: type[Any]) -> list[Member]:
    """What an instance offers: annotated attributes with the docstring below them, properties and methods."""
    return sorted(_members(component), key=lambda member: "(" in member.name)


def _members(component: type[Any]) -> Iterator[Member]:
    definition = ast.parse(inspect.getsource(component)).body[0]
    if not isinstance(definition, ast.ClassDef):
        raise TypeError(f"{component} is no class")
    for node, below in zip(definition.body, [*definition.body[1:], None], strict=True):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield Member(node.target.id, ast.unparse(node.annotation), _text_of(below))
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            given = ast.unparse(node.returns) if node.returns else "None"
            taken = "" if node.decorator_list else f"({', '.join(argument.arg for argument in node.args.args[1:])})"
            yield Member(node.name + taken, given, _plain(ast.get_docstring(node) or ""))


def _text_of(node: ast.stmt | None) -> str:
    """A string that stands by itself below an attribute."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return _plain(inspect.cleandoc(node.value.value))
    return ""


def _default(field: dataclasses.Field[Any]) -> str:
    if field.default is not dataclasses.MISSING:
        value = field.default
    elif field.default_factory is not dataclasses.MISSING:
        value = field.default_factory()
    else:
        return "required"
    return f"`{value if isinstance(value, Path) else repr(value)}`"


def _split(docstring: str) -> tuple[str, dict[str, str]]:
    """A docstring's text, and its parameters' texts by name."""
    text = docstring.partition("\n:param")[0]
    parameters = {name: _plain(meaning) for name, meaning in _PARAMETER.findall(docstring)}
    return _plain(text.strip()), parameters


def _plain(text: str) -> str:
    """Markdown for what Sphinx would read."""
    return _ROLE.sub(r"`\1`", text).replace("``", "`")


PAGES = (
    Page("capabilities.md", _MODULE, capability_page),
    Page("components.md", _MODULE, component_page),
)

if __name__ == "__main__":
    write_all(PAGES)
