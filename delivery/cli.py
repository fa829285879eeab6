"""The ``caas`` command line. Reads arguments and prints; what happens is in the modules of each command."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from typer.main import get_command

from components.spec import read_files
from delivery import declared, turns
from delivery import up as upping
from delivery import verify as verifying
from delivery.beforehand import Beforehand
from delivery.command_line import (
    Debug,
    Directory,
    Json,
    LockTimeout,
    Override,
    Plan,
    Reason,
    Stack,
    Stacks,
    Timeout,
    environment_of,
    environments_of,
    run,
)
from delivery.commands import (
    adoption,
    dashboards,
    init,
    logs,
    moves,
    operations,
    parity,
    pipeline,
    preview,
    records,
    release_control,
    review,
    supply,
    terraform,
)
from delivery.engine import Engine
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.observe.platforms import observer_for
from delivery.output import Output
from delivery.purpose import Purpose
from delivery.stack import ProgramStack

CODES = "Exit codes: 0 fine or no change, 1 unexpected, 2 bad input, 3 policy, 4 refused plan, 5 deployment failed, \
6 not proven, 7 locked, 130 interrupted."

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=f"Deliver the program.\n\n{CODES}"
)


@app.callback()
def caas() -> None:
    """Every command stands by itself."""


@app.command()
def validate(
    stacks: Stacks,
    directory: Directory = Path(),
    compare: Annotated[bool, typer.Option("--parity", help="Compare the stacks too, as `caas parity` does.")] = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Check the whole configuration of a stack, or of several, offline; all problems at once."""

    def work(output: Output) -> None:
        valid = []
        if compare:
            parity.several(stacks)
        environments = environments_of(directory, stacks)
        for environment in environments:
            services = [one.name for one in environment.services]
            output.result(
                f"Stack {environment.stack} is valid: {environment.tier} on {environment.platform}, "
                f"services {', '.join(services)}."
            )
            valid.append({"stack": environment.stack, "valid": True, "services": services})
        found = {"parity": parity.judged(directory, environments, output)} if compare else {}
        output.document({"stacks": valid, **found})

    run(work, as_json=as_json, debug=debug)


@app.command()
def up(
    stack: Stack,
    directory: Directory = Path(),
    plan: Plan = None,
    save_plan: Annotated[
        Path | None,
        typer.Option(help="Preview first, and write what is applied as a sealed plan to this file.", dir_okay=False),
    ] = None,
    markdown_file: Annotated[
        Path | None,
        typer.Option("--markdown", help="Preview first, and write its comment to this file.", dir_okay=False),
    ] = None,
    timeout: Timeout = verifying.TIMEOUT,
    lock_timeout: LockTimeout = turns.TIMEOUT,
    reason: Reason = None,
    override_policies: Override = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Apply, and prove that what runs is what was declared."""

    def work(output: Output) -> None:
        previewed = save_plan is not None or markdown_file is not None
        if plan is not None and previewed:
            raise DeliveryError(
                "--plan applies what was previewed already: --save-plan and --markdown exclude it.",
                Exit.BAD_INPUT,
                remedy="Give --plan alone, or leave it out.",
            )
        environment = environment_of(directory, stack)
        why = Purpose(reason=reason, override=override_policies)
        result = upping.up(
            directory.resolve(),
            environment,
            output,
            timeout=timeout,
            lock_timeout=lock_timeout,
            sealed=plan,
            beforehand=Beforehand(save_plan, markdown_file) if previewed else None,
            why=why,
        )
        output.table(verifying.COLUMNS, [f.row() for f in result.findings])
        versions = ", ".join(f"{name} {version}" for name, version in result.versions.items())
        done = f"{result.changed} changed" if result.changed else "nothing to change"
        output.result(f"Stack {stack} runs what was declared: {done}, {result.seconds:.0f} s ({versions}).", "green")
        output.document(result.document())

    run(work, as_json=as_json, debug=debug)


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

    run(work, as_json=as_json, debug=debug)


parity.register(app)
release_control.register(app)
records.register(app)
moves.register(app)
operations.register(app)
logs.register(app)
review.register(app)
preview.register(app)
pipeline.register(app)
supply.register(app)
dashboards.register(app)
init.register(app)
adoption.register(app)
terraform.register(app)


def main() -> NoReturn:
    """The entry point."""
    sys.exit(get_command(app).main(prog_name="caas", standalone_mode=True))
