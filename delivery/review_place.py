"""Which of the namespaces that wait for reviews a review gets, where the pipeline makes no namespace of its own."""

from __future__ import annotations

from collections.abc import Callable

from components.kubernetes.metadata import manager_name, review_namespaces
from components.spec import Environment
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.observe.kubernetes import KubernetesObserver

Holder = Callable[[str], str | None]
"""Namespace -> the field manager of the stack that has it; None where nobody has."""


def place_for(base: Environment, stack: str) -> str | None:
    """The namespace of a review stack; None where it makes its own. DeliveryError where all are taken.

    :param base: The stack that it is made from, whose pipeline says how many there are.
    """
    if not review_namespaces(base):
        return None
    cluster = base.kubernetes
    return chosen(base, stack, KubernetesObserver(cluster.kubeconfig, cluster.context).held_by)


def chosen(base: Environment, stack: str, holder: Holder) -> str:
    """That which it has already, or the first that nobody has. Where two reviews choose at once, the mark of one of
    them is refused by the cluster, and its job is run again."""
    spaces, mine = review_namespaces(base), manager_name(base.project, stack)
    holders = {space: holder(space) for space in spaces}
    for wanted in (mine, None):
        found = next((space for space in spaces if holders[space] == wanted), None)
        if found is not None:
            return found
    raise DeliveryError(
        f"All {len(spaces)} namespaces for reviews of stack {base.stack!r} are taken.",
        Exit.LOCKED,
        remedy="Wait until `caas review reap` or `caas review down` has freed one, or raise caas:pipeline.reviews.",
    )
