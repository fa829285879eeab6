"""Looks whether a stack could be delivered from here: tools, backend, secrets, platform, quotas, registry. No change.

Every check is made, whatever the others found, so that one run names all that has to be mended.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

from components.kubernetes.metadata import namespace_name
from components.spec import Environment
from delivery import log_setup
from delivery.checks import Check, State
from delivery.engine import Engine
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.observe import Target
from delivery.observe.platforms import observer_in
from delivery.oci import NO_DIGEST, Registry
from delivery.quotas.platforms import checks_in
from delivery.stack import ProgramStack
from delivery.supply import tools

NO_SERVICE = "caas-doctor"
"""A name that no service has: that it is not there is an answer, and only a platform that is reached gives one."""


@dataclass
class Doctor:
    """Looks at one stack from where ``caas`` runs."""

    directory: Path
    environment: Environment
    engine: Callable[[], Engine] = Engine

    def checks(self) -> Iterator[Check]:
        """One after the other."""
        engine = self._made("engine", self._engine)
        yield engine
        if engine.state is not State.FAILING:  # Without one nobody can ask for the state.
            yield self._made("backend", self._backend)
            yield self._made("stack", self._stack)
        platform = self._made("platform", self._platform)
        yield platform
        if platform.state is not State.FAILING:  # Who cannot reach it cannot ask it for more.
            yield from checks_in(self.environment)
        yield self._made("registry", self._registry)
        if any(service.image is None for service in self.environment.services):
            yield self._made("builder", _builder)
        if self.environment.supply_chain is not None:
            yield self._made("supply chain", _supply)
        if self.environment.logging is not None and self.environment.logging.elasticsearch is not None:
            yield self._made("logs", self._logs)
        yield self._made("git", self._git)

    def _made(self, name: str, look: Callable[[], Check | str]) -> Check:
        try:
            found = look()
        except DeliveryError as error:
            return Check(name, State.FAILING, error.message, error.remedy)
        return found if isinstance(found, Check) else Check(name, State.OK, found)

    @cached_property
    def _found(self) -> Engine:
        return self.engine()

    @cached_property
    def _stacks(self) -> list[str]:
        return self._program.names()

    @cached_property
    def _program(self) -> ProgramStack:
        return ProgramStack(self.directory, self.environment.stack, self.environment.project, self._found)

    def _engine(self) -> Check | str:
        engine, sdk = str(self._found.version), version("pulumi")
        said = f"pulumi {engine}, SDK {sdk}"
        if engine.split(".")[:2] == sdk.split(".")[:2]:
            return said
        return Check("engine", State.WARNING, said, "Use the engine of the SDK's version: requirements.lock names it.")

    def _backend(self) -> str:
        return f"{self._program.backend}, {len(self._stacks)} stacks"

    def _stack(self) -> Check | str:
        name = self.environment.stack
        if name not in self._stacks:
            remedy = f"`caas up --stack {name}` makes it."
            return Check("stack", State.WARNING, f"there is no stack {name} yet", remedy)
        return f"{len(self._program.secret_values())} secrets decrypted"

    def _platform(self) -> str:
        observer = observer_in(self.environment)
        observer.snapshot(Target(place(self.environment), NO_SERVICE))
        known = ", ".join(f"{name} {number}" for name, number in observer.versions().items())
        return known or f"{self.environment.platform} answers"

    def _registry(self) -> str:
        host, _, path = self.environment.registry.address.partition("/")
        name = "/".join(part for part in (path, self.environment.services[0].name) if part)
        Registry(host, name).has("manifests", NO_DIGEST)
        return f"{host} answers"

    def _logs(self) -> Check | str:
        """Without its template an Elasticsearch guesses what a line's fields are, and keeps them for ever."""
        try:
            lacking = log_setup.missing(self.environment)
        except DeliveryError as error:
            return Check("logs", State.WARNING, f"cannot be asked: {error.message}", error.remedy)
        if not lacking:
            return "Elasticsearch knows template, lifecycle and pipeline"
        what = f"Elasticsearch was not told {', '.join(lacking)}"
        return Check("logs", State.WARNING, what, f"`caas log-setup --stack {self.environment.stack}` tells it.")

    def _git(self) -> Check | str:
        if shutil.which("git") is None:
            return Check("git", State.WARNING, "git is not on the PATH", "Without it releases are of no known commit.")
        done = tools.run(["git", "-C", str(self.directory), "rev-parse", "--short", "HEAD"], limit=10)
        if done.code != 0:
            return Check("git", State.WARNING, "no commit here", "Without one releases are of no known commit.")
        return f"at {done.out.strip()}"


def place(environment: Environment) -> str:
    """Where a service is asked for: in a cluster where this credential may look, in a cloud anywhere."""
    return namespace_name(environment) if environment.platform in ("kubernetes", "gke") else NO_SERVICE


def _builder() -> Check | str:
    if shutil.which("docker") is not None or os.environ.get("BUILDX_BUILDER"):
        return os.environ.get("BUILDX_BUILDER") or "docker"
    remedy = "Install Docker, or name a builder in BUILDX_BUILDER."
    return Check("builder", State.WARNING, "no Docker on the PATH, and no builder is named", remedy)


def _supply() -> Check | str:
    lacking = [said for name in ("cosign", "syft") if (said := tools.missing(name)) is not None]
    if lacking:
        return Check("supply chain", State.FAILING, "; ".join(lacking), "Install what is missing, or set the PATH.")
    return "cosign, syft"


def examine(doctor: Doctor, told: Callable[[Check], None]) -> list[Check]:
    """All checks, each told as it ends.

    :raises DeliveryError: One failed; every one was made.
    """
    found = []
    for check in doctor.checks():
        told(check)
        found.append(check)
    failing = [check.name for check in found if check.state is State.FAILING]
    if failing:
        raise DeliveryError(
            f"{len(failing)} of {len(found)} checks of stack {doctor.environment.stack!r} fail: {', '.join(failing)}.",
            Exit.BAD_INPUT,
            remedy="What to do stands beside each.",
            content={"checks": [check.document() for check in found]},
        )
    return found
