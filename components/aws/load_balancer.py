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

from components.aws.account import BALANCER_LIMIT, GROUP_LIMIT, named, place, settings
from components.aws.iam import access_log_bucket_policy, document
from components.aws.network import ANYWHERE, Network
from components.base import Component, Transform
from components.spec.environment import Environment
from components.spec.service import Ingress, Service

TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
"""TLS 1.3 and 1.2, forward secrecy only."""

SLOTS = 5000
"""Priorities for each depth of a path; deeper paths come first."""

_DEEPEST = 9


def priorities(services: Iterable[Service]) -> dict[str, int]:
    """Service -> priority of its rule, for those with ingress.

    A longer path comes before a shorter one, since the first rule that fits wins. Within a depth the place is drawn
    from the address, so that a new service moves hardly any other: two priorities that change places would meet.
    """
    taken: set[int] = set()
    result = {}
    for service in sorted(services, key=lambda one: one.name):
        if service.ingress is None:
            continue
        segments = [part for part in service.ingress.path.split("/") if part]
        first = (_DEEPEST - min(len(segments), _DEEPEST)) * SLOTS
        slot = zlib.crc32(f"{service.ingress.host}{service.ingress.path}".encode()) % (SLOTS - 1)
        while first + slot + 1 in taken:
            slot = (slot + 1) % (SLOTS - 1)
        result[service.name] = first + slot + 1
        taken.add(result[service.name])
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
    """A public load balancer: HTTPS where services have TLS, and plain HTTP that leads there."""

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
        self._certificates = certificates(args.environment)
        self.priorities = priorities(args.environment.services)
        self.security_group = self._group(args.network)
        bucket, policy = self._log_bucket()
        balancer = self._balancer(args.network, bucket, policy)
        self.host, self.arn_suffix = balancer.dns_name, balancer.arn_suffix
        self.https = self._https(balancer) if self._certificates else None
        self.http = self._http(balancer)
        self.finish({"host": self.host, "securityGroup": self.security_group})

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
        for index, arn in enumerate(self._certificates[1:]):
            lb.ListenerCertificate(
                f"{self._prefix}-certificate-{index}",
                listener_arn=listener.arn,
                certificate_arn=arn,
                opts=self.child(),
            )
        arn_: pulumi.Output[str] = listener.arn
        return arn_

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
