"""``python -m sandbox up|down|status|env|build``: the sandbox by hand."""

from __future__ import annotations

import sys
import time
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from sandbox import driver, environment, toolchain
from sandbox.errors import SandboxError
from sandbox.progress import Progress

app = typer.Typer(
    help="A real Kubernetes, registry and image builder on this machine, inside one directory.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def up() -> None:
    """Bring the cluster up, or repair it; nothing happens when it is up and well."""
    began = time.monotonic()
    chosen = driver.choose()
    endpoint = chosen.up(Progress("Starting the sandbox"))
    took = f"{time.monotonic() - began:.0f} s"
    print(
        f"The sandbox is up ({chosen.name}, {took})."
        if endpoint.changed
        else f"The sandbox was up already; nothing was changed ({chosen.name}, {took})."
    )
    for label, value in (
        ("kubeconfig", endpoint.kubeconfig),
        ("registry", endpoint.registry),
        ("ingress", endpoint.ingress),
    ):
        if value is not None:
            print(f"  {label:<11}{value}")


@app.command()
def down() -> None:
    """Remove everything that the sandbox made, and nothing else. What was built stays in the cache."""
    driver.choose().down(Progress("Ending the sandbox"))
    print("The sandbox is gone.")


@app.command()
def status() -> None:
    """Show what runs. Exits with 1 unless everything does."""
    found = driver.choose().status()
    table = Table("", "part", "", box=None, pad_edge=False, show_header=False)
    for part in found.parts:
        table.add_row("✓" if part.running else "✗", part.name, part.detail)
    Console(soft_wrap=True).print(table)
    if not found.up:
        raise typer.Exit(1)


@app.command()
def env() -> None:
    """Print the variables of a running sandbox, for `eval "$(python -m sandbox env)"`."""
    chosen = driver.choose()
    print(environment.exports(environment.variables(chosen.endpoint(), toolchain.current())), end="")


@app.command()
def build(
    only: Annotated[list[str] | None, typer.Argument(help="engine, cluster; both unless named")] = None,
) -> None:
    """Prepare the programs that the sandbox runs, without starting any."""
    toolchain.ensure(tuple(only or (toolchain.ENGINE, toolchain.CLUSTER)))


def main() -> None:
    """Run a command; an error of the sandbox is one message and exit code 1."""
    try:
        app()
    except SandboxError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
