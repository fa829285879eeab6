"""Rules about the pipeline's identity: what each CI system's tokens can say. Pure generators of findings."""

from __future__ import annotations

from collections.abc import Iterator

from components.spec.environment import Registry, Settings, Tier
from components.spec.errors import Finding, Path, Shown
from components.spec.merge import Placed
from components.spec.pipeline import Pipeline

JENKINS_SUFFIX = "/oidc"
"""What the plug-in OpenID Connect Provider appends to Jenkins' own address."""


def pipeline(
    placed: list[Placed], settings: Settings, registry: Registry | None, level: Tier | None
) -> Iterator[Finding]:
    """The pipeline is named so that one repository, and nothing beside it, is meant."""
    given = settings.pipeline
    if given is None:
        return
    yield from _repository(given)
    if given.system == "jenkins":
        yield from _jenkins(given)
    if settings.platform in ("kubernetes", "gke"):
        yield from _operators(settings)
    if given.reviews:
        yield from _reviews(placed, settings, registry, given, level)
    if given.provider == "existing" and settings.platform != "aws-ecs":
        limit = f"make where the platform is {settings.platform}: no provider is shared there"
        yield Finding(_at("provider"), given.provider, limit, "remove it")


def _operators(settings: Settings) -> Iterator[Finding]:
    """An operator watches all of a cluster: who installs it could have every right there is."""
    monitoring, logging = settings.monitoring, settings.logging
    installed = []
    if settings.platform == "kubernetes" and monitoring is not None and monitoring.operator == "install":
        installed.append("monitoring")
    if logging is not None and logging.elasticsearch is None and logging.operator == "install":
        installed.append("logging")
    for part in installed:
        limit = "existing where a pipeline applies: installing an operator takes rights over the whole cluster"
        yield Finding((part, "operator"), "install", limit, "let an administrator install it, and write existing")


def _reviews(
    placed: list[Placed], settings: Settings, registry: Registry | None, given: Pipeline, level: Tier | None
) -> Iterator[Finding]:
    """Merge requests may act where nothing else is, and only there."""
    remedy = "remove it; an administrator, or a pipeline of your own, runs `caas review`"
    if settings.platform != "kubernetes":
        yield Finding(_at("reviews"), given.reviews, f"0 where the platform is {settings.platform}: {_WIDER}", remedy)
        return
    if level is not None and level != "dev":
        yield Finding(_at("reviews"), given.reviews, f"0 in {level}: reviews are made from a stack of tier dev", remedy)
    secret = [f"a service with secrets ({one.service.name})" for one in placed if one.service.secrets]
    if registry is not None and registry.password is not None:
        secret.append("registry.password")
    for what in secret:
        limit = f"0 beside {what}: what a branch runs could read them"
        remedy = "remove it, or make reviews from another stack of tier dev, without secrets"
        yield Finding(_at("reviews"), given.reviews, limit, remedy)
    watched = settings.monitoring is not None and settings.monitoring.prometheus == "own"
    for part in [*(["monitoring"] if watched else []), *(["logging"] if settings.logging is not None else [])]:
        limit = f"0 beside caas:{part}, which each review would have as well, in a namespace of its own"
        remedy = f"remove it, or make reviews from another stack of tier dev, without caas:{part}"
        yield Finding(_at("reviews"), given.reviews, limit, remedy)


_WIDER = "what reviews would need there (networks, roles, groups of their own) cannot be limited to reviews"


def _repository(given: Pipeline) -> Iterator[Finding]:
    parts = given.repository.count("/") + 1
    if given.system == "github" and parts != 2:
        yield Finding(_at("repository"), given.repository, "owner/name on GitHub", "write it like team/shop")
    if given.system == "gitlab" and parts < 2:
        limit = "a project with its groups on GitLab: group/project"
        yield Finding(_at("repository"), given.repository, limit, "write it like team/shop")


def _jenkins(given: Pipeline) -> Iterator[Finding]:
    if given.issuer is None:
        limit = "required on Jenkins, which is nowhere the same"
        yield Finding(_at("issuer"), Shown.ABSENT, limit, "write it like https://jenkins.example.org/oidc")
    elif not given.issuer.endswith(JENKINS_SUFFIX):
        limit = f"Jenkins' own address and {JENKINS_SUFFIX}, as the plug-in OpenID Connect Provider writes it"
        yield Finding(_at("issuer"), given.issuer, limit, "write it like https://jenkins.example.org/oidc")
    if "/" in given.branch:
        limit = "a branch without '/' on Jenkins, which writes such names otherwise in its addresses"
        yield Finding(_at("branch"), given.branch, limit, "apply from a branch like main")
    if given.environment is not None:
        limit = "no environment on Jenkins: its tokens name none"
        yield Finding(_at("environment"), given.environment, limit, "remove it; each stack has a credential of its own")


def _at(key: str) -> Path:
    return ("pipeline", key)
