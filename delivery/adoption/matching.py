"""Which resource of Terraform's is which that a stack declares. Pure.

Several rounds lead there: what a resource is known by may hang on one that is not imported yet, as a rule hangs on its
group. So one that does not fit for certain waits for the next round, and only what is left at the end is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from delivery.adoption.kinds import KINDS, Kind, at
from delivery.adoption.states import Made
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.preview.values import known


@dataclass(frozen=True)
class Planned:
    """A resource that the stack declares and does not have yet."""

    urn: str
    type: str
    inputs: Mapping[str, Any] = field(repr=False)

    @property
    def name(self) -> str:
        """The last part of its URN."""
        return self.urn.rpartition("::")[2]


@dataclass(frozen=True)
class Match:
    """What becomes what."""

    address: str
    """Terraform's; empty where only an id was named."""
    urn: str
    id: str


@dataclass(frozen=True)
class Wish:
    """What the person has decided."""

    maps: Mapping[str, str] = field(default_factory=dict)
    """Address -> resource, by its name or URN."""
    ids: Mapping[str, str] = field(default_factory=dict)
    """Resource, by its name or URN -> id: where no state tells."""
    leaves: tuple[str, ...] = ()
    """Addresses that stay with Terraform, or modules with all that is in them."""

    def leaves_out(self, address: str) -> bool:
        """Does it stay with Terraform?"""
        return any(address == one or address.startswith((f"{one}.", f"{one}[")) for one in self.leaves)


class _Fit(Enum):
    NO = 0
    PERHAPS = 1
    """Nothing speaks against it, but something is not known yet."""
    YES = 2


def adoptable(made: Iterable[Made], wish: Wish) -> list[Made]:
    """What could come into a stack: of a type that is known here, and not to stay."""
    return [one for one in made if one.type in KINDS and not wish.leaves_out(one.address)]


def match(made: Iterable[Made], planned: Iterable[Planned], wish: Wish) -> list[Match]:
    """Everything that is certain by now.

    :param made: What Terraform has and nothing has been found for yet.
    :param planned: What the stack declares and nothing has been found for yet.
    """
    mine, free = list(made), {one.urn: one for one in planned}
    found = []
    for name, id_ in wish.ids.items():
        if (named := _named(name, free.values())) is not None:
            found.append(Match("", named.urn, id_))
            del free[named.urn]
    for one in [each for each in mine if each.address in wish.maps]:
        mine.remove(one)
        if (place := _named(wish.maps[one.address], free.values())) is not None:
            found.append(_matched(one, place))
            del free[place.urn]
    for least in (_Fit.YES, _Fit.PERHAPS):
        fits = {one.address: [each for each in free.values() if _fit(one, each).value >= least.value] for one in mine}
        claims = [each.urn for several in fits.values() for each in several]
        for one in list(mine):
            if len(fits[one.address]) == 1 and claims.count(fits[one.address][0].urn) == 1:
                found.append(_matched(one, fits[one.address][0]))
                del free[fits[one.address][0].urn]
                mine.remove(one)
    return found


def refuse(made: Iterable[Made], planned: Iterable[Planned], wish: Wish, stack: str) -> None:
    """DeliveryError with everything that nothing, or more than one thing, was found for; returns where all is found."""
    free = list(planned)
    details = [_unfound(one, free, wish) for one in made]
    details += [f"--id {name}: stack {stack} declares nothing new of this name" for name in wish.ids]
    if details:
        raise DeliveryError(
            f"{len(details)} of what was made elsewhere could not be found in what stack {stack!r} declares. Nothing "
            "was changed.",
            Exit.BAD_INPUT,
            remedy="For each: --map ADDRESS=RESOURCE says what it is, --leave ADDRESS leaves it with Terraform.",
            details=tuple(details),
        )


def _unfound(one: Made, free: list[Planned], wish: Wish) -> str:
    if (target := wish.maps.get(one.address)) is not None:
        of_type = ", ".join(sorted(each.name for each in free if each.type == KINDS[one.type].token)) or "nothing"
        return f"{one.address}: --map names {target}, and the stack declares no one resource of that name ({of_type})"
    fits = [each for each in free if _fit(one, each) is not _Fit.NO]
    if fits:
        return f"{one.address}: could be {' or '.join(sorted(each.name for each in fits))}"
    others = [each for each in free if each.type == KINDS[one.type].token]
    if not others:
        return f"{one.address}: the stack declares no further {KINDS[one.type].token}"
    return f"{one.address}: {'; '.join(_differing(one, each) for each in others[:_SHOWN])}"


_SHOWN = 3
"""Candidates of which a refusal says why they are none."""


def _differing(one: Made, other: Planned) -> str:
    pairs = [(theirs, at(one.attributes, theirs), at(other.inputs, ours)) for theirs, ours in KINDS[one.type].pairs()]
    texts = [f"{name} {_shown(was)}, not {_shown(will)}" for name, was, will in pairs if _equal(was, will) is _Fit.NO]
    return f"{other.name} differs ({', '.join(texts)})"


def _shown(value: Any) -> str:
    return "absent" if value is None else f"{value!r}"


def _named(name: str, among: Iterable[Planned]) -> Planned | None:
    """The one resource that is called so; None where there is none, or more than one."""
    found = [one for one in among if name in (one.urn, one.name)]
    return found[0] if len(found) == 1 else None


def _matched(one: Made, place: Planned) -> Match:
    kind = KINDS[one.type]
    id_ = kind.identified(one.attributes)
    if place.type != kind.token:
        raise DeliveryError(
            f"{one.address} is a {kind.token}, and {place.name} a {place.type}.",
            Exit.BAD_INPUT,
            remedy="Name a resource of the same type with --map.",
        )
    if id_ is None:
        raise DeliveryError(
            f"{one.address} has not what it is imported by ({kind.id}) in Terraform's state.",
            Exit.BAD_INPUT,
            remedy="Refresh that state, or name it: --leave ADDRESS with --id RESOURCE=ID.",
        )
    return Match(one.address, place.urn, id_)


def _fit(one: Made, other: Planned) -> _Fit:
    kind: Kind = KINDS[one.type]
    if other.type != kind.token:
        return _Fit.NO
    answers = [_equal(at(one.attributes, theirs), at(other.inputs, ours)) for theirs, ours in kind.pairs()]
    if _Fit.NO in answers:
        return _Fit.NO
    return _Fit.PERHAPS if _Fit.PERHAPS in answers or not answers else _Fit.YES


def _equal(was: Any, will: Any) -> _Fit:
    if not known(will):
        return _Fit.PERHAPS
    return _Fit.YES if _plain(was) == _plain(will) else _Fit.NO


def _plain(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    # Terraform keeps an empty text where nothing was given.
    return "" if value is None else str(value)
