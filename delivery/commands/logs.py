"""``caas log-setup``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from delivery import log_setup as setting_up
from delivery.command_line import Debug, Directory, Json, Stack, environment_of, run
from delivery.output import Output


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("log-setup")(log_setup)


def log_setup(
    stack: Stack,
    directory: Directory = Path(),
    basic: Annotated[
        bool, typer.Option(help="Whether the server has Elastic's basic features: data streams and lifecycles.")
    ] = True,
    keys: Annotated[
        bool, typer.Option("--keys", help="Only print what an administrator sends to POST _security/api_key.")
    ] = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Bring template, lifecycle and pipeline to an Elasticsearch that exists, and the saved objects to its Kibana."""

    def work(output: Output) -> None:
        environment = environment_of(directory.resolve(), stack)
        if keys:
            wanted = setting_up.keys(environment)
            output.result(json.dumps(wanted, indent=2))
            output.document(wanted)
            return
        done = setting_up.install(environment, output, basic=basic)
        output.result(f"Told: {len(done.elasticsearch)} to Elasticsearch, {len(done.kibana)} to Kibana.", "green")
        output.document(done.document())

    run(work, as_json=as_json, debug=debug)
