"""What another tool has made, taken over: found in what the stack declares, tried out on a copy, then imported.

Nothing is made, changed or deleted in the cloud by any of it. What the stack's next apply would do to the adopted
resources is known before one of them is in its state.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from delivery.adoption import matching
from delivery.adoption.importing import Entry, document, wanted
from delivery.adoption.matching import Match, Wish
from delivery.adoption.rehearsal import Place, Plan, parts
from delivery.adoption.states import Made
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.output import Output
from delivery.preview.model import Operation

COLUMNS = ("from", "becomes", "id", "next apply")


@dataclass(frozen=True)
class Adoption:
    """What would be, or is, adopted."""

    stack: str
    matches: tuple[Match, ...]
    entries: tuple[Entry, ...] = field(repr=False)
    """How the engine imports it, with the components and providers that it needs."""
    changes: Mapping[str, tuple[Operation, tuple[str, ...]]]
    """URN -> what the next apply does to it; those that stay as they are are not in it."""
    created: tuple[str, ...]
    """What the next apply would make beside, by name."""
    left: tuple[str, ...]
    """Addresses that stay with Terraform."""

    @property
    def ids(self) -> dict[str, str]:
        """URN -> id."""
        return {one.urn: one.id for one in self.matches}

    def rows(self) -> list[tuple[str, str, str, str]]:
        """For people."""
        return [(one.address or "--id", _name(one.urn), one.id, self._fate(one.urn)) for one in self.matches]

    def _fate(self, urn: str) -> str:
        if urn not in self.changes:
            return "no change"
        operation, properties = self.changes[urn]
        return f"{operation.value}: {', '.join(properties)}" if properties else operation.value

    def told(self, operation: Operation) -> list[str]:
        """URNs of those that this would happen to."""
        return [urn for urn, (what, _) in self.changes.items() if what is operation]

    def removals(self) -> list[str]:
        """What a person then types, so that Terraform forgets what it no longer has: it deletes nothing."""
        return [f"terraform state rm {shlex.quote(one.address)}" for one in self.matches if one.address]

    def document(self) -> dict[str, Any]:
        """For --json."""
        return {
            "stack": self.stack,
            "adopted": [
                {"address": one.address, "urn": one.urn, "id": one.id, "change": self._fate(one.urn)}
                for one in self.matches
            ],
            "created": list(self.created),
            "left": list(self.left),
            "removals": self.removals(),
        }


def rehearse(copy: Place, made: Sequence[Made], wish: Wish, output: Output, *, replacing: Sequence[str]) -> Adoption:
    """Find everything, try it out, and say what comes of it.

    :param copy: A copy of the stack; it is changed.
    :param replacing: Resources, by name or URN, that the next apply may replace.
    :raises DeliveryError: Something is not found, or would be replaced that may not be.
    """
    wanting = matching.adoptable(made, wish)
    found: dict[str, Match] = {}
    kept: dict[str, Entry] = {}
    plan = copy.plan()
    while True:
        done = {one.address for one in found.values()}
        rest = [one for one in wanting if one.address not in done]
        round_ = _ready(matching.match(rest, plan.planned, _without(wish, found)), plan)
        if not round_:
            break
        several = wanted([one.urn for one in round_], plan.entries)
        output.say(f"Trying {len(round_)} of {len(rest)} out on a copy of stack {copy.stack}.")
        copy.bring(several, {one.urn: one.id for one in round_})
        found |= {one.urn: one for one in round_}
        kept |= {one.urn: one for one in several}
        plan = copy.plan()
    matching.refuse(rest, plan.planned, _without(wish, found), copy.stack)
    if not found:
        raise DeliveryError(
            f"There is nothing to adopt that stack {copy.stack!r} declares and does not have.",
            Exit.BAD_INPUT,
            remedy="Name a state of Terraform that has resources of its kind, or an id with --id.",
        )
    changes = {urn: plan.changes[urn] for urn in found if urn in plan.changes}
    left = tuple(one.address for one in made if one not in wanting)
    adoption = Adoption(copy.stack, tuple(found.values()), tuple(kept.values()), changes, _names(plan), left)
    _refuse_replacing(adoption, replacing)
    return adoption


def _ready(matches: Iterable[Match], plan: Plan) -> list[Match]:
    """Those whose provider is known by now."""
    return [
        one
        for one in matches
        if one.urn in plan.entries and all(each.ready for each in wanted([one.urn], plan.entries) if each.is_provider)
    ]


def _without(wish: Wish, found: Mapping[str, Match]) -> Wish:
    """What is still wished for."""
    names = {name for urn in found for name in (urn, _name(urn))}
    return Wish(wish.maps, {name: id_ for name, id_ in wish.ids.items() if name not in names}, wish.leaves)


def _refuse_replacing(adoption: Adoption, allowed: Sequence[str]) -> None:
    replaced = [urn for urn in adoption.told(Operation.REPLACE) if not {urn, _name(urn)} & set(allowed)]
    if replaced:
        raise DeliveryError(
            f"The next apply of stack {adoption.stack!r} would delete {len(replaced)} of the adopted resources and "
            "make them anew. Nothing was changed.",
            Exit.BAD_INPUT,
            remedy="Describe the stack so that they are the same, leave them with --leave, or allow it for each by "
            "--replace RESOURCE.",
            details=tuple(f"{_name(urn)}: {', '.join(adoption.changes[urn][1])}" for urn in replaced),
            content=adoption.document(),
        )


def settle(place: Place, adoption: Adoption) -> Adoption:
    """Import into the stack itself, and look at what its next apply would do."""
    place.bring(list(adoption.entries), adoption.ids)
    plan = place.plan()
    changes = {one.urn: plan.changes[one.urn] for one in adoption.matches if one.urn in plan.changes}
    return Adoption(adoption.stack, adoption.matches, adoption.entries, changes, _names(plan), adoption.left)


def write(adoption: Adoption, into: Path) -> list[Path]:
    """Write the documents for ``pulumi import``, and what is typed then; their paths."""
    components, rest = parts(list(adoption.entries))
    texts = {
        "1-components.json": _json(document(components, {})),
        "2-resources.json": _json(document(rest, adoption.ids)),
        "3-terraform-state-rm.txt": "".join(f"{line}\n" for line in adoption.removals()),
    }
    try:
        into.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (into / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise DeliveryError(
            f"The documents cannot be written to {into}: {error.strerror}.",
            Exit.BAD_INPUT,
            remedy="Name another directory with --into.",
        ) from error
    return [into / name for name in texts]


def _json(content: Mapping[str, Any]) -> str:
    return f"{json.dumps(content, indent=2)}\n"


def _names(plan: Plan) -> tuple[str, ...]:
    return tuple(sorted(one.name for one in plan.planned))


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]
