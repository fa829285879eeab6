"""The services' lines into an Elasticsearch that exists: one small container group reads them out of the workspace.

What the group does stands in ``components/logging``: ``forwarder`` asks the workspace and hands lines over,
``intake.py`` is what the Collector beside it makes of them. Here both become a group with an identity that may read one
table.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi_azure_native.authorization import RoleDefinition
from pulumi_azure_native.containerinstance import ContainerGroup
from pulumi_azure_native.managedidentity import UserAssignedIdentity

from components.azure.account import Account, assign, group_name, named, resource_id, settings, stable_uuid, tags
from components.azure.cluster import Cluster
from components.azure.conditions import matches, unless
from components.azure.containers import SECURITY
from components.azure.monitoring import COMMAND
from components.azure.network import Network
from components.azure.registry import ContainerRegistry
from components.base import Component, Transform
from components.logging import intake
from components.logging.forwarder import settings as told
from components.logging.forwarder.rows import TABLE
from components.logging.names import stream
from components.spec.environment import Environment
from components.spec.logging import FORWARDER, Logging

CONFIGURATION = "COLLECTOR_CONFIG"
"""Environment variable of the Collector: what it does."""
USER = 65532
"""Who both programs are."""
CPU, MEMORY = 0.5, 0.5
"""vCPU and GB of each of the two: together the smallest group that is sold."""

ACTIONS = ("Microsoft.OperationalInsights/workspaces/read", "Microsoft.OperationalInsights/workspaces/query/read")
"""What asking takes."""
DATA = "Microsoft.OperationalInsights/workspaces/tables/data/read"
"""What reading rows takes; which table's is the assignment's condition ("Granular RBAC in Azure Monitor")."""
NAME_OF_TABLE = "Microsoft.OperationalInsights/workspaces/tables:name"


def condition() -> str:
    """Rows of the one table only."""
    return unless(matches(DATA), f"@Resource[{NAME_OF_TABLE}] StringEquals '{TABLE}'")


@dataclass(frozen=True, kw_only=True)
class LogForwarderArgs:
    """What a forwarder is made of.

    :param environment: Where lines go is read from its ``logging`` part.
    :param account: The resource group that it stands in.
    :param registry: Where its images are pulled from.
    :param network: The subnet that it stands in.
    :param cluster: The workspace that it reads.
    :param secrets: Secret values by their keys in ``caas:secrets``.
    :param transforms: See :class:`components.base.Component`.
    """

    environment: Environment
    account: Account
    registry: ContainerRegistry
    network: Network
    cluster: Cluster
    secrets: Mapping[str, pulumi.Output[str]] = field(default_factory=dict, repr=False)
    transforms: Sequence[Transform] = ()


class LogForwarder(Component):
    """A container group of two, who it is, and the right to read the services' lines."""

    identity: pulumi.Output[str]
    """Principal that it is."""
    group: str
    """Name of the container group."""

    def __init__(self, name: str, args: LogForwarderArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caas:azure:LogForwarder", name, opts, args.transforms)
        logs = args.environment.logging
        if logs is None or logs.elasticsearch is None or logs.forwarder is None:
            raise ValueError("logging.elasticsearch and logging.forwarder are required where lines leave the workspace")
        self._prefix, self._args, self._environment, self._logs = name, args, args.environment, logs
        self._inside = self.child(depends_on=args.account.made)
        self.group = named(args.environment, FORWARDER)
        identity = UserAssignedIdentity(
            f"{name}-identity",
            resource_name_=self.group,
            resource_group_name=args.account.group,
            location=settings(args.environment).location,
            tags=tags(args.environment),
            opts=self._inside,
        )
        self.identity = identity.principal_id
        before = [args.registry.readable_by(FORWARDER, identity.principal_id), self._reader(identity)]
        self._group(identity, before)
        self.finish({"group": self.group, "identity": self.identity})

    def _reader(self, identity: UserAssignedIdentity) -> pulumi.Resource:
        """It may ask the one workspace, for rows of the one table."""
        environment = self._environment
        scope = resource_id(environment, "").partition("/providers")[0]
        role = RoleDefinition(
            f"{self._prefix}-reader",
            role_definition_id=stable_uuid(environment.project, environment.stack, FORWARDER),
            role_name=f"{self.group} reader",
            description=f"Reads the lines of the services of {named(environment)}",
            scope=scope,
            assignable_scopes=[scope],
            permissions=[
                {"actions": list(ACTIONS), "not_actions": [], "data_actions": [DATA], "not_data_actions": []},
            ],
            role_type="CustomRole",
            opts=self._inside,
        )
        made: pulumi.Resource = assign(
            f"{self._prefix}-reader-role",
            environment,
            role=role.id,
            scope=self._args.cluster.logs,
            principal=identity.principal_id,
            opts=self._inside,
            condition=condition(),
        )
        return made

    def _group(self, identity: UserAssignedIdentity, before: Sequence[pulumi.Resource]) -> None:
        args = self._args
        who = resource_id(self._environment, "Microsoft.ManagedIdentity/userAssignedIdentities", self.group)
        ContainerGroup(
            f"{self._prefix}-group",
            container_group_name=self.group,
            resource_group_name=args.account.group,
            location=settings(self._environment).location,
            sku="Standard",
            os_type="Linux",
            restart_policy="Always",
            containers=[self._collector(self._logs), self._forwarder(self._logs, identity)],
            identity={"type": "UserAssigned", "user_assigned_identities": [identity.id]},
            image_registry_credentials=[{"server": args.registry.server, "identity": who}],
            subnet_ids=[{"id": args.network.logs}],
            diagnostics={
                "log_analytics": {
                    "workspace_id": args.cluster.log_workspace,
                    "workspace_key": args.cluster.log_key,
                    "log_type": "ContainerInstanceLogs",
                }
            },
            tags={**tags(self._environment), "caas-service": FORWARDER},
            # What a group is made of can hardly be changed: it is made anew, and goes on where it was.
            opts=self.child(depends_on=[*args.account.made, *before], delete_before_replace=True),
        )

    def _collector(self, logs: Logging) -> dict[str, Any]:
        described = intake.Intake(
            environment=self._environment.stack,
            platform=self._environment.platform,
            namespace=group_name(self._environment),
            endpoint=logs.elasticsearch or "",
            credential="api-key" if logs.api_key else None,
        )
        variables = {
            CONFIGURATION: json.dumps(intake.configuration(described), sort_keys=True, separators=(",", ":")),
            "GOMEMLIMIT": f"{round(MEMORY * 1024 * 0.8)}MiB",
        }
        command = [COMMAND[0], f"--config=env:{CONFIGURATION}"]
        return {**self._container("collector", logs.agent, variables), "command": command}

    def _forwarder(self, logs: Logging, identity: UserAssignedIdentity) -> dict[str, Any]:
        environment = self._environment
        described = told.Settings(
            own=self.group,
            services=tuple(sorted(spec.name for spec in environment.services)),
            continues=intake.continues(),
            elasticsearch=logs.elasticsearch or "",
            stream=stream(environment.stack),
            platform=environment.platform,
            credential="api-key" if logs.api_key else None,
            collector=intake.PORT,
        )
        variables: dict[str, pulumi.Input[str]] = {
            told.CONFIGURATION: described.encoded(),
            told.WORKSPACE: self._args.cluster.log_workspace,
            told.CLIENT: identity.client_id,
        }
        return self._container(FORWARDER, logs.forwarder or "", variables)

    def _container(self, name: str, image: str, variables: Mapping[str, pulumi.Input[str]]) -> dict[str, Any]:
        """:param variables: In plain text; the key of Elasticsearch comes beside them, where Azure never shows it."""
        size = {"cpu": CPU, "memory_in_gb": MEMORY}
        given: list[dict[str, Any]] = [{"name": key, "value": value} for key, value in sorted(variables.items())]
        if self._logs.api_key is not None:
            given.append({"name": told.CREDENTIAL, "secure_value": self._args.secrets[self._logs.api_key]})
        return {
            "name": name,
            "image": image,
            "resources": {"requests": size, "limits": size},
            "environment_variables": given,
            "security_context": {**SECURITY, "run_as_user": USER, "run_as_group": USER},
        }
