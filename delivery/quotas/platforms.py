"""Which limits count for a stack, asked one after the other. What cannot be asked is said and stops nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from components.kubernetes.metadata import namespace_name
from components.spec import Environment
from delivery.checks import Check, State
from delivery.errors import DeliveryError
from delivery.observe.kubernetes import KubernetesObserver
from delivery.quotas import gcp as google
from delivery.quotas import kubernetes
from delivery.quotas.model import NAME


def checks_in(environment: Environment) -> Iterator[Check]:
    """Every limit that could stop the services of an environment."""
    if environment.platform == "aws-ecs":
        yield from _asked(_of_aws, environment)
    elif environment.platform == "azure-aci":
        yield from _asked(_of_azure, environment)
    else:
        if environment.platform == "gke":
            yield from _asked(_of_google, environment)
        yield from _asked(_of_namespace, environment)


def _asked(look: Callable[[Environment], Iterator[Check]], environment: Environment) -> Iterator[Check]:
    try:
        yield from look(environment)
    except DeliveryError as error:
        yield Check(NAME, State.WARNING, f"cannot be asked: {error.message}", error.remedy)


def _of_aws(environment: Environment) -> Iterator[Check]:
    from delivery.quotas import aws  # here: AWS's client is slow to import, and a cluster needs none of it

    yield from (quota.check() for quota in aws.quotas(environment))


def _of_azure(environment: Environment) -> Iterator[Check]:
    from delivery.observe.aci import AciObserver  # for the same reason
    from delivery.quotas import azure

    if environment.azure is not None:
        usages = AciObserver(environment.azure.subscription).usages(environment.azure.location)
        yield from (quota.check() for quota in azure.quotas(environment, environment.azure, usages))


def _of_google(environment: Environment) -> Iterator[Check]:
    if environment.gcp is not None:
        yield from (quota.check() for quota in google.quotas(environment, environment.gcp))


def _of_namespace(environment: Environment) -> Iterator[Check]:
    cluster, namespace = environment.kubernetes, namespace_name(environment)
    quotas, ranges = KubernetesObserver(cluster.kubeconfig, cluster.context).limits(namespace)
    yield from kubernetes.checks(environment, namespace, quotas, ranges)
