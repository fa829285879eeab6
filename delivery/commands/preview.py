"""``caas preview`` and ``caas drift``: what an apply would change, and what has changed without one."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import pulumi.automation as auto
import typer

from components.spec import read_files
from delivery import drift as drifting
from delivery import named_file
from delivery.command_line import Debug, Directory, Json, Stack, environment_of
from delivery.command_line import run as run_command
from delivery.engine import Engine
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.forge import detect, writing
from delivery.output import Output
from delivery.policing import violated
from delivery.preview import document, markdown, run, shown
from delivery.preview.model import Preview, Verdict
from delivery.seal import sealing
from delivery.stack import ProgramStack
from delivery.supply import handover

SavePlan = Annotated[
    Path | None, typer.Option(help="Write a sealed plan to this file, for `caas up --plan`.", dir_okay=False)
]
PolicyPack = Annotated[
    Path | None,
    typer.Option(
        "--policy-pack", help="Directory of the policy pack. Default: `policies` beside the program.", file_okay=False
    ),
]
NoPolicies = Annotated[bool, typer.Option("--no-policies", help="Ask no policy pack.")]
Limit = Annotated[int, typer.Option("--markdown-limit", min=1000, help="Characters that a comment may have.")]
PreviewTimeout = Annotated[float, typer.Option(min=1, help="Seconds that the engine may take.")]
FailOnDrift = Annotated[bool, typer.Option("--fail-on-drift", help="End with exit code 6 where there is drift.")]


class Missing(StrEnum):
    """What a preview does where its stack has never been made."""

    FAIL = "fail"
    CREATE = "create"
    SKIP = "skip"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(preview)
    app.command()(drift)


def preview(
    stack: Stack,
    directory: Directory = Path(),
    save_plan: SavePlan = None,
    policy_pack: PolicyPack = None,
    no_policies: NoPolicies = False,
    markdown_file: Annotated[
        Path | None,
        typer.Option("--markdown", help="Write the comment for a merge request to this file.", dir_okay=False),
    ] = None,
    markdown_limit: Limit = markdown.LIMIT,
    missing: Annotated[
        Missing, typer.Option(help="Where there is no such stack yet: fail (exit code 2), make it, or end well.")
    ] = Missing.FAIL,
    timeout: PreviewTimeout = run.TIMEOUT,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Show what an apply would change, what the policies say, and roughly what it costs; changes nothing."""

    def work(output: Output) -> None:
        environment = environment_of(directory, stack)
        pack = _pack(directory, policy_pack, no_policies=no_policies)
        program = ProgramStack(directory.resolve(), stack, environment.project, Engine())
        handle = _selected(program, missing, output)
        if handle is None:
            output.document({"stack": stack, "missing": True})
            return
        stored = program.state()
        with handover.handed_over(program, environment, lambda: stored, output, asked=pack is not None) as attested:
            found = run.preview(handle, program, output, pack=pack, timeout=timeout)
        content = shown.show(environment, found, output, comment=markdown_file, limit=markdown_limit)
        content["attestations"] = [one.document() for one in attested]
        if found.said(Verdict.VIOLATION):
            raise violated(stack, found.policies, content=content)
        if save_plan is not None:
            sealing.settle(program, stored)
            plan = sealing.write(save_plan, program, found, stored, pack, output.masker)
            output.result(f"Plan written to {save_plan}: {plan['summary']}; `caas up --plan {save_plan}` applies it.")
            content["plan"] = str(save_plan)
        output.document(content)

    run_command(work, as_json=as_json, debug=debug)


def drift(
    stack: Stack,
    directory: Directory = Path(),
    markdown_file: Annotated[
        Path | None, typer.Option("--markdown", help="Write it as Markdown to this file.", dir_okay=False)
    ] = None,
    markdown_limit: Limit = markdown.LIMIT,
    fail_on_drift: FailOnDrift = False,
    issue: Annotated[
        bool, typer.Option("--issue", help="Open or update one issue at the forge, and close it where nothing drifted.")
    ] = False,
    timeout: PreviewTimeout = run.TIMEOUT,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Show how the platform differs from what was last applied; changes neither. For a scheduled job."""

    def work(output: Output) -> None:
        _, project, _ = read_files(directory, stack)
        program = ProgramStack(directory.resolve(), stack, project, Engine())
        handle = program.opened(output.masker)
        found = drifting.declared(run.refresh(handle, program, output, timeout=timeout))
        for line in drifting.lines(stack, found):
            output.result(line)
        if markdown_file is not None:
            named_file.write(markdown_file, output.masker(markdown.drift(project, stack, found, limit=markdown_limit)))
        if issue:
            _tell(project, stack, found, output)
        if found.changes and fail_on_drift:
            raise DeliveryError(
                f"Stack {stack!r} has drifted: {len(found.changes)} resources differ from what was applied.",
                Exit.NOT_PROVEN,
                remedy=f"`caas up --stack {stack}` brings back what was declared; else declare what is there now.",
                content=document.drift(stack, found),
            )
        output.document(document.drift(stack, found))

    run_command(work, as_json=as_json, debug=debug)


def _pack(directory: Path, named: Path | None, *, no_policies: bool) -> Path | None:
    if named is not None and no_policies:
        raise DeliveryError("--policy-pack and --no-policies exclude each other.", Exit.BAD_INPUT, remedy="Give one.")
    if no_policies:
        return None
    if named is None:
        return run.default_pack(directory)
    if not (named / "PulumiPolicy.yaml").is_file():
        raise DeliveryError(
            f"There is no policy pack in {named}: it has no PulumiPolicy.yaml.",
            Exit.BAD_INPUT,
            remedy="Name the directory that has it.",
        )
    return named.resolve()


def _selected(program: ProgramStack, missing: Missing, output: Output) -> auto.Stack | None:
    """The stack; None where there is none and that is well."""
    if missing is Missing.CREATE:
        return program.opened_or_made(output.masker)[0]
    try:
        return program.opened(output.masker)
    except DeliveryError as error:
        if missing is Missing.FAIL or not isinstance(error.__cause__, auto.StackNotFoundError):
            raise
    output.result(f"There is no stack {program.name} yet: all of it would be new.")
    return None


def _tell(project: str, stack: str, found: Preview, output: Output) -> None:
    """The one issue about this stack's drift."""
    detect.masked(output.masker)
    forge = detect.forge()
    text = output.masker(markdown.drift(project, stack, found, limit=forge.limit)) if found.changes else None
    title = f"{project}/{stack} has drifted: {len(found.changes)} differ from what was applied"
    done = writing.issue(forge, markdown.marker("drift", project, stack), title, text)
    output.result({"none": f"{forge.name} has no issue about it."}.get(done, f"The issue at {forge.name} was {done}."))
