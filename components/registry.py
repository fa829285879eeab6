"""Where images are pushed to and pulled from, when it is a plain registry that exists already.

A plain registry has nothing to create: it answers with repository names and a login. The registries
that a cloud offers are their own components, twins of this one, in the platform's room.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi

from components.base import Component, Transform
from components.spec.environment import Registry


@dataclass(frozen=True, kw_only=True)
class Login:
    """Who pushes and pulls; the password is a secret Output."""

    address: str
    username: str
    password: pulumi.Output[str] = field(repr=False)


def named_login(registry: Registry, secrets: Mapping[str, pulumi.Output[str]]) -> Login | None:
    """The login that the stack names; None where Docker's own configuration holds it.

    :param secrets: Values of ``caas:secrets``.
    """
    if registry.username is None or registry.password is None:
        return None
    host = registry.address.partition("/")[0]
    return Login(address=host, username=registry.username, password=pulumi.Output.secret(secrets[registry.password]))


@dataclass(frozen=True, kw_only=True)
class ContainerRegistryArgs:
    """What a registry is made of.

    :param spec: Address and user name.
    :param password: The value that ``spec.password`` names. Required where a user name is set.
    :param transforms: See :class:`components.base.Component`.
    """

    spec: Registry
    password: pulumi.Output[str] | None = field(default=None, repr=False)
    transforms: Sequence[Transform] = ()


class ContainerRegistry(Component):
    """A registry that exists: repository names below its address, and a login where one is set.

    Without a login, the one that Docker's own configuration holds is used: a token that rotates is then
    no part of a plan, and a saved plan stays valid.
    """

    address: pulumi.Output[str]
    """``host[:port][/path]``, without a scheme."""
    login: Login | None
    """Set only where the spec names a user."""

    def __init__(self, name: str, args: ContainerRegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caas:registry:ContainerRegistry", name, opts, args.transforms)
        self._address = args.spec.address
        self.address = pulumi.Output.from_input(args.spec.address)
        self.login = self._login(args)
        self.finish({"address": self.address})

    def repository(self, name: str) -> str:
        """``address/name``: where the images of one service live."""
        return f"{self._address}/{name}"

    def _login(self, args: ContainerRegistryArgs) -> Login | None:
        if args.spec.username is None:
            return None
        if args.password is None:
            raise ValueError(f"registry {args.spec.address}: username {args.spec.username!r} has no password")
        host = args.spec.address.partition("/")[0]
        return Login(address=host, username=args.spec.username, password=pulumi.Output.secret(args.password))
