"""``python -m sandbox up|stop|down|status|env|exec|images|build``: the sandbox by hand."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from sandbox import driver, environment, paths, ports, toolchain
from sandbox.errors import SandboxError
from sandbox.images import base as base_images
from sandbox.images import dockerfile
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
    # The engine too, now: it compiles beside the cluster's programs, and every later command needs it.
    toolchain.ensure(_parts(chosen))
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
        ("prometheus", f"http://{ports.LOOPBACK}:{ports.PROMETHEUS}" if chosen.name == "source" else None),
        ("watch", endpoint.watch),
        ("alerts", endpoint.alerts),
        ("logs", endpoint.elasticsearch),
    ):
        if value is not None:
            print(f"  {label:<11}{value}")


@app.command()
def down() -> None:
    """Remove everything that the sandbox made, and nothing else. What was built stays in the cache."""
    driver.choose().down(Progress("Ending the sandbox"))
    print("The sandbox is gone.")


@app.command()
def stop() -> None:
    """End what runs and keep its data; `up` continues with it."""
    driver.choose().stop(Progress("Stopping the sandbox"))
    print("The sandbox is stopped.")


@app.command()
def status() -> None:
    """Show what runs. Exits with 1 unless everything does."""
    found = driver.choose().status()
    for part in found.parts:
        print(f"{'✓' if part.running else '✗'} {part.name:<24}{part.detail}")
    if not found.up:
        raise typer.Exit(1)


@app.command()
def env() -> None:
    """Print the variables of a running sandbox, for `eval "$(python -m sandbox env)"`."""
    chosen = driver.choose()
    print(environment.exports(environment.variables(chosen.endpoint(), toolchain.current(_parts(chosen)))), end="")


@app.command("exec", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def execute(
    context: typer.Context,
    tools: Annotated[
        bool, typer.Option("--tools", help="add the engine and its neighbours alone: cluster and state are yours")
    ] = False,
) -> None:
    """Run a command with the variables of a running sandbox: `python -m sandbox exec -- pulumi preview`."""
    if not context.args:
        raise SandboxError("Name a command after `--`, such as `python -m sandbox exec -- pulumi preview`.")
    if tools:
        added = environment.tools_alone(toolchain.ensure((toolchain.ENGINE,)))
    else:
        chosen = driver.choose()
        added = environment.variables(chosen.endpoint(), toolchain.current(_parts(chosen)))
    variables = {**os.environ, **added}
    os.environ["PATH"] = variables["PATH"]  # where execvpe looks for the command itself
    try:
        os.execvpe(context.args[0], context.args, variables)  # noqa: S606 - the user's own command, no shell
    except FileNotFoundError:
        raise SandboxError(f"There is no command {context.args[0]!r} on this machine or in the sandbox.") from None


@app.command()
def images(
    directory: Annotated[Path, typer.Argument(help="where the Dockerfiles are")] = Path("."),
) -> None:
    """Supply what the Dockerfiles' FROM lines need and no registry in reach has."""
    chosen = driver.choose()
    registry = chosen.endpoint().registry
    # Another driver's builder is Docker's, which pulls for itself.
    if registry is None or toolchain.CLUSTER not in _parts(chosen):
        return
    workshop = base_images.Workshop(toolchain.current().tool("busybox"), paths.cache() / "layers")
    for file in _dockerfiles(directory):
        try:
            supplied = base_images.supply(dockerfile.bases(file), registry, workshop)
        except SandboxError as error:
            # Whether this file is built at all is not known here; a build that needs it says so itself.
            print(f"warning: {error}", file=sys.stderr)
        else:
            for reference in supplied:
                print(f"Standing in for {reference}")


def _dockerfiles(directory: Path) -> list[Path]:
    """Dockerfiles below a directory, without those of hidden directories and installed packages."""
    return sorted(
        file
        for file in directory.rglob("Dockerfile*")
        if file.is_file()
        and not any(part.startswith(".") and part != "." for part in file.relative_to(directory).parts)
    )


@app.command()
def build(
    only: Annotated[
        list[str] | None,
        typer.Argument(help="engine, cluster, monitoring, logs, checks, supply; the first four unless named"),
    ] = None,
) -> None:
    """Prepare the programs that the sandbox runs, without starting any."""
    toolchain.ensure(tuple(only or (toolchain.ENGINE, *toolchain.cluster_parts())))


def _parts(chosen: driver.Driver) -> tuple[str, ...]:
    """What of the toolchain a driver's cluster is used with: programs of a cluster only where we start them."""
    cluster = {"source": toolchain.cluster_parts(), "kind": (toolchain.GATEWAY,)}
    # What signs and lists images is no part of a cluster; where it was asked for, it is there.
    extra = (toolchain.SUPPLY,) if toolchain.prepared(toolchain.SUPPLY) else ()
    return (toolchain.ENGINE, *cluster.get(chosen.name, ()), *extra)


def main() -> None:
    """Run a command; an error of the sandbox is one message and exit code 1."""
    try:
        app()
    except SandboxError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("error: interrupted. The same command goes on from here.", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
