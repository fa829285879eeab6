"""``caas dashboards``: a stack's dashboards as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from delivery import dashboards as shown
from delivery.command_line import Debug, Directory, Json, Stack, environment_of, run
from delivery.output import Output


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(dashboards)


def dashboards(
    stack: Stack,
    into: Annotated[Path, typer.Option(help="Directory that gets a file for each.", file_okay=False)],
    directory: Directory = Path(),
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Write a stack's dashboards as files that a Grafana imports; on Kubernetes its sidecar finds them anyway."""

    def work(output: Output) -> None:
        made = shown.write(environment_of(directory, stack), into)
        for path in made:
            output.result(str(path))
        output.document({"stack": stack, "files": [str(path) for path in made]})

    run(work, as_json=as_json, debug=debug)
