"""The ``caas`` command line. Reads arguments and prints; what happens is in the modules of each command."""

from __future__ import annotations

import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.main import get_command

from components.spec import Environment, SpecError, load_environment, read_files
from delivery import declared
from delivery import up as upping
from delivery import verify as verifying
from delivery.engine import Engine
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.observe.platforms import observer_for
from delivery.output import Output
from delivery.stack import ProgramStack

CODES = "Exit codes: 0 fine or no change, 1 unexpected, 2 bad input, 3 policy, 4 refused plan, 5 deployment failed, \
6 not proven, 7 locked, 130 interrupted."

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=f"Deliver the program.\n\n{CODES}"
)

Stack = Annotated[str, typer.Option(help="The stack: dev, staging, prod or one of your own.")]
Directory = Annotated[Path, typer.Option(help="Where Pulumi.yaml is.", file_okay=False)]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout instead of text.")]
Debug = Annotated[bool, typer.Option(help="Show where an unexpected error comes from.")]
Timeout = Annotated[float, typer.Option(min=1, help="Seconds to wait for what runs to become what was declared.")]
LockTimeout = Annotated[float, typer.Option(min=0, help="Seconds to wait while somebody else changes the stack.")]


@app.callback()
def caas() -> None:
    """Every command stands by itself."""


@app.command()
def validate(stack: Stack, directory: Directory = Path(), as_json: Json = False, debug: Debug = False) -> None:
    """Check a stack's whole configuration, offline; all problems at once."""

    def work(output: Output) -> None:
        environment = _environment(directory, stack)
        output.result(
            f"Stack {stack} is valid: {environment.tier} on {environment.platform}, "
            f"services {', '.join(s.name for s in environment.services)}."
        )
        output.document({"stack": stack, "valid": True, "services": [s.name for s in environment.services]})

    _run(work, as_json=as_json, debug=debug)


@app.command()
def up(
    stack: Stack,
    directory: Directory = Path(),
    timeout: Timeout = verifying.TIMEOUT,
    lock_timeout: LockTimeout = upping.LOCK_TIMEOUT,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Apply, and prove that what runs is what was declared."""

    def work(output: Output) -> None:
        environment = _environment(directory, stack)
        result = upping.up(directory.resolve(), environment, output, timeout=timeout, lock_timeout=lock_timeout)
        output.table(verifying.COLUMNS, [f.row() for f in result.findings])
        versions = ", ".join(f"{name} {version}" for name, version in result.versions.items())
        done = f"{result.changed} changed" if result.changed else "nothing to change"
        output.result(f"Stack {stack} runs what was declared: {done}, {result.seconds:.0f} s ({versions}).", "green")
        output.document(result.document())

    _run(work, as_json=as_json, debug=debug)


@app.command()
def verify(
    stack: Stack,
    directory: Directory = Path(),
    timeout: Timeout = verifying.TIMEOUT,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Compare what runs with what the last apply declared."""

    def work(output: Output) -> None:
        _, project, _ = read_files(directory, stack)
        program = ProgramStack(directory.resolve(), stack, project, Engine())
        program.select()
        truth = declared.parse(program.outputs(), stack)
        observer = observer_for(
            truth.platform,
            kubeconfig=truth.kubeconfig,
            context=truth.context,
            region=truth.region,
            account=truth.account,
            subscription=truth.subscription,
        )
        findings = verifying.verify(truth, observer, output, timeout=timeout)
        output.table(verifying.COLUMNS, [f.row() for f in findings])
        output.result(f"Stack {stack} runs what was declared.", "green")
        output.document({"stack": stack, "services": [f.document() for f in findings]})

    _run(work, as_json=as_json, debug=debug)


def _environment(directory: Path, stack: str) -> Environment:
    config, project, source = read_files(directory, stack)
    return load_environment(config, project=project, stack=stack, source=source)


def _run(work: Callable[[Output], None], *, as_json: bool, debug: bool) -> None:
    """Do the work; turn every way in which it may end into a line and an exit code."""
    output = Output(as_json=as_json)
    signal.signal(signal.SIGTERM, _as_interrupt)
    try:
        work(output)
    except SpecError as error:
        _end(output, DeliveryError(str(error), Exit.BAD_INPUT), problems=[_plain(p) for p in error.problems])
    except DeliveryError as error:
        _end(output, error)
    except KeyboardInterrupt:
        _end(output, DeliveryError("Stopped. The engine finished cleanly; the state is usable.", Exit.INTERRUPTED))
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


def main() -> NoReturn:
    """The entry point."""
    sys.exit(get_command(app).main(prog_name="caas", standalone_mode=True))
