"""Rules of the platform aws-ecs: what AWS limits, and how the settings go with the services.

Pure generators of findings. What the platform cannot do at all stands in the capability table.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from components.aws import schedules, sizes
from components.spec import checks_aws_existing, defaults
from components.spec.aws import Aws
from components.spec.checks import only_one
from components.spec.environment import Registry, Settings, Tier
from components.spec.errors import NAMESPACE, Finding, Shown
from components.spec.merge import Placed

ECR = re.compile(r"^([0-9]{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:/(.+?))?(?:@.*)?$")
"""account, region, and path of an address or an image in ECR."""

_SECRET = re.compile(
    r"^arn:aws[a-z-]*:(?:secretsmanager:([a-z0-9-]+):[0-9]{12}:secret:|ssm:([a-z0-9-]+):[0-9]{12}:parameter/).+$"
)
_FUNCTION = re.compile(r"^arn:aws[a-z-]*:lambda:([a-z0-9-]+):[0-9]{12}:function:[A-Za-z0-9_:-]+$")
_CERTIFICATE = re.compile(r"^arn:aws[a-z-]*:acm:([a-z0-9-]+):[0-9]{12}:certificate/.+$")

RETENTIONS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
"""Days for which CloudWatch keeps logs; it takes no others."""

LONGEST_STOP = 120
"""Seconds between the stop signal and the kill on Fargate."""

DEEPEST_PATH = 9
"""Segments of an ingress path: the load balancer's rules are ordered by them."""

MOST_RULES = 100
"""Rules of one listener: the quota that AWS begins with."""


def environment(
    placed: list[Placed], settings: Settings, stack: str, level: Tier | None, registry: Registry | None
) -> Iterator[Finding]:
    """Every rule of this module. `registry` is None where it is wrong already."""
    aws = settings.aws
    if aws is None:
        remedy = f"pulumi config set --path '{NAMESPACE}:aws.region' eu-central-1 --stack {stack}"
        yield Finding(("aws",), Shown.ABSENT, "required where the platform is aws-ecs", remedy, stack=True)
        return
    yield from _registry(aws, registry)
    yield from _network(aws)
    yield from _settings(aws, settings, level)
    yield from _certificates(placed, aws, settings)
    yield from checks_aws_existing.named(placed, aws, account(aws, settings.registry))
    yield from checks_aws_existing.cache(placed, aws, registry)
    for one in placed:
        for rule in (_size, _times, _probes, _scaling, _strategy, _path):
            yield from rule(one)
        yield from _images(one, aws)
        yield from _references(one, aws)
        yield from _hooks(one, aws)
        yield from _egress(one, aws)
    if sum(one.service.ingress is not None for one in placed) > MOST_RULES:
        limit = f"at most {MOST_RULES} services with ingress: a listener takes no more rules"
        yield Finding(("services",), Shown.HIDDEN, limit, "split them over two stacks")


def account(aws: Aws, registry: Registry) -> str:
    """The account that is deployed to: the one that is named, or the registry's."""
    match = ECR.match(registry.address)
    return aws.account or (match[1] if match else "")


def _registry(aws: Aws, registry: Registry | None) -> Iterator[Finding]:
    if registry is None:
        return
    match = ECR.match(registry.address)
    if match is None:
        limit = "an address in ECR on platform aws-ecs: <account>.dkr.ecr.<region>.amazonaws.com[/path]"
        remedy = f"write it like 123456789012.dkr.ecr.{aws.region}.amazonaws.com/team"
        yield Finding(("registry", "address"), registry.address, limit, remedy)
    elif match[2] != aws.region:
        limit = f"a registry in the region of the services, {aws.region}: VPC endpoints do not reach others"
        yield Finding(("registry", "address"), registry.address, limit, f"write {aws.region} instead of {match[2]}")
    elif aws.account is not None and match[1] != aws.account and aws.repositories == "make":
        limit = f"the registry's account, {match[1]}, where repositories are made"
        remedy = f'set {NAMESPACE}:aws.repositories to existing, or the account to "{match[1]}"'
        yield Finding(("aws", "account"), aws.account, limit, remedy)


def _network(aws: Aws) -> Iterator[Finding]:
    if aws.vpc is not None:
        # Subnets that are found by tags are looked for in each zone.
        keys = ("cidr", "nat") if aws.vpc.tags else ("cidr", "zones", "nat")
        yield from only_one("aws", aws, "vpc", keys, "vpc names a network that exists, {key} describes a new one")
        yield from checks_aws_existing.network(aws.vpc)
        if aws.vpc.id is not None:
            yield from checks_aws_existing.subnets(aws.vpc)
        yield from checks_aws_existing.endpoints(aws.vpc)
    yield from _zones(aws)
    if aws.vpc is None:
        yield from _cidr(aws)


def _zones(aws: Aws) -> Iterator[Finding]:
    for index, zone in enumerate(aws.zones):
        if zone[:-1] != aws.region:
            limit = f"a zone of the region {aws.region}"
            yield Finding(("aws", "zones", index), zone, limit, f"write it like {aws.region}{zone[-1]}")
    if aws.zones and not (len(aws.zones) in (2, 3) and len(set(aws.zones)) == len(aws.zones)):
        limit = f"2 or 3 different zones; these are {', '.join(aws.zones)}"
        yield Finding(("aws", "zones"), Shown.HIDDEN, limit, "name 2 or 3, or remove it to get a, b and c")


def _cidr(aws: Aws) -> Iterator[Finding]:
    try:
        network = ipaddress.IPv4Network(aws.cidr)
    except ValueError:
        network = None
    if network is None or not network.is_private or not 16 <= network.prefixlen <= 22:
        limit = "a private range of IPv4 addresses from /16 to /22 whose bits after the prefix are zero"
        yield Finding(("aws", "cidr"), aws.cidr, limit, "write it like 10.20.0.0/16")


def _settings(aws: Aws, settings: Settings, level: Tier | None) -> Iterator[Finding]:
    if aws.spot and level == "prod":
        limit = "0 in prod: AWS takes a spot instance away at two minutes' notice"
        yield Finding(("aws", "spot"), aws.spot, limit, "remove it")
    for key, arn in (("certificate", aws.certificate), ("kmsKey", aws.kms_key)):
        if arn is not None and arn.split(":")[3] != aws.region:
            limit = f"an ARN in the region {aws.region}; this is in {arn.split(':')[3]}"
            yield Finding(("aws", key), arn, limit, f"name one in {aws.region}")
    kept = settings.log_retention
    if kept is not None and kept not in RETENTIONS:
        longer = next(days for days in RETENTIONS if days > kept)
        limit = f"a number of days that CloudWatch offers: {', '.join(map(str, RETENTIONS))}"
        yield Finding(("logRetention",), kept, limit, f"write {longer}, the next longer one")


def _certificates(placed: list[Placed], aws: Aws, settings: Settings) -> Iterator[Finding]:
    bare, hosts = [], set()
    for one in placed:
        ingress = one.service.ingress
        if ingress is None or not ingress.tls:
            continue
        if ingress.tls_secret is None:
            bare.append(one.service.name)
            hosts.add(defaults.host(one.service, settings.domain) or "")
        elif (match := _CERTIFICATE.match(ingress.tls_secret)) is None or match[1] != aws.region:
            limit = f"the ARN of a certificate in AWS Certificate Manager in {aws.region}, on platform aws-ecs"
            remedy = f"write it like arn:aws:acm:{aws.region}:ACCOUNT:certificate/ID, or remove it"
            yield Finding(one.path("ingress", "tlsSecret"), ingress.tls_secret, limit, remedy)
    if not bare or aws.certificate is not None or aws.load_balancer is not None:
        return
    if aws.zone is not None:
        yield from checks_aws_existing.certificate(sorted(hosts))
    else:
        limit = f"required where services have ingress with TLS ({', '.join(bare)})"
        remedy = (
            f"ask AWS Certificate Manager for one in {aws.region} and write its ARN here, or set {NAMESPACE}:aws.zone"
        )
        yield Finding(("aws", "certificate"), Shown.ABSENT, limit, remedy, stack=True)


def _size(placed: Placed) -> Iterator[Finding]:
    cpu, memory = sizes.total(placed.service)
    try:
        sizes.cheapest(cpu, memory)
    except sizes.NoSizeError:
        near = " or ".join(map(str, sizes.nearest(cpu, memory)))
        limit = (
            "containers that together fit a size of Fargate; with sidecars and proxy these need "
            f"{cpu / sizes.UNITS:g} vCPU with {memory} MiB"
        )
        key, value = ("cpu", placed.service.cpu) if cpu > sizes.SIZES[-1].cpu else ("memory", placed.service.memory)
        yield Finding(placed.path(key), value, limit, f"lower cpu or memory; the nearest sizes are {near}")
    if sizes.storage(placed.service) > sizes.LARGEST_STORAGE:
        limit = f"scratch volumes of at most {sizes.LARGEST_STORAGE} GiB together"
        yield Finding(placed.path("volumes"), Shown.HIDDEN, limit, "lower their size, or make one persistent")


def _times(placed: Placed) -> Iterator[Finding]:
    rollout = placed.service.rollout
    if rollout.stop_timeout > LONGEST_STOP:
        limit = f"at most {LONGEST_STOP} s on platform aws-ecs"
        yield Finding(placed.path("rollout", "stopTimeout"), rollout.stop_timeout, limit, f"write {LONGEST_STOP}")


def _probes(placed: Placed) -> Iterator[Finding]:
    """The load balancer asks for readiness, the container's own command for liveness."""
    spec = placed.service
    if spec.ingress is None and not spec.health.command:
        limit = "a command where the service has no ingress: without a load balancer nothing else asks for its health"
        yield Finding(placed.path("health", "command"), Shown.ABSENT, limit, "add `command: [/app, healthcheck]`")
    if spec.ingress is not None:
        probe = defaults.probe(spec, "readiness")
        bounds = (("interval", probe.interval, 5, 300), ("timeout", probe.timeout, 2, 120))
        for key, value, low, high in (*bounds, ("failures", probe.failures, 2, 10)):
            if not low <= value <= high:
                limit = f"{low} to {high} on platform aws-ecs: the load balancer asks"
                yield Finding(placed.path("health", "readiness", key), value, limit, f"write {low} to {high}")
    if spec.health.command:
        probe = defaults.probe(spec, "liveness")
        bounds = (("interval", probe.interval, 5, 300), ("timeout", probe.timeout, 2, 60))
        for key, value, low, high in (*bounds, ("failures", probe.failures, 1, 10)):
            if not low <= value <= high:
                limit = f"{low} to {high} on platform aws-ecs: the container's health check asks"
                yield Finding(placed.path("health", "liveness", key), value, limit, f"write {low} to {high}")


def _scaling(placed: Placed) -> Iterator[Finding]:
    scaling = placed.service.scaling
    if scaling is None:
        return
    if scaling.requests is not None and placed.service.ingress is None:
        limit = "requests where the service has ingress: the load balancer counts them"
        yield Finding(placed.path("scaling", "requests"), scaling.requests, limit, "use scaling.cpu")
    for index, schedule in enumerate(scaling.schedules):
        if len(schedule.cron.split()) == 5 and schedules.both_days(schedule.cron):
            limit = "a day of the month or a day of the week on platform aws-ecs, not both"
            place = placed.path("scaling", "schedules", index, "cron")
            yield Finding(place, schedule.cron, limit, "write * for one of the two, or two schedules")


SMALLEST_STEP = 3
"""Percent of a linear step: ECS moves no less."""


def _strategy(placed: Placed) -> Iterator[Finding]:
    """Traffic is moved by the load balancer's rule, between two target groups."""
    spec, strategy = placed.service, placed.service.rollout.strategy
    if strategy == "rolling":
        return
    if spec.ingress is None:
        limit = f"ingress where the strategy is {strategy}: the load balancer moves the traffic"
        yield Finding(placed.path("rollout", "strategy"), strategy, limit, "use rollout.strategy rolling")
    if spec.scaling is not None and spec.scaling.requests is not None:
        limit = f"no scaling on requests where the strategy is {strategy}: they are counted for one target group of two"
        yield Finding(placed.path("scaling", "requests"), spec.scaling.requests, limit, "use scaling.cpu")
    if strategy == "linear" and defaults.step(spec.rollout)[0] < SMALLEST_STEP:
        limit = f"at least {SMALLEST_STEP} percent on platform aws-ecs"
        path = placed.path("rollout", "step", "percent")
        yield Finding(path, defaults.step(spec.rollout)[0], limit, f"write {SMALLEST_STEP} or more")


def _hooks(placed: Placed, aws: Aws) -> Iterator[Finding]:
    for index, hook in enumerate(placed.service.rollout.hooks):
        match = _FUNCTION.match(hook.function) if hook.function is not None else None
        if hook.function is not None and (match is None or match[1] != aws.region):
            limit = f"the ARN of a Lambda function in {aws.region}"
            remedy = f"write it like arn:aws:lambda:{aws.region}:ACCOUNT:function:NAME"
            yield Finding(placed.path("rollout", "hooks", index, "function"), hook.function, limit, remedy)


def _path(placed: Placed) -> Iterator[Finding]:
    ingress = placed.service.ingress
    if ingress is not None and len(ingress.path.strip("/").split("/")) > DEEPEST_PATH:
        limit = f"at most {DEEPEST_PATH} segments on platform aws-ecs"
        yield Finding(placed.path("ingress", "path"), ingress.path, limit, "shorten the path")


def _images(placed: Placed, aws: Aws) -> Iterator[Finding]:
    spec = placed.service
    wanted = f"linux/{aws.architecture}"
    if spec.build is not None and spec.build.platforms and wanted not in spec.build.platforms:
        limit = f"{wanted} among the platforms: caas:aws.architecture is {aws.architecture}"
        yield Finding(placed.path("build", "platforms"), Shown.HIDDEN, limit, f"add {wanted}, or remove platforms")
    if aws.vpc is not None and aws.vpc.endpoint_group is None:
        return  # HTTPS is open to anywhere, so any registry can be reached
    images = [(("image",), spec.image), *((("sidecars", key, "image"), s.image) for key, s in spec.sidecars.items())]
    for path, image in images:
        match = ECR.match(image) if image is not None else None
        if image is not None and (match is None or match[2] != aws.region):
            limit = f"an image in ECR in {aws.region}: the services reach no other registry"
            yield Finding(placed.path(*path), image, limit, "copy it there, or use an ECR pull-through cache")


def _references(placed: Placed, aws: Aws) -> Iterator[Finding]:
    for name, source in placed.service.secrets.items():
        if source.reference is None:
            continue
        match = _SECRET.match(source.reference)
        if match is None or (match[1] or match[2]) != aws.region:
            limit = f"the ARN of a secret in Secrets Manager or of a parameter in Parameter Store in {aws.region}"
            remedy = f"write it like arn:aws:secretsmanager:{aws.region}:ACCOUNT:secret:NAME"
            yield Finding(placed.path("secrets", name, "reference"), Shown.HIDDEN, limit, remedy)


def _egress(placed: Placed, aws: Aws) -> Iterator[Finding]:
    if aws.vpc is not None or aws.nat != "none":
        return
    for index, egress in enumerate(placed.service.egress):
        try:
            network = ipaddress.ip_network(egress.cidr)
        except ValueError:
            continue  # said by the rules of the service
        if not network.is_private:
            limit = f"addresses inside the network, since {NAMESPACE}:aws.nat is none"
            remedy = f"set {NAMESPACE}:aws.nat to single, or to zone in prod"
            yield Finding(placed.path("egress", index, "cidr"), egress.cidr, limit, remedy)
