"""What every component shares: its type token, how its children are parented, and ``transforms``.

Nothing about a platform or a service belongs here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

Transform = pulumi.ResourceTransform
"""Sees each child before it is declared and may return changed properties or options."""


class Component(pulumi.ComponentResource):
    """A component whose children descend from it and can be changed from outside.

    :param token: Type token, ``caas:<room>:<Name>``; part of every child's URN, so it never changes.
    :param name: Name of the component; the names of its children derive from it.
    :param opts: The caller's options. They apply to the component; children inherit only what Pulumi
        itself hands down (providers, protection, transforms).
    :param transforms: Called for the component and each of its children, in order.
    """

    def __init__(
        self,
        token: str,
        name: str,
        opts: pulumi.ResourceOptions | None = None,
        transforms: Sequence[Transform] = (),
    ) -> None:
        if transforms:
            opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(transforms=list(transforms)))
        super().__init__(token, name, None, opts)

    def child(self, **options: Any) -> pulumi.ResourceOptions:
        """Options of a child: its parent, and what the component itself decides about it."""
        return pulumi.ResourceOptions(parent=self, **options)

    def finish(self, outputs: Mapping[str, Any]) -> None:
        """Register the outputs: the last line of every constructor."""
        self.register_outputs(dict(outputs))
