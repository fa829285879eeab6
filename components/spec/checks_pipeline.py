"""Rules about the pipeline's identity: what each CI system's tokens can say. Pure generators of findings."""

from __future__ import annotations

import re
from collections.abc import Iterator

from components.spec.environment import Registry, Settings, Tier
from components.spec.errors import Finding, Path, Shown
from components.spec.merge import Placed
from components.spec.pipeline import Pipeline, State

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
    if given.state is not None:
        yield from _state(settings, given.state)
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


STATES = {
    "aws-ecs": ("s3://", "awskms://", "s3://shop-states/team"),
    "gke": ("gs://", "gcpkms://", "gs://shop-states/team"),
    "azure-aci": ("azblob://", "azurekeyvault://", "azblob://states/team?storage_account=shopstates"),
}
"""Platform -> how the URLs of its backend and of its keys begin, and a backend."""


def _state(settings: Settings, given: State) -> Iterator[Finding]:
    """Rights can be given at the platform's own cloud, and nowhere else."""
    if settings.platform not in STATES:
        limit = f"no state where the platform is {settings.platform}: its identities are the cluster's own"
        yield Finding(_at("state"), Shown.HIDDEN, limit, "remove it; whoever owns the backend gives its rights")
        return
    begins, key_begins, like = STATES[settings.platform]
    if not given.url.startswith(begins):
        limit = f"a backend of the platform's own cloud, {begins}, where the platform is {settings.platform}"
        remedy = f"write it like {like}, or remove state and give the rights where the backend is"
        yield Finding(_at("state", "url"), given.url, limit, remedy)
    elif begins == "azblob://" and not _ACCOUNT.search(given.url):
        limit = "the storage account, which the URL's query names"
        yield Finding(_at("state", "url"), given.url, limit, f"write it like {like}")
    if given.key is not None and not given.key.startswith(key_begins):
        limit = f"a key of the platform's own cloud, {key_begins}, where the platform is {settings.platform}"
        yield Finding(_at("state", "key"), given.key, limit, "remove it, and give the rights where the key is")
    if settings.platform == "azure-aci" and given.resource_group is None:
        limit = "required on azure-aci, where a storage account's name does not say where it is"
        yield Finding(_at("state", "resourceGroup"), Shown.ABSENT, limit, "name the group of the storage account")
    if settings.platform != "azure-aci" and given.resource_group is not None:
        limit = f"nothing where the platform is {settings.platform}, which has no resource groups"
        yield Finding(_at("state", "resourceGroup"), given.resource_group, limit, "remove it")


_ACCOUNT = re.compile(r"[?&]storage_account=[a-z0-9]{3,24}(&|$)")

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


def _at(*keys: str) -> Path:
    return ("pipeline", *keys)
