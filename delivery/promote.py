"""``caas promote``: what one stack has proven runs in another one. Digests move; nothing is rebuilt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.release import Pinned
from components.spec import Environment, read_files
from delivery import commits, declared, ledger, oci, releases, rollback
from delivery import up as upping
from delivery.declared import Declared
from delivery.engine import Engine
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.observe.platforms import observer_of
from delivery.output import Output
from delivery.purpose import Purpose
from delivery.records import Kind, Outcome, Release
from delivery.stack import ProgramStack
from delivery.supply import carry
from delivery.up import Result
from delivery.verify import verify

PROOF = 60.0
"""Seconds to see that the first stack runs what it released: it should be no wait at all."""
SHOWN = 50
"""Commits that are listed."""


@dataclass(frozen=True)
class Move:
    """One service's image on its way."""

    service: str
    image: str
    """As the first stack runs it."""
    target: str
    """As the second one will."""

    @property
    def repository(self) -> str:
        """Where it has to be."""
        return self.target.rpartition("@")[0]

    @property
    def needed(self) -> bool:
        """Does it have to be copied?"""
        return self.image != self.target


def promote(
    directory: Path,
    source: str,
    target: str,
    output: Output,
    *,
    timeout: float,
    lock_timeout: float,
    why: Purpose,
) -> Result:
    """Move the proven release of ``source`` to ``target`` and prove it there."""
    if source == target:
        raise DeliveryError(f"--from and --to both name {source!r}.", Exit.BAD_INPUT, remedy="Name two stacks.")
    release, configuration = proven(directory, source, output)
    name = f"{source} {release.number}"
    mixed = mixture(read_files(directory, target)[0], configuration)
    environment = releases.environment_of(directory, target, Pinned(f"release {name}", mixed, {}))
    moves = plan(environment, release, configuration, source)
    _tell(directory, target, environment.project, release, output)
    rollback.found_in_registry((one.image for one in moves), f"Release {name}", output)
    for move in moves:
        _carry(move, output)
        _carry_attestations(move, configuration, mixed, output)
    intent = releases.intent(
        directory,
        environment,
        kind=Kind.PROMOTE,
        source=release,
        of=name,
        configuration=mixed,
        images={one.service: one.target for one in moves},
        note=why.reason,
    )
    return upping.up(directory, environment, output, timeout=timeout, lock_timeout=lock_timeout, intent=intent, why=why)


def proven(directory: Path, stack: str, output: Output) -> tuple[Release, dict[str, Any]]:
    """The stack's last release and its configuration: it must have succeeded, and be what runs there now."""
    _, project, _ = read_files(directory, stack)
    program = ProgramStack(directory, stack, project, Engine())
    program.must_exist()
    book = ledger.Ledger(program).read()
    made = [one for one in book.releases if one.outcome is not Outcome.REFUSED]
    if not made:
        raise _unproven(stack, "it has no recorded release")
    release = made[-1]
    if release.outcome is not Outcome.SUCCEEDED:
        why = f": {release.reason}" if release.reason else ""
        raise _unproven(stack, f"its last release, {release.number}, is {release.outcome.value}{why}")
    truth = declared.parse(program.outputs(), stack)
    same(release, truth)
    verify(truth, observer_of(truth), output, timeout=PROOF)
    return release, book.configuration(release)


def same(release: Release, truth: Declared) -> None:
    """DeliveryError where the stack was given something else since the release was recorded."""
    now = {one.name: one.image for one in truth.services}
    if now != release.images:
        other = sorted(name for name in {*now, *release.images} if now.get(name) != release.images.get(name))
        raise _unproven(
            truth.stack, f"since release {release.number} it was given another {', '.join(other)} by something else"
        )


def mixture(own: Mapping[str, Any], promoted: Mapping[str, Any]) -> dict[str, Any]:
    """The target's own settings, and the services as they were proven: all that differs between two environments is
    what the target's file may say."""
    return {**releases.without_secrets(own), "services": promoted["services"]}


def plan(environment: Environment, release: Release, promoted: Mapping[str, Any], source: str) -> list[Move]:
    """Where each image comes from and goes to. Images of the first stack's own registry go to the second one's; those
    of somebody else's stay where they are."""
    missing = [one.name for one in environment.services if one.name not in release.images]
    if missing:
        raise DeliveryError(
            f"Release {release.number} of stack {source!r} ran no {', '.join(missing)}.",
            Exit.NOT_PROVEN,
            remedy=f"Release it there first: `caas up --stack {source}`.",
        )
    old, new = f"{promoted['registry']['address']}/", f"{environment.registry.address}/"
    return [
        Move(one.name, image, new + image.removeprefix(old) if image.startswith(old) else image)
        for one in environment.services
        for image in [release.images[one.name]]
    ]


def _carry(move: Move, output: Output) -> None:
    if not move.needed:
        return
    digest = move.image.rpartition("@")[2]
    output.say(f"{move.service}: copying {digest[:19]} to {move.repository}.")
    size = oci.copy(move.image, move.repository, f"release-{digest.rpartition(':')[2][:20]}")
    output.say(f"{move.service}: {move.target} is there, {size / 1e6:.1f} MB copied.")


def _carry_attestations(move: Move, old: Mapping[str, Any], new: Mapping[str, Any], output: Output) -> None:
    """From where the first environment keeps them to where the second one looks for them."""
    if not oci.REFERENCE.match(move.image):
        return
    source, target = (
        (settings.get("supplyChain") or {}).get("repository") or image.rpartition("@")[0]
        for settings, image in ((old, move.image), (new, move.target))
    )
    copied = carry.carry(move.image.rpartition("@")[2], source, target)
    if copied:
        output.say(f"{move.service}: its attestations are in {target}.")


def _tell(directory: Path, target: str, project: str, release: Release, output: Output) -> None:
    """What the target gets: the commits since its own last good release, where git knows both."""
    program = ProgramStack(directory, target, project, Engine())
    last = ledger.Ledger(program).read().delivered
    output.result(f"Release {release.number} goes to {target}.")
    if last is None or release.commit is None:
        output.result("Which commits that brings is not known: there is no release with a commit to compare with.")
        return
    before, (old, new) = last[0].number, (last[1].id, release.commit.id)
    listed = commits.between(directory, old, new)
    if listed is None:
        output.result(f"Which commits that brings is not known: git does not know both {old[:12]} and {new[:12]}.")
        return
    output.result(f"{len(listed)} commits since release {before} of {target} ({old[:12]}..{new[:12]}):")
    for line in listed[:SHOWN]:
        output.result(f"  {line}")
    if len(listed) > SHOWN:
        output.result(f"  and {len(listed) - SHOWN} more")


def _unproven(stack: str, why: str) -> DeliveryError:
    return DeliveryError(
        f"Stack {stack!r} has proven nothing that could be promoted: {why}.",
        Exit.NOT_PROVEN,
        remedy=f"`caas up --stack {stack}` releases and proves what is described.",
    )
