"""What every command of ``caas`` shares: its options, and how each way of ending becomes one line and an exit code."""

from __future__ import annotations

import signal
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from components.spec import Environment, Problem, SpecError, load_environment, read_files
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.output import Output


def _worded(reason: str | None) -> str | None:
    """A reason says something, or is none."""
    if reason is not None and not reason.strip():
        raise typer.BadParameter("say why, in a few words")
    return reason


Stack = Annotated[str, typer.Option(help="The stack: dev, staging, prod or one of your own.")]
Stacks = Annotated[
    list[str],
    typer.Option("--stack", help="A stack: dev, staging, prod or one of your own. May be given several times."),
]
Directory = Annotated[Path, typer.Option(help="Where Pulumi.yaml is.", file_okay=False)]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout instead of text.")]
Debug = Annotated[bool, typer.Option(help="Show where an unexpected error comes from.")]
Plan = Annotated[
    Path | None,
    typer.Option(help="Apply only what this sealed plan (`caas preview --save-plan`) says.", dir_okay=False),
]
Timeout = Annotated[float, typer.Option(min=1, help="Seconds to wait for what runs to become what was declared.")]
LockTimeout = Annotated[float, typer.Option(min=0, help="Seconds to wait while somebody else changes the stack.")]

Reason = Annotated[
    str | None,
    typer.Option(help="Why this goes on although an error budget is spent. It is recorded.", callback=_worded),
]

Override = Annotated[
    str | None,
    typer.Option(help="Why this goes on against the policies. It is recorded.", callback=_worded),
]


def environment_of(directory: Path, stack: str) -> Environment:
    """A stack's whole configuration, validated; SpecError with every problem where it is not valid."""
    config, project, source = read_files(directory, stack)
    return load_environment(config, project=project, stack=stack, source=source)


def environments_of(directory: Path, stacks: Sequence[str]) -> list[Environment]:
    """The same of several stacks; SpecError with every problem of all of them, once."""
    found: list[Environment] = []
    problems: list[Problem] = []
    for stack in stacks:
        try:
            found.append(environment_of(directory, stack))
        except SpecError as error:
            # What is wrong in the project's file is so for each of them.
            problems += [one for one in error.problems if one not in problems]
    if problems:
        raise SpecError(problems)
    return found


def run(work: Callable[[Output], None], *, as_json: bool, debug: bool) -> None:
    """Do the work; turn every way in which it may end into a line and an exit code."""
    output = Output(as_json=as_json)
    signal.signal(signal.SIGTERM, _as_interrupt)
    try:
        work(output)
    except SpecError as error:
        _end(output, DeliveryError(str(error), Exit.BAD_INPUT), problems=[_plain(p) for p in error.problems])
    except DeliveryError as error:
        _end(output, error)
    except KeyboardInterrupt as error:
        told = str(error) or "Stopped. No change was under way; the state is usable."
        _end(output, DeliveryError(told, Exit.INTERRUPTED))
    except Exception as error:
        if debug:
            traceback.print_exc()
        text = f"{type(error).__name__}: {error}".splitlines()[0]
        _end(
            output, DeliveryError(f"Unexpected: {text}.", Exit.UNEXPECTED, remedy="--debug shows where it comes from.")
        )


def _as_interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _plain(problem: Any) -> dict[str, Any]:
    return {name: str(getattr(problem, name)) for name in ("file", "line", "key", "value", "limit", "remedy")}


def _end(output: Output, error: DeliveryError, problems: list[dict[str, Any]] | None = None) -> NoReturn:
    output.error(error, problems)
    raise typer.Exit(int(error.code))
