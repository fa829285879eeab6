"""Wrong configurations of the platform aws-ecs."""

from __future__ import annotations

from typing import Any

from tests.spec.wrong_case import DEV, DIGEST, REMOVE, Case, O, S

REGION = "eu-central-1"
REGISTRY = f"123456789012.dkr.ecr.{REGION}.amazonaws.com/team"
CERTIFICATE = f"arn:aws:acm:{REGION}:123456789012:certificate/1-2"
SUBNETS = [f"subnet-0aaaaaaaaaaaaaaa{index}" for index in range(4)]
AWS: dict[str, Any] = {
    "platform": "aws-ecs",
    "registry.address": REGISTRY,
    "aws.region": REGION,
    "aws.certificate": CERTIFICATE,
}
VPC: dict[str, Any] = {
    "aws.vpc.id": "vpc-0123456789abcdef0",
    "aws.vpc.privateSubnets": SUBNETS[:2],
    "aws.vpc.publicSubnets": SUBNETS[2:],
}
TAGS: dict[str, Any] = {
    "aws.vpc.tags": {"Name": "shared"},
    "aws.vpc.privateTags": {"reach": "private"},
    "aws.vpc.publicTags": {"reach": "public"},
}
ELB = f"arn:aws:elasticloadbalancing:{REGION}:123456789012"
BALANCER: dict[str, Any] = {
    "aws.certificate": None,
    "aws.loadBalancer.arn": f"{ELB}:loadbalancer/app/shared/0123456789abcdef",
    "aws.loadBalancer.listener": f"{ELB}:listener/app/shared/0123456789abcdef/0123456789abcdef",
    "aws.loadBalancer.securityGroup": "sg-0123456789abcdef0",
}
GROUP, LIST = "sg-0123456789abcdef0", "pl-0123456789abcdef0"


def setting(id: str, key: str, limit: str, remedy: str, changes: dict[str, Any], **more: Any) -> Case:
    """A correct environment on AWS with a change of its settings."""
    more.setdefault("line", key.rsplit(".", 1)[-1].split("[")[0])
    more.setdefault("file", f"Pulumi.{more.get('stack', 'dev')}.yaml")
    return Case(f"aws-{id}", key, limit, remedy, settings={**AWS, **changes}, **more)


def service(id: str, key: str, limit: str, remedy: str, changes: dict[str, Any], **more: Any) -> Case:
    """A correct environment on AWS with a change of its service."""
    more.setdefault("line", key.rsplit(".", 1)[-1].split("[")[0])
    settings = {**AWS, **more.pop("settings", {})}
    return Case(f"aws-{id}", f"{S}.{key}", limit, remedy, service=changes, settings=settings, **more)


SETTINGS_OF_AWS = [
    Case(
        "aws-settings-missing",
        "aws",
        "required where the platform is aws-ecs",
        "caas:aws.region",
        settings={"platform": "aws-ecs", "registry.address": REGISTRY},
        file=DEV,
    ),
    setting("region", "aws.region", "an AWS region", "eu-central-1", {"aws.region": "Frankfurt"}),
    setting("account", "aws.account", "twelve digits", "in quotes", {"aws.account": "4711"}),
    setting(
        "registry-elsewhere",
        "registry.address",
        "an address in ECR",
        f"123456789012.dkr.ecr.{REGION}.amazonaws.com",
        {"registry.address": "registry.example.org/team"},
    ),
    setting(
        "registry-in-another-region",
        "registry.address",
        f"in the region of the services, {REGION}",
        "instead of us-east-1",
        {"registry.address": "123456789012.dkr.ecr.us-east-1.amazonaws.com"},
    ),
    setting(
        "registry-of-another-account",
        "aws.account",
        "the registry's account, 123456789012",
        "aws.repositories to existing",
        {"aws.account": "210987654321"},
    ),
    setting(
        "vpc-and-cidr",
        "aws.cidr",
        "only one of vpc and cidr",
        "remove cidr, or remove vpc",
        {**VPC, "aws.cidr": "10.1.0.0/16"},
    ),
    setting("vpc-and-nat", "aws.nat", "only one of vpc and nat", "remove nat", {**VPC, "aws.nat": "single"}),
    setting("vpc-and-zones", "aws.zones", "only one of vpc and zones", "remove zones", {**VPC, "aws.zones": []}),
    setting(
        "one-subnet",
        "aws.vpc.privateSubnets",
        "2 or 3 different subnets",
        "one in each of 2 or 3 zones",
        {**VPC, "aws.vpc.privateSubnets": SUBNETS[:1]},
    ),
    setting(
        "private-is-public",
        "aws.vpc.privateSubnets",
        f"{SUBNETS[2]} stands in publicSubnets too",
        "from one of the two",
        {**VPC, "aws.vpc.privateSubnets": SUBNETS[1:3]},
    ),
    setting(
        "endpoints-without-storage",
        "aws.vpc.endpointGroup",
        "s3PrefixList is missing",
        "add s3PrefixList",
        {**VPC, "aws.vpc.endpointGroup": GROUP},
    ),
    setting(
        "storage-without-endpoints",
        "aws.vpc.s3PrefixList",
        "endpointGroup is missing",
        "add endpointGroup",
        {**VPC, "aws.vpc.s3PrefixList": LIST},
    ),
    setting("vpc-id", "aws.vpc.id", "the id of a VPC", "vpc-0", {**VPC, "aws.vpc.id": "main"}),
    setting("zone", "aws.zones[1]", "an availability zone", "1a", {"aws.zones": ["eu-central-1a", "b"]}, line=' "b"'),
    setting(
        "zone-of-another-region",
        "aws.zones[1]",
        f"a zone of the region {REGION}",
        "eu-central-1b",
        {"aws.zones": ["eu-central-1a", "us-east-1b"]},
        line="us-east-1b",
    ),
    setting("one-zone", "aws.zones", "2 or 3 different zones", "a, b and c", {"aws.zones": ["eu-central-1a"]}),
    setting("zone-twice", "aws.zones", "2 or 3 different zones", "name 2 or 3", {"aws.zones": ["eu-central-1a"] * 2}),
    setting("public-range", "aws.cidr", "a private range", "10.20.0.0/16", {"aws.cidr": "8.8.0.0/16"}),
    setting("range-too-small", "aws.cidr", "from /16 to /22", "10.20.0.0/16", {"aws.cidr": "10.0.0.0/24"}),
    setting("spot-in-prod", "aws.spot", "0 in prod", "remove it", {"aws.spot": 10}, stack="prod"),
    setting(
        "certificate-missing",
        "aws.certificate",
        "TLS (hello)",
        "AWS Certificate Manager",
        {"aws.certificate": None},
    ),
    setting(
        "certificate-of-another-region",
        "aws.certificate",
        f"an ARN in the region {REGION}; this is in us-east-1",
        f"one in {REGION}",
        {"aws.certificate": CERTIFICATE.replace(REGION, "us-east-1")},
    ),
    setting("key-alias", "aws.kmsKey", "not of an alias", "key/ID", {"aws.kmsKey": "alias/main"}),
    setting(
        "key-of-another-region",
        "aws.kmsKey",
        f"an ARN in the region {REGION}",
        f"one in {REGION}",
        {"aws.kmsKey": "arn:aws:kms:us-east-1:123456789012:key/1"},
    ),
    setting("retention", "logRetention", "days that CloudWatch offers", "write 60", {"logRetention": 45}),
]

SERVICES_ON_AWS = [
    service(
        "strategy-without-ingress",
        "rollout.strategy",
        "ingress where the strategy is canary",
        "rollout.strategy rolling",
        {"rollout.strategy": "canary", "ingress": REMOVE, "health.command": ["/app", "ok"]},
    ),
    service(
        "strategy-with-requests",
        "scaling.requests",
        "no scaling on requests",
        "use scaling.cpu",
        {"rollout.strategy": "blue-green", "scaling.requests": 100},
    ),
    service(
        "step-too-small",
        "rollout.step.percent",
        "at least 3 percent",
        "write 3 or more",
        {"rollout.strategy": "linear", "rollout.step.percent": 2},
    ),
    service(
        "hook-of-another-region",
        "rollout.hooks[0].function",
        f"Lambda function in {REGION}",
        f"arn:aws:lambda:{REGION}",
        {
            "rollout.strategy": "canary",
            "rollout.hooks": [
                {"stage": "after-scale-up", "function": "arn:aws:lambda:us-east-1:123456789012:function:f"}
            ],
        },
    ),
    service(
        "hook-with-nobody-to-ask",
        "rollout.hooks[0]",
        "exactly one of function and pause",
        "add one",
        {"rollout.strategy": "canary", "rollout.hooks": [{"stage": "after-scale-up"}]},
        line="{",
    ),
    service(
        "pause-while-traffic-moves",
        "rollout.hooks[0].stage",
        "nothing can wait",
        "write after-production-traffic",
        {"rollout.strategy": "canary", "rollout.hooks": [{"stage": "production-traffic", "pause": 60}]},
    ),
    service(
        "step-of-a-rolling-update",
        "rollout.step",
        "the strategy is canary or linear",
        "remove step",
        {"rollout.step.percent": 10},
    ),
    service("bake-of-a-rolling-update", "rollout.bake", "keeps no old version", "remove bake", {"rollout.bake": 5}),
    service(
        "hook-of-a-rolling-update",
        "rollout.hooks",
        "keeps no old version",
        "remove hooks",
        {"rollout.hooks": [{"stage": "after-scale-up", "pause": 60}]},
    ),
    service("min-ready", "rollout.minReady", "does not offer", "readiness path", {"rollout.minReady": 5}),
    service("too-large", "memory", "a size of Fargate", "16 vCPU with 122880 MiB", {"memory": 200000}),
    service("too-many-vcpu", "cpu", "a size of Fargate", "the nearest sizes are", {"cpu": 17}),
    Case(
        "aws-too-large-in-an-override",
        f"{O}.memory",
        "a size of Fargate",
        "the nearest sizes",
        settings={**AWS, f"{O}.memory": 200000},
        file=DEV,
        line="memory",
    ),
    service("stop-timeout", "rollout.stopTimeout", "at most 120 s", "write 120", {"rollout.stopTimeout": 121}),
    service(
        "scratch",
        "volumes",
        "at most 200 GiB together",
        "lower their size",
        {f"volumes.v{index}": {"path": f"/v{index}", "size": 65536} for index in range(4)},
    ),
    service(
        "probe-interval",
        "health.readiness.interval",
        "5 to 300 on platform aws-ecs",
        "write 5 to 300",
        {"health.readiness.interval": 4, "health.readiness.timeout": 2},
    ),
    service(
        "probe-failures",
        "health.readiness.failures",
        "2 to 10 on platform aws-ecs",
        "write 2 to 10",
        {"health.readiness.failures": 1},
    ),
    service(
        "liveness-failures",
        "health.liveness.failures",
        "the container's health check asks",
        "write 1 to 10",
        {"health.command": ["/app", "ok"], "health.liveness.failures": 11},
    ),
    service(
        "no-health",
        "health.command",
        "without a load balancer nothing else asks",
        "healthcheck",
        {"ingress": REMOVE},
        settings={"aws.certificate": None},
        line="health",
    ),
    service(
        "requests-without-ingress",
        "scaling.requests",
        "the load balancer counts them",
        "scaling.cpu",
        {"ingress": REMOVE, "health.command": ["/app", "ok"], "scaling.requests": 100},
    ),
    service(
        "two-kinds-of-days",
        "scaling.schedules[0].cron",
        "not both",
        "* for one of the two",
        {"scaling.schedules": [{"cron": "0 6 1 * 1", "minimum": 3, "maximum": 6}]},
    ),
    service("deep-path", "ingress.path", "at most 9 segments", "shorten", {"ingress.path": "/a/b/c/d/e/f/g/h/i/j"}),
    service(
        "certificate-of-a-service",
        "ingress.tlsSecret",
        "the ARN of a certificate",
        f"arn:aws:acm:{REGION}",
        {"ingress.tlsSecret": "wildcard"},
    ),
    service(
        "processor",
        "build.platforms",
        "linux/arm64 among the platforms",
        "add linux/arm64",
        {"build.platforms": ["linux/amd64"]},
    ),
    service(
        "image-elsewhere",
        "sidecars.proxy.image",
        f"an image in ECR in {REGION}",
        "pull-through cache",
        {"sidecars.proxy.image": f"registry.example.org/proxy@{DIGEST}"},
    ),
    service(
        "secret-of-kubernetes",
        "secrets.TOKEN.reference",
        "the ARN of a secret in Secrets Manager",
        f"arn:aws:secretsmanager:{REGION}",
        {"secrets.TOKEN.reference": "existing/token"},
    ),
    service(
        "egress-without-nat",
        "egress[0].cidr",
        "since caas:aws.nat is none",
        "caas:aws.nat to single",
        {"egress": [{"cidr": "93.184.0.0/16"}]},
    ),
    service(
        "workload-identity",
        "serviceAccountAnnotations",
        "does not offer identity at a cloud",
        "task role",
        {"serviceAccountAnnotations.role": "x"},
    ),
]
