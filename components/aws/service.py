"""A service on ECS: one description becomes every resource that it needs.

The documents are made in the rooms beside this one (``task.py``, ``scaling.py``, ``iam.py``, …); here they become
resources with names, parents and an order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
from pulumi_aws import ecs
from pulumi_aws.cloudwatch import LogGroup
from pulumi_aws.iam import Role, RolePolicy
from pulumi_aws.secretsmanager import Secret, SecretVersion

from components.aws import (
    autoscaling,
    firewall,
    load_balancer,
    logging,
    rollout,
    secrets,
    sizes,
    task,
    traffic,
    volumes,
)
from components.aws import monitoring as watching
from components.aws.account import (
    GROUP_LIMIT,
    ROLE_LIMIT,
    Account,
    log_group_name,
    named,
    place,
    settings,
    tags,
)
from components.aws.cluster import Cluster, capacity
from components.aws.iam import document, execution_statements, trust
from components.aws.load_balancer import LoadBalancer
from components.aws.network import Network
from components.aws.registry import repository_arns
from components.base import Component, Transform
from components.compared import stand_in
from components.secrets import configured as configured_secrets
from components.spec import defaults
from components.spec.environment import Environment
from components.spec.service import Service as ServiceSpec

INTERNAL_PORT = 80
"""Where other services of the environment call this one: ``http://<service>``."""


@dataclass(frozen=True, kw_only=True)
class ServiceArgs:
    """What a service is made of.

    :param spec: The description.
    :param environment: Where it runs.
    :param image: ``repository@sha256:…``.
    :param repository: Where the image lies, without a digest: what may be pulled.
    :param account: Key, account and region.
    :param network: Subnets, and the group of all services.
    :param cluster: What runs it.
    :param balancer: What leads the world to it. Required where the description has an ingress.
    :param monitoring: Who watches it. Required where ``aws.monitoring`` is set.
    :param log_key: With which lines are added to Elasticsearch; None where no key is asked for.
    :param secrets: Secret values by their keys in ``caas:secrets``.
    :param transforms: See :class:`components.base.Component`.
    """

    spec: ServiceSpec
    environment: Environment
    image: pulumi.Input[str]
    repository: str
    account: Account
    network: Network
    cluster: Cluster
    balancer: LoadBalancer | None = None
    monitoring: watching.Monitoring | None = None
    log_key: logging.LogKey | None = None
    secrets: Mapping[str, pulumi.Output[str]] = field(default_factory=dict, repr=False)
    transforms: Sequence[Transform] = ()


class Service(Component):
    """A running service: log, secret, two roles, security group, task definition, ECS service, and what ingress,
    scaling and persistent volumes ask for."""

    image: pulumi.Output[str]
    """The digest reference that is declared."""
    service: pulumi.Output[str]
    """Name of the ECS service, once it has rolled out."""
    task_definition: pulumi.Output[str]
    """ARN of the task definition that it runs."""
    task_role: pulumi.Output[str]
    """Name of the role that its containers have; attach policies to it."""
    security_group: pulumi.Output[str]
    """Id of its own group."""
    url: pulumi.Output[str | None]
    """Where the world calls it; None without ingress."""
    targets: list[pulumi.Output[str]]
    """Its target groups, as their metrics know them; none without ingress."""
    minimum: int
    """Instances at the least: the scaling's lower bound, or the fixed count."""
    maximum: int
    """Instances at the most: the scaling's upper bound, or the fixed count."""

    def __init__(self, name: str, args: ServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caas:aws:Service", name, opts, args.transforms)
        if args.spec.ingress is not None and args.balancer is None:
            raise ValueError(f"service {args.spec.name}: ingress needs a balancer")
        self._prefix, self._args, self._environment = name, args, args.environment
        self._spec = logging.with_router(watching.with_collector(args.spec, args.environment), args.environment)
        self._watched = watching.watched(args.spec, args.environment)
        self._place, self._tags = place(args.environment), tags(args.environment, args.spec)
        self._inside = self.child()
        self.minimum, self.maximum = defaults.instances(args.spec)

        log = self._log_group()
        kept = self._secret()
        self.security_group = firewall.declare_group(
            name, self._spec, self._environment, args.network, args.balancer, self._inside
        )
        files = volumes.declare_files(
            name, self._spec, self._environment, args.network, self.security_group, args.account.key, self._inside
        )
        execution, before = self._execution_role(log, kept)
        role, more = self._task_role(files)
        told = [args.monitoring.topic] if args.monitoring else []
        ways = traffic.declare_ways(
            name, self._spec, self._environment, args.network, args.balancer, told, self._inside
        )
        self.targets = [one.arn_suffix for one in ways.targets] if ways else []
        if args.monitoring is not None and self._watched:
            args.monitoring.rules(name, self._spec, self._inside)
        definition = self._task(execution, role, kept, files)
        service = self._service(definition, ways, [*before, *more, *(ways.before if ways else [])])
        autoscaling.declare_autoscaling(
            name, self._spec, self._environment, service.name, ways.requests_label if ways else None, self._inside
        )

        world = load_balancer.url(self._spec)
        self.service, self.task_role, self.task_definition = service.name, role.name, definition.arn
        self.image, self.url = pulumi.Output.from_input(args.image), pulumi.Output.from_input(world)
        self.finish({"image": args.image, "url": world, "service": self.service, "taskDefinition": definition.arn})

    def _named(self, *parts: str, limit: int) -> str:
        return named(self._environment, self._spec.name, *parts, limit=limit)

    def _log_group(self) -> LogGroup:
        return LogGroup(
            f"{self._prefix}-log-group",
            name=log_group_name(self._environment, "services", self._spec.name),
            retention_in_days=self._environment.log_retention,
            kms_key_id=self._args.account.key,
            tags=self._tags,
            opts=self._inside,
        )

    def _secret(self) -> secrets.Kept | None:
        """The configured secret values; none where every value is kept elsewhere already."""
        configured = configured_secrets(self._spec, self._args.secrets)
        if not configured:
            return None
        secret = Secret(
            f"{self._prefix}-secret",
            name=f"{named(self._environment)}/{self._spec.name}",
            description=f"Variables of service {self._spec.name}",
            kms_key_id=self._args.account.key,
            recovery_window_in_days=secrets.RECOVERY[self._environment.tier],
            tags=self._tags,
            opts=self._inside,
        )
        version = SecretVersion(
            f"{self._prefix}-secret-version",
            secret_id=secret.id,
            secret_string=secrets.rendered(configured),
            opts=self._inside,
        )
        return secrets.Kept(stand_in(secret.arn, "arn:of-the-secret"), stand_in(version.version_id, "version"))

    def _role(self, kind: str) -> Role:
        return Role(
            f"{self._prefix}-{kind}-role",
            name=self._named(kind, limit=ROLE_LIMIT),
            assume_role_policy=document(trust("ecs-tasks.amazonaws.com", self._place, "ecs")),
            tags=self._tags,
            opts=self._inside,
        )

    def _execution_role(self, log: LogGroup, kept: secrets.Kept | None) -> tuple[Role, list[pulumi.Resource]]:
        """What starts the containers; the containers themselves never have it."""
        role = self._role("execution")
        existing, parameters = secrets.references(self._spec)
        held = [kept, self._args.log_key.kept if self._args.log_key else None]
        images = [self._args.repository, *(one.image for one in self._spec.sidecars.values())]
        policy = RolePolicy(
            f"{self._prefix}-execution-policy",
            role=role.name,
            policy=document(
                *execution_statements(
                    self._place,
                    log_group_name(self._environment, "services", self._spec.name),
                    repository_arns(images),
                    [*(one.arn for one in held if one is not None), *existing],
                    parameters,
                    self._args.account.key,
                )
            ),
            opts=self._inside,
        )
        return role, [policy, log]

    def _task_role(self, files: volumes.Files | None) -> tuple[Role, list[pulumi.Resource]]:
        """What the containers themselves are: nobody, but for their own files and what the collector writes."""
        role = self._role("task")
        watch = self._args.monitoring if self._watched else None
        statements = [
            *(files.statements(self._spec) if files else []),
            *(watch.write_statements() if watch else []),
        ]
        if not statements:
            return role, []
        policy = RolePolicy(
            f"{self._prefix}-task-policy", role=role.name, policy=document(*statements), opts=self._inside
        )
        if files is None:
            return role, [policy]
        return role, [policy, volumes.restrict(self._prefix, files, self._spec, role.arn, self._inside), *files.mounts]

    def _task(
        self, execution: Role, role: Role, kept: secrets.Kept | None, files: volumes.Files | None
    ) -> ecs.TaskDefinition:
        size = sizes.cheapest(*sizes.total(self._spec))
        group = log_group_name(self._environment, "services", self._spec.name)
        sources = secrets.sources(self._spec, kept)
        storage = sizes.storage(self._spec)
        containers = task.containers(self._spec, self._args.image, sources, group, self._place.region)
        if self._args.monitoring is not None:
            containers = self._args.monitoring.directed(containers)
        log_key = self._args.log_key
        containers = logging.directed(containers, self._args.image, log_key.kept if log_key else None)
        return ecs.TaskDefinition(
            f"{self._prefix}-task",
            family=self._named(limit=GROUP_LIMIT),
            requires_compatibilities=["FARGATE"],
            network_mode="awsvpc",
            cpu=str(size.cpu),
            memory=str(size.memory),
            runtime_platform={
                "operating_system_family": "LINUX",
                "cpu_architecture": task.ARCHITECTURES[settings(self._environment).architecture],
            },
            ephemeral_storage={"size_in_gib": storage + 1} if storage >= sizes.FREE_STORAGE else None,
            execution_role_arn=execution.arn,
            task_role_arn=role.arn,
            container_definitions=pulumi.Output.json_dumps(containers),
            volumes=volumes.volumes(self._spec, files) or None,
            tags=self._tags,
            opts=self._inside,
        )

    def _service(
        self, definition: ecs.TaskDefinition, ways: traffic.Ways | None, before: Sequence[pulumi.Resource]
    ) -> ecs.Service:
        spec, network = self._spec, self._args.network
        limit = f"{rollout.wait_limit(spec.rollout)}s"
        return ecs.Service(
            f"{self._prefix}-service",
            name=spec.name,
            cluster=self._args.cluster.arn,
            task_definition=definition.arn,
            desired_count=self.minimum,
            capacity_provider_strategies=capacity(self._environment),
            platform_version="LATEST",
            network_configuration={
                "subnets": network.private_subnets,
                "security_groups": [self.security_group, network.members],
                "assign_public_ip": False,
            },
            load_balancers=[ways.attachment(spec)] if ways else None,
            health_check_grace_period_seconds=rollout.grace(spec) if ways else None,
            service_connect_configuration={
                "enabled": True,
                "namespace": self._args.cluster.namespace,
                "services": [
                    {
                        "port_name": task.PORT_NAME,
                        "discovery_name": spec.name,
                        "client_alias": [{"dns_name": spec.name, "port": INTERNAL_PORT}],
                    }
                ],
            },
            enable_execute_command=False,
            enable_ecs_managed_tags=True,
            propagate_tags="SERVICE",
            tags=self._tags,
            opts=self.child(
                depends_on=list(before),
                # Where load decides the count, an update must not reset what it has chosen.
                ignore_changes=["desiredCount"] if spec.scaling is not None else None,
                custom_timeouts=pulumi.CustomTimeouts(create=limit, update=limit, delete=limit),
            ),
            **rollout.deployment(spec.rollout, ways.alarms if ways else (), ways.caller if ways else None),
        )
