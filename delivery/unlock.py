"""``caas unlock``: release a stack whose holder is dead, and nobody else's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from delivery import locks
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.locks import Lock
from delivery.output import Output
from delivery.stack import ProgramStack


@dataclass(frozen=True)
class Result:
    """What was released."""

    stack: str
    released: tuple[str, ...]
    """The dead holders, in words."""

    def document(self) -> dict[str, Any]:
        """For --json."""
        return {"stack": self.stack, "released": list(self.released)}


def unlock(stack: ProgramStack, output: Output) -> Result:
    """Release every lock whose owner is dead. DeliveryError where a living one holds the stack, or one of which that
    cannot be known; what is dead beside it is released all the same."""
    stack.must_exist()
    directory = stack.backend_directory
    if directory is None:
        raise DeliveryError(
            f"Who holds stack {stack.name!r} cannot be read in {stack.backend}, so nothing was released.",
            Exit.BAD_INPUT,
            remedy=f"`caas up --stack {stack.name} --lock-timeout 0` names the holder. Only if that is known to be "
            f"dead: `pulumi cancel --stack {stack.name}`.",
        )
    found = locks.held(directory, stack.project, stack.name)
    left = locks.release_dead(found, output.warn)
    if left:
        raise _refused(stack.name, left)
    return Result(stack.name, tuple(lock.holder for lock in found))


def _refused(stack: str, left: list[Lock]) -> DeliveryError:
    names = ", ".join(lock.holder for lock in left)
    living = [lock for lock in left if lock.of_this_host()]
    if living:
        return DeliveryError(
            f"Stack {stack!r} is being changed by {names}, which is alive: it was not released.",
            Exit.LOCKED,
            remedy="Wait for it, or stop it with Ctrl-C where it runs.",
        )
    hosts = ", ".join(sorted({lock.host for lock in left}))
    return DeliveryError(
        f"Stack {stack!r} is held by {names}. Whether that is alive can only be known on {hosts}: it was not released.",
        Exit.LOCKED,
        remedy=f"Run `caas unlock --stack {stack}` there. Only if the machine is gone for good: "
        f"`pulumi cancel --stack {stack}`.",
    )
