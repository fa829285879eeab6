"""IAM: roles, whom they trust, what they may, and the providers of identities from outside."""

from __future__ import annotations

from typing import Any

from moto.iam import urls
from moto.iam.models import AWSManagedPolicy, IAMBackend, ManagedPolicy, OpenIDConnectProvider, Role

from sandbox.clouds.aws import tokens
from sandbox.clouds.aws.formats import ACCOUNT
from sandbox.clouds.aws.mirrored.seen import STARTED, Record, Seen, build, tags
from sandbox.clouds.core.world import GLOBAL, World

PARTITION = "aws"
"""IAM has no regions; moto keeps one for each partition."""

_OF_AWS = "arn:aws:iam::aws:policy"


def _roles(backend: Identity) -> dict[str, Role]:
    policies = backend.managed_policies
    with backend.world.open() as world:
        made = {name: _role(record["state"]) for name, record in world.all(tokens.ROLE, GLOBAL).items()}
        for record in world.all(tokens.ROLE_POLICY, GLOBAL).values():
            state = record["state"]
            made[state["role"]].policies[state["name"]] = state["policy"]
        for arn, role in _attached(world):
            made[role].managed_policies[arn] = policies[arn]
    return {role.id: role for role in made.values()}


def _role(state: Record) -> Role:
    made = build(
        Role,
        account_id=ACCOUNT,
        partition=PARTITION,
        role_id=state["uniqueId"],
        name=state["name"],
        assume_role_policy_document=state["assumeRolePolicy"],
        path=state["path"],
        permissions_boundary=state.get("permissionsBoundary"),
        description=state.get("description") or "",
        tags=tags(state),
        max_session_duration=str(int(state["maxSessionDuration"])),
    )
    made.create_date = STARTED
    return made


def _policies(backend: Identity) -> dict[str, ManagedPolicy]:
    """Those of the account, and AWS's own as far as a role has them: which there are besides, the world cannot say."""
    with backend.world.open() as world:
        made = {arn: _policy(record["state"]) for arn, record in world.all(tokens.POLICY, GLOBAL).items()}
        for arn, _ in _attached(world):
            made[arn] = made.get(arn) or _of_aws(arn)
            made[arn].attachment_count += 1
    return made


def _policy(state: Record) -> ManagedPolicy:
    listed = {one["Key"].lower(): one for one in tags(state)}
    made = build(
        ManagedPolicy,
        state["name"],
        ACCOUNT,
        PARTITION,
        description=state.get("description"),
        document=state["policy"],
        path=state["path"],
        create_date=STARTED,
        update_date=STARTED,
        tags=listed,
    )
    made.id = state["policyId"]
    return made


def _providers(backend: Identity) -> dict[str, OpenIDConnectProvider]:
    with backend.world.open() as world:
        return {arn: _provider(record["state"]) for arn, record in world.all(tokens.IDENTITY_PROVIDER, GLOBAL).items()}


def _provider(state: Record) -> OpenIDConnectProvider:
    listed = {one["Key"].lower(): one for one in tags(state)}
    made = build(
        OpenIDConnectProvider,
        ACCOUNT,
        PARTITION,
        state["url"],
        state["thumbprintLists"],
        state["clientIdLists"],
        listed,
    )
    made.create_date = STARTED
    return made


def _of_aws(arn: str) -> ManagedPolicy:
    path, _, name = arn.removeprefix(_OF_AWS).rpartition("/")
    return build(AWSManagedPolicy, name, ACCOUNT, PARTITION, path=f"{path}/", create_date=STARTED, update_date=STARTED)


def _attached(world: World) -> list[tuple[str, str]]:
    """(the policy's ARN, the role) of each attachment."""
    states = [one["state"] for one in world.all(tokens.ROLE_POLICY_ATTACHMENT, GLOBAL).values()]
    return [(state["policyArn"], state["role"]) for state in states]


class Identity(IAMBackend):
    """The world's roles, policies and identity providers."""

    roles: Any = Seen(_roles)
    managed_policies: Any = Seen(_policies)
    open_id_providers: Any = Seen(_providers)

    def __init__(self, world: World) -> None:
        self.world = world
        super().__init__(PARTITION, ACCOUNT)

    @property
    def _url_module(self) -> Any:
        return urls  # moto looks for it beside the class
