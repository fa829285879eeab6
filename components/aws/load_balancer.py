"""The one load balancer of an environment: listeners, and the rules by which hosts and paths lead to services.

A service declares its own rule (``service.py``); in which order the rules stand is decided here, for all of them.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws import lb, s3
from pulumi_aws.ec2 import SecurityGroup
from pulumi_aws.vpc import SecurityGroupIngressRule

from components.aws import dns, waf
from components.aws.account import BALANCER_LIMIT, GROUP_LIMIT, named, place, settings
from components.aws.iam import access_log_bucket_policy, document
from components.aws.network import ANYWHERE, Network
from components.aws.rollout import shifts
from components.base import Component, Transform
from components.spec.aws import SHARE, ExistingBalancer
from components.spec.environment import Environment
from components.spec.service import Ingress, Service

TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
"""TLS 1.3 and 1.2, forward secrecy only."""

SLOTS = 2500
"""Pairs of priorities for each depth of a path; deeper paths come first."""

_DEEPEST = 9


def priorities(services: Iterable[Service], slots: int = SLOTS, offset: int = 0) -> dict[str, int]:
    """Service -> priority of its rule, for those with ingress.

    :param slots: Pairs of priorities for each depth; fewer on a listener that is shared.
    :param offset: What every priority is raised by.

    A longer path comes before a shorter one, since the first rule that fits wins. Within a depth the place is drawn
    from the address, so that a new service moves hardly any other: two priorities that change places would meet.
    Each place has two priorities, for a service's rolling rule and for the one whose weights ECS moves, so that a
    change of strategy makes the new rule before the old one goes.
    """
    taken: set[int] = set()
    result = {}
    for service in sorted(services, key=lambda one: one.name):
        if service.ingress is None:
            continue
        segments = [part for part in service.ingress.path.split("/") if part]
        first = (_DEEPEST - min(len(segments), _DEEPEST)) * slots
        slot = zlib.crc32(f"{service.ingress.host}{service.ingress.path}".encode()) % (slots - 1)
        while first + slot + 1 in taken:
            slot = (slot + 1) % (slots - 1)
        taken.add(first + slot + 1)
        result[service.name] = offset + 2 * (first + slot + 1) - (not shifts(service.rollout))
    return result


def conditions(ingress: Ingress) -> list[dict[str, Any]]:
    """What a request must have to reach the service: the host, and the path or what lies below it."""
    found: list[dict[str, Any]] = [{"host_header": {"values": [ingress.host]}}]
    path = ingress.path.rstrip("/")
    if path:
        found.append({"path_pattern": {"values": [path, f"{path}/*"]}})
    return found


def url(service: Service) -> str | None:
    """Where the world finds the service; None without ingress."""
    if service.ingress is None:
        return None
    return f"{'https' if service.ingress.tls else 'http'}://{service.ingress.host}{service.ingress.path}"


def certificates(environment: Environment) -> list[str]:
    """ARNs of the certificates to serve; the first is the listener's own. Empty where nothing has TLS."""
    own = [one.ingress for one in environment.services if one.ingress is not None and one.ingress.tls]
    named_ones = {one.tls_secret for one in own if one.tls_secret is not None}
    default = settings(environment).certificate
    return [*([default] if own and default else []), *sorted(named_ones - {default})]


@dataclass(frozen=True, kw_only=True)
class LoadBalancerArgs:
    """What a load balancer is made of.

    :param environment: Its services say which hosts, certificates and listeners there are.
    :param network: Where it stands.
    :param transforms: See :class:`components.base.Component`.
    """

    environment: Environment
    network: Network
    transforms: Sequence[Transform] = ()


class LoadBalancer(Component):
    """A public load balancer: HTTPS where services have TLS, plain HTTP that leads there, and a web ACL before it; or
    one that exists, whose listeners get rules. Either way the host names lead there, where their zone is named."""

    security_group: pulumi.Output[str]
    """Id; what services admit."""
    host: pulumi.Output[str]
    """The balancer's own name: what the services' host names must point to."""
    arn_suffix: pulumi.Output[str]
    """Part of the name by which metrics know it."""
    http: pulumi.Output[str]
    """ARN of the listener on port 80."""
    https: pulumi.Output[str] | None
    """ARN of the listener on port 443; None where no service has TLS."""
    priorities: dict[str, int]
    """Service -> priority of its rule."""

    def __init__(self, name: str, args: LoadBalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caas:aws:LoadBalancer", name, opts, args.transforms)
        self._prefix = name
        self._environment = args.environment
        self._certificates: list[pulumi.Input[str]] = [*certificates(args.environment)]
        existing = settings(args.environment).load_balancer
        if existing is not None:
            self._existing(existing)
        else:
            self._new(args)
        self.finish({"host": self.host, "securityGroup": self.security_group})

    def _existing(self, existing: ExistingBalancer) -> None:
        slots = SHARE // (2 * (_DEEPEST + 1))
        self.priorities = priorities(self._environment.services, slots, existing.priority_offset)
        found = lb.get_load_balancer_output(arn=existing.arn, opts=pulumi.InvokeOutputOptions(parent=self))
        self.host = found.dns_name
        self.arn_suffix = pulumi.Output.from_input(existing.arn.partition(":loadbalancer/")[2])
        self.security_group = pulumi.Output.from_input(existing.security_group)
        self.https = pulumi.Output.from_input(existing.listener)
        self.http = pulumi.Output.from_input(existing.http_listener or existing.listener)
        self._more_certificates(self.https, self._certificates)
        dns.declare_records(self._prefix, self._environment, self.host, found.zone_id, self.child())

    def _new(self, args: LoadBalancerArgs) -> None:
        self.priorities = priorities(args.environment.services)
        made = dns.declare_certificate(self._prefix, args.environment, self.child())
        if made is not None:
            self._certificates.insert(0, made)
        self.security_group = self._group(args.network)
        bucket, policy = self._log_bucket()
        balancer = self._balancer(args.network, bucket, policy)
        self.host, self.arn_suffix = balancer.dns_name, balancer.arn_suffix
        self.https = self._https(balancer) if self._certificates else None
        self.http = self._http(balancer)
        waf.declare(self._prefix, args.environment, balancer.arn, self.child())
        dns.declare_records(self._prefix, args.environment, balancer.dns_name, balancer.zone_id, self.child())

    def listener(self, ingress: Ingress) -> pulumi.Output[str]:
        """ARN of the listener that a service's rule belongs to."""
        return self.https if ingress.tls and self.https is not None else self.http

    def _group(self, network: Network) -> pulumi.Output[str]:
        """The only thing that the world may open a connection to. Ways to services are theirs to open."""
        group = SecurityGroup(
            f"{self._prefix}-group",
            name=named(self._environment, "balancer", limit=GROUP_LIMIT),
            description="Load balancer of the environment",
            vpc_id=network.vpc,
            opts=self.child(),
        )
        for port in (80, *([443] if self._certificates else [])):
            SecurityGroupIngressRule(
                f"{self._prefix}-in-{port}",
                security_group_id=group.id,
                description="The world",
                cidr_ipv4=ANYWHERE,
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                opts=self.child(),
            )
        identity: pulumi.Output[str] = group.id
        return identity

    def _log_bucket(self) -> tuple[pulumi.Output[str], pulumi.Resource]:
        """(name, policy) of the bucket for access logs, closed to everybody but load balancers of the account."""
        where = place(self._environment)
        name = named(self._environment, "access-logs", where.account, where.region)
        bucket = s3.Bucket(
            f"{self._prefix}-logs",
            bucket=name,
            # In dev a stack can be taken down with its logs; elsewhere they are kept until somebody empties it.
            force_destroy=self._environment.tier == "dev",
            opts=self.child(),
        )
        s3.BucketPublicAccessBlock(
            f"{self._prefix}-logs-closed",
            bucket=bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self.child(),
        )
        # The one encryption that load balancers can write to ("Access logs", Application Load Balancers guide).
        s3.BucketServerSideEncryptionConfiguration(
            f"{self._prefix}-logs-encryption",
            bucket=bucket.id,
            rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
            opts=self.child(),
        )
        s3.BucketLifecycleConfiguration(
            f"{self._prefix}-logs-lifecycle",
            bucket=bucket.id,
            rules=[
                {
                    "id": "expire",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "expiration": {"days": self._environment.log_retention},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": 1},
                }
            ],
            opts=self.child(),
        )
        policy = s3.BucketPolicy(
            f"{self._prefix}-logs-policy",
            bucket=bucket.id,
            policy=document(*access_log_bucket_policy(where, name)),
            opts=self.child(),
        )
        return bucket.id, policy

    def _balancer(self, network: Network, bucket: pulumi.Output[str], policy: pulumi.Resource) -> lb.LoadBalancer:
        return lb.LoadBalancer(
            f"{self._prefix}-balancer",
            name=named(self._environment, limit=BALANCER_LIMIT),
            load_balancer_type="application",
            internal=False,
            subnets=network.public_subnets,
            security_groups=[self.security_group],
            access_logs={"bucket": bucket, "enabled": True},
            desync_mitigation_mode="defensive",
            drop_invalid_header_fields=True,
            enable_deletion_protection=self._environment.tier == "prod",
            opts=self.child(depends_on=[policy]),
        )

    def _https(self, balancer: lb.LoadBalancer) -> pulumi.Output[str]:
        listener = lb.Listener(
            f"{self._prefix}-https",
            load_balancer_arn=balancer.arn,
            port=443,
            protocol="HTTPS",
            ssl_policy=TLS_POLICY,
            certificate_arn=self._certificates[0],
            default_actions=[_nothing_here()],
            opts=self.child(),
        )
        self._more_certificates(listener.arn, self._certificates[1:])
        arn_: pulumi.Output[str] = listener.arn
        return arn_

    def _more_certificates(self, listener: pulumi.Input[str], arns: Sequence[pulumi.Input[str]]) -> None:
        """Certificates beside the listener's own."""
        for index, arn in enumerate(arns):
            lb.ListenerCertificate(
                f"{self._prefix}-certificate-{index}",
                listener_arn=listener,
                certificate_arn=arn,
                opts=self.child(),
            )

    def _http(self, balancer: lb.LoadBalancer) -> pulumi.Output[str]:
        """Leads to HTTPS; where nothing has TLS, to nothing but the services' own rules."""
        action = _nothing_here()
        if self._certificates:
            action = {
                "type": "redirect",
                "redirect": {"port": "443", "protocol": "HTTPS", "status_code": "HTTP_301"},
            }
        listener = lb.Listener(
            f"{self._prefix}-http",
            load_balancer_arn=balancer.arn,
            port=80,
            protocol="HTTP",
            default_actions=[action],
            opts=self.child(),
        )
        arn: pulumi.Output[str] = listener.arn
        return arn


def _nothing_here() -> dict[str, Any]:
    return {
        "type": "fixed-response",
        "fixed_response": {"content_type": "text/plain", "message_body": "Not found", "status_code": "404"},
    }
