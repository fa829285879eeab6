"""Rules about who watches the services in the clouds: receivers, their secrets, and names that the watching takes.

Pure generators of findings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from components.monitoring.alertmanager import somebody
from components.monitoring.collector import NAME
from components.spec.environment import Settings
from components.spec.errors import NAMESPACE, Finding, Path, Shown
from components.spec.files import SET_LINE
from components.spec.merge import Placed
from components.spec.secrecy import secret_value


def environment(placed: Sequence[Placed], settings: Settings, keys: frozenset[str], stack: str) -> Iterator[Finding]:
    """Every rule of this module, for the platform that is chosen."""
    if settings.platform == "aws-ecs" and settings.aws is not None and settings.aws.monitoring is not None:
        yield from _on_aws(settings, keys, stack)
        yield from _sidecars(placed)
    if settings.platform == "azure-aci" and settings.azure is not None and settings.azure.monitoring is not None:
        watch, path = settings.azure.monitoring, ("azure", "monitoring")
        if not watch.emails and not watch.webhooks and not _listed(settings):
            limit = f"at least one of {NAMESPACE}:monitoring.receivers, emails, webhooks: an alert must reach somebody"
            yield Finding(path, Shown.HIDDEN, limit, "add `emails: [team@example.com]`")
        yield from _missing(path, watch.webhooks, keys, stack)
        yield from _sidecars(placed)
    if settings.platform == "gke" and settings.gcp is not None and settings.gcp.monitoring is not None:
        yield from _missing(("gcp", "monitoring"), settings.gcp.monitoring.webhooks, keys, stack)


def _on_aws(settings: Settings, keys: frozenset[str], stack: str) -> Iterator[Finding]:
    aws = settings.aws
    if aws is None or aws.monitoring is None:
        return
    watch, path = aws.monitoring, ("aws", "monitoring")
    own = bool(watch.emails or watch.webhooks) or _listed(settings)
    if own == (watch.topic is not None):
        there = "both are" if own else "neither is"
        limit = (
            f"exactly one of topic, and {NAMESPACE}:monitoring.receivers, emails or webhooks; {there} given: an alert "
            "must reach somebody"
        )
        yield Finding(path, Shown.HIDDEN, limit, "add `emails: [team@example.com]`, or name a topic that exists")
    if watch.topic is not None and watch.topic.split(":")[3] != aws.region:
        yield Finding((*path, "topic"), watch.topic, f"a topic in the region {aws.region}", "name one of that region")
    yield from _missing(path, watch.webhooks, keys, stack)


def _listed(settings: Settings) -> bool:
    """Whether the list of receivers that all platforms share names somebody."""
    return settings.monitoring is not None and somebody(settings.monitoring.receivers)


def _missing(path: Path, webhooks: Sequence[str], keys: frozenset[str], stack: str) -> Iterator[Finding]:
    """What a receiver's address is read from has to be a secret that exists."""
    for place, key in enumerate(webhooks):
        if key not in keys:
            limit = f"a key in {NAMESPACE}:secrets that is set; set are: {', '.join(sorted(keys)) or 'none'}"
            remedy = SET_LINE.format(namespace=NAMESPACE, key=key, stack=stack)
            shown = Shown.HIDDEN if secret_value(key) else key
            yield Finding((*path, "webhooks", place), shown, limit, remedy)


def _sidecars(placed: Sequence[Placed]) -> Iterator[Finding]:
    for one in placed:
        if NAME in one.service.sidecars:
            limit = f"another name than {NAME}: the container that sends the metrics has it"
            yield Finding(one.path("sidecars", NAME), Shown.HIDDEN, limit, "rename the sidecar")
