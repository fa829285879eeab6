"""``caas init``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from delivery import initial
from delivery.command_line import Debug, Directory, Json, run
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.initial import NEEDED, SYSTEMS, Answers
from delivery.output import Output


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(init)


def init(
    service: Annotated[str | None, typer.Option(help="Name of the service, and of the project.")] = None,
    platform: Annotated[str | None, typer.Option(help=f"One of {', '.join(NEEDED)}.")] = None,
    registry: Annotated[str | None, typer.Option(help="host[:port][/path] that images are pushed to.")] = None,
    domain: Annotated[str | None, typer.Option(help="Domain of prod; dev and staging get names below it.")] = None,
    owner: Annotated[str | None, typer.Option(help="Who is called at night.")] = None,
    cost_centre: Annotated[str | None, typer.Option(help="Who pays.")] = None,
    ci: Annotated[str, typer.Option(help=f"Whose pipeline file is written: one of {', '.join(SYSTEMS)}.")] = "none",
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="NAME=VALUE of the platform's own settings, such as region=… or authorizedNetworks.office=…."
        ),
    ] = None,
    context: Annotated[str, typer.Option(help="Directory of the Dockerfile.")] = ".",
    port: Annotated[int, typer.Option(help="Port on which the service listens.", min=1, max=65535)] = 8080,
    ready: Annotated[str, typer.Option(help="Path that answers 200 when the service can serve.")] = "/healthz/ready",
    test: Annotated[str, typer.Option(help="The pipeline's tests.")] = "make test",
    program: Annotated[str, typer.Option(help="Repository with the pipelines' reusable pieces.")] = "platform/caas",
    version: Annotated[str, typer.Option(help="Branch or tag of it.")] = "main",
    directory: Directory = Path(),
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Write a service's description, three stacks and a pipeline; asks on a terminal for what is not given. What is
    there is never changed."""

    def work(output: Output) -> None:
        given = {"service": service, "platform": platform, "registry": registry, "domain": domain}
        known = _answered({**given, "owner": owner, "cost-centre": cost_centre})
        _one_of("--platform", known["platform"], tuple(NEEDED))
        _one_of("--ci", ci, SYSTEMS)
        own = _pairs(settings or [])
        needed = _answered({f"set {name}=": own.get(name) for name in NEEDED[known["platform"]]})
        own |= {_question(name): value for name, value in needed.items()}
        answers = Answers(
            service=known["service"],
            platform=known["platform"],
            registry=known["registry"],
            domain=known["domain"],
            owner=known["owner"],
            cost_centre=known["cost-centre"],
            system=ci,
            context=context,
            port=port,
            ready=ready,
            test=test,
            program=program,
            version=version,
            settings=own,
        )
        made = initial.write(directory.resolve(), answers)
        for name, new in made.items():
            output.result(f"{'written' if new else 'as it was':10} {name}", "green" if new else None)
        output.result("Next: `caas doctor --stack dev`.")
        output.document({"files": [{"file": name, "written": new} for name, new in made.items()]})

    run(work, as_json=as_json, debug=debug)


def _answered(given: dict[str, str | None]) -> dict[str, str]:
    """What is given, and what a person says to the rest. DeliveryError where nobody can be asked."""
    missing = [name for name, value in given.items() if not value]
    if missing and not _asks():
        raise DeliveryError(
            f"Not given, and there is no terminal to ask at: {', '.join(f'--{name}' for name in missing)}.",
            Exit.BAD_INPUT,
            remedy="`caas init --help` says what each is.",
        )
    try:
        return {name: value or str(typer.prompt(_question(name))) for name, value in given.items()}
    except typer.Abort:
        raise KeyboardInterrupt("Stopped. Nothing was written.") from None


def _asks() -> bool:
    """Is there somebody to ask?"""
    return sys.stdin.isatty()


def _question(name: str) -> str:
    return name.removeprefix("set ").rstrip("=")


def _one_of(option: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise DeliveryError(f"{option} is {value!r}.", Exit.BAD_INPUT, remedy=f"It is one of {', '.join(known)}.")


def _pairs(given: list[str]) -> dict[str, str]:
    found = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise DeliveryError(
                f"--set is {text!r}.", Exit.BAD_INPUT, remedy="Write NAME=VALUE, such as region=eu-west-1."
            )
        found[name] = value
    return found
