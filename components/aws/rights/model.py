"""How the rights that a resource type takes are written down. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Grant:
    """Actions on resources that ARNs name; ``{region}``, ``{account}`` and the environment's names are filled in."""

    actions: tuple[str, ...]
    on: tuple[str, ...]
    own: bool = False
    """Only what carries the tags of this environment: ids say nothing about whose a thing is."""
    when: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Keys of conditions and the values that each may have, filled in likewise."""


@dataclass(frozen=True)
class Rights:
    """What one type takes."""

    look: tuple[str, ...] = ()
    """Reading actions that know no resource."""
    read: tuple[Grant, ...] = ()
    write: tuple[Grant, ...] = ()


def simple(arn: str, read: str, write: str, look: str = "", own: bool = False) -> Rights:
    """Rights of a type whose actions all know the same ARN; actions are parted by blanks."""
    return Rights(
        tuple(look.split()),
        (Grant(tuple(read.split()), (arn,)),) if read else (),
        (Grant(tuple(write.split()), (arn,), own),) if write else (),
    )


def ec2(thing: str) -> str:
    """ARN of all of one kind in EC2, whose names are drawn."""
    return f"arn:aws:ec2:{{region}}:{{account}}:{thing}/*"
