"""Rules between the services and their environment: tier, hosts, owner, what lies on disk.

Pure generators of findings, but for `contexts`, which looks into the project's directory.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path as FilePath

from components.spec import defaults
from components.spec.environment import Settings, Tier
from components.spec.errors import NAMESPACE, Finding, Path, Shown
from components.spec.merge import Placed


def tier(placed: list[Placed], settings: Settings, stack: str, level: Tier | None) -> Iterator[Finding]:
    """What staging and prod demand, and dev does not."""
    if level is None:
        if settings.tier is None:
            limit = f"one of dev, staging, prod; the stack's name ({stack}) is none of them"
            remedy = f"pulumi config set {NAMESPACE}:tier dev --stack {stack}"
            yield Finding(("tier",), Shown.ABSENT, limit, remedy, stack=True)
        return
    if level == "dev":
        return
    for key, value, example in (
        ("owner", settings.owner, "payments-team"),
        ("costCentre", settings.cost_centre, "4711"),
    ):
        if value is None:
            limit = f"required in {level}: a tag on every resource, for whoever is called at night or pays"
            remedy = f"pulumi config set {NAMESPACE}:{key} {example} --stack {stack}"
            yield Finding((key,), Shown.ABSENT, limit, remedy, stack=True)
    for one in placed:
        yield from _instances(one, level)
        ingress = one.service.ingress
        if ingress is not None and not ingress.tls:
            limit = f"true in {level}: only dev may serve plain HTTP"
            yield Finding(
                one.path("ingress", "tls"), False, limit, "remove it, and let an override for dev turn TLS off"
            )


def _instances(placed: Placed, level: Tier) -> Iterator[Finding]:
    spec = placed.service
    least = defaults.MINIMUM_INSTANCES[level]
    limit = (
        f"at least {least} in {level}, so that the service outlives a lost {'zone' if level == 'prod' else 'instance'}"
    )
    name = spec.name
    if spec.scaling is not None and spec.scaling.minimum <= spec.scaling.maximum:
        if spec.scaling.minimum < least:
            remedy = f"set {NAMESPACE}:overrides.{name}.scaling.minimum to {least}"
            if spec.scaling.maximum < least:
                remedy += f", and maximum to {least} or more"
            yield Finding(placed.path("scaling", "minimum"), spec.scaling.minimum, limit, remedy)
        for index, schedule in enumerate(spec.scaling.schedules if level == "prod" else ()):
            if schedule.minimum < least:
                path = placed.path("scaling", "schedules", index, "minimum")
                yield Finding(path, schedule.minimum, limit, f"raise it to {least}")
    elif spec.replicas is not None and spec.scaling is None and spec.replicas < least:
        remedy = f"set {NAMESPACE}:overrides.{name}.replicas to {least}"
        yield Finding(placed.path("replicas"), spec.replicas, limit, remedy)


def freeze(settings: Settings, stack: str, level: Tier | None) -> Iterator[Finding]:
    """Whether the error budget is spent is asked of somebody, and prod never goes on in silence."""
    given = settings.gate.freeze
    if given == "off" and level == "prod":
        limit = "warn or refuse in prod: a spent error budget is never passed over in silence there"
        yield Finding(("gate", "freeze"), given, limit, "write warn, or remove it to get refuse")
    if given == "refuse" and settings.gate.prometheus is None and settings.platform != "aws-ecs":
        limit = "a freeze that can be judged: gate.prometheus says who knows the error budget"
        remedy = f"pulumi config set --path '{NAMESPACE}:gate.prometheus' http://prometheus:9090 --stack {stack}"
        yield Finding(("gate", "freeze"), given, limit, remedy)


def bake(settings: Settings, stack: str) -> Iterator[Finding]:
    """What was deployed is judged by somebody who has counted."""
    if not settings.gate.bake or settings.platform == "aws-ecs":
        return
    if settings.platform == "azure-aci":
        limit = "0 on azure-aci: nothing counts its requests yet"
        yield Finding(("gate", "bake"), settings.gate.bake, limit, "remove it")
    elif settings.gate.prometheus is None:
        limit = "a judgement that can be made: gate.prometheus says who has counted"
        remedy = f"pulumi config set --path '{NAMESPACE}:gate.prometheus' http://prometheus:9090 --stack {stack}"
        yield Finding(("gate", "bake"), settings.gate.bake, limit, remedy)


def hosts(placed: list[Placed], settings: Settings) -> Iterator[Finding]:
    """Every address is complete and belongs to one service only."""
    homeless = [one.service.name for one in placed if one.service.ingress and one.service.ingress.host is None]
    if homeless and settings.domain is None:
        limit = f"required where a service has ingress without a host ({', '.join(homeless)})"
        yield Finding(
            ("domain",), Shown.ABSENT, limit, f"pulumi config set {NAMESPACE}:domain dev.example.org", stack=True
        )
    taken: dict[tuple[str, str], str] = {}
    for one in placed:
        host, ingress = defaults.host(one.service, settings.domain), one.service.ingress
        if host is None or ingress is None:
            continue
        if len(host) > 253:
            limit = f"a host name of at most 253 characters; {one.service.name}.<domain> has {len(host)}"
            yield Finding(("domain",), Shown.HIDDEN, limit, "shorten the domain")
        address = (host, ingress.path.rstrip("/") or "/")
        if address in taken:
            key = "path" if ingress.host is None or ingress.path != "/" else "host"
            limit = f"an address of one service only; {taken[address]} answers at {host}{address[1]} already"
            value = ingress.path if key == "path" else host
            yield Finding(one.path("ingress", key), value, limit, "give one of the two another host or path")
        else:
            taken[address] = one.service.name


def contexts(placed: list[Placed], directory: FilePath | None) -> Iterator[Finding]:
    """Every build context lies inside the project and holds its Dockerfile."""
    for one in placed:
        build = one.service.build
        if build is None:
            continue
        root = FilePath("/") if directory is None else directory.resolve()
        place = one.path("build", "context")
        if not _inside(root, build.context):
            limit = "a directory inside the project, relative to Pulumi.yaml"
            yield Finding(place, build.context, limit, "move the sources into the project, and write a relative path")
        elif not _inside(root / build.context, build.dockerfile):
            limit = "a file inside the build context, relative to it"
            yield Finding(one.path("build", "dockerfile"), build.dockerfile, limit, "write a path such as Dockerfile")
        elif directory is not None:
            yield from _on_disk(one, root, place)


def _on_disk(placed: Placed, root: FilePath, place: Path) -> Iterator[Finding]:
    build = placed.service.build
    if build is None:
        return
    context = root / build.context
    if not context.is_dir():
        limit = "a directory that exists, relative to Pulumi.yaml"
        yield Finding(place, build.context, limit, "create it, or correct the path")
    elif not (context / build.dockerfile).is_file():
        limit = f"a Dockerfile that exists in {build.context}"
        yield Finding(placed.path("build", "dockerfile"), build.dockerfile, limit, "create it, or correct the path")


def _inside(root: FilePath, relative: str) -> bool:
    """Whether the path stays below the root, symbolic links included."""
    if relative.startswith("/") or "\x00" in relative:
        return False
    try:
        return (root / relative).resolve().is_relative_to(root.resolve()) and ".." not in FilePath(relative).parts
    except (OSError, RuntimeError):  # a loop of symbolic links leads nowhere
        return False
