"""Rules between the fields of one service: counts, times, probes, volumes, sidecars, labels.

Each rule is a generator of findings, pure and independent of the others. Variables and secrets are in
``checks_names.py``, rules between services and the environment in ``checks_environment.py``.
"""

from __future__ import annotations

import ipaddress
import posixpath
import re
from collections.abc import Iterable, Iterator

from components.spec import cron, defaults
from components.spec.base import LABEL_VALUE, Frozen
from components.spec.defaults import Role
from components.spec.errors import Finding, Path, Shown
from components.spec.merge import Placed

RESERVED_LABELS = ("app.kubernetes.io/", "kubernetes.io/", "k8s.io/", "caas/", "caas.")
"""Label prefixes that the platform sets, or that belong to Kubernetes."""

NO_MOUNTS = ("/", "/dev", "/proc", "/sys")
"""Directories that a container cannot give away."""

_LABEL_NAME = re.compile(r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$")
_LABEL_PREFIX = re.compile(r"^(?=.{1,253}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?$")
_LABEL_VALUE = re.compile(LABEL_VALUE)


def service(placed: Placed) -> Iterator[Finding]:
    """Every rule of this module, for one service as its environment runs it."""
    of_containers = (_image, _probes, _volumes, _sidecars, _egress, _labels)
    for rule in (*of_containers, _count, _scaling, _schedules, _rollout, _shifting):
        yield from rule(placed)


def _image(placed: Placed) -> Iterator[Finding]:
    spec = placed.service
    limit = "exactly one of build and image"
    if spec.build is not None and spec.image is not None:
        yield Finding(placed.path("image"), spec.image, limit, "remove build, or remove image")
    if spec.build is None and spec.image is None:
        remedy = "add `build: {context: ./app}`, or `image: repository@sha256:…`"
        yield Finding(placed.path(), Shown.ABSENT, f"{limit}; there is neither", remedy)


def _count(placed: Placed) -> Iterator[Finding]:
    spec = placed.service
    limit = "exactly one of replicas and scaling"
    if spec.replicas is not None and spec.scaling is not None:
        remedy = "remove replicas, and let load decide; or remove scaling"
        yield Finding(placed.path("replicas"), spec.replicas, limit, remedy)
    if spec.replicas is None and spec.scaling is None:
        remedy = "add `scaling: {minimum: 2, maximum: 10}`, or `replicas: 2`"
        yield Finding(placed.path(), Shown.ABSENT, f"{limit}; there is neither", remedy)


def _scaling(placed: Placed) -> Iterator[Finding]:
    scaling = placed.service.scaling
    if scaling is None:
        return
    if scaling.minimum > scaling.maximum:
        # Told at the value that an override sets, if one does: that is the one to change.
        lower = placed.path("scaling", "minimum")
        upper = placed.path("scaling", "maximum")
        at_upper = upper[0] == "overrides" and lower[0] != "overrides"
        path, value = (upper, scaling.maximum) if at_upper else (lower, scaling.minimum)
        limit = f"minimum at most maximum; they are {scaling.minimum} and {scaling.maximum}"
        yield Finding(path, value, limit, f"lower minimum to {scaling.maximum}, or raise maximum to {scaling.minimum}")
    if scaling.cpu is None and scaling.memory is None and scaling.requests is None and not scaling.schedules:
        limit = "at least one target (cpu, memory, requests) or schedule; without any nothing ever scales"
        yield Finding(placed.path("scaling", "cpu"), None, limit, "remove `cpu: null` to get its default, 70 percent")


def _schedules(placed: Placed) -> Iterator[Finding]:
    scaling = placed.service.scaling
    for index, schedule in enumerate(scaling.schedules if scaling else ()):
        path = placed.path("scaling", "schedules", index)
        if (fault := cron.fault(schedule.cron)) is not None:
            yield Finding((*path, "cron"), schedule.cron, fault, 'write it like "0 18 * * 1-5"')
        if schedule.minimum > schedule.maximum:
            limit = f"minimum at most maximum; they are {schedule.minimum} and {schedule.maximum}"
            yield Finding((*path, "minimum"), schedule.minimum, limit, f"lower minimum to {schedule.maximum}")


def _probes(placed: Placed) -> Iterator[Finding]:
    spec = placed.service
    if spec.health.readiness.path is None:
        limit = "a path must be given: that a port is open does not say that the service can serve"
        yield Finding(
            placed.path("health", "readiness", "path"), Shown.ABSENT, limit, "add `path: /readyz`, for example"
        )
    readiness, liveness = defaults.probe(spec, "readiness"), defaults.probe(spec, "liveness")
    if readiness.question == liveness.question and readiness.path is not None:
        limit = "readiness and liveness ask different things: a service that cannot serve now must not be restarted"
        remedy = "give liveness a path of its own, or remove it to get a TCP connect"
        yield Finding(placed.path("health", "liveness"), readiness.path, limit, remedy)
    roles: tuple[Role, ...] = ("readiness", "liveness", "startup")
    for role in roles:
        given = getattr(spec.health, role)
        resolved = defaults.probe(spec, role)
        if given is not None and resolved.timeout >= resolved.interval:
            key = "interval" if given.timeout is None else "timeout"
            limit = f"timeout below interval; they are {resolved.timeout} and {resolved.interval} seconds"
            remedy = f"lower timeout below {resolved.interval}" if resolved.interval > 1 else "raise interval"
            yield Finding(placed.path("health", role, key), getattr(resolved, key), limit, remedy)
    startup = defaults.probe(spec, "startup")
    window, deadline = startup.interval * startup.failures, spec.rollout.progress_deadline
    if window > deadline:
        given_startup = spec.health.startup is not None
        path = ("health", "startup") if given_startup else ("rollout", "progressDeadline")
        limit = f"progressDeadline ({deadline} s) not below the time to start (interval x failures, {window} s)"
        remedy = f"raise rollout.progressDeadline to {window}, or let startup fail earlier"
        yield Finding(placed.path(*path), Shown.ABSENT if given_startup else deadline, limit, remedy)


def _rollout(placed: Placed) -> Iterator[Finding]:
    rollout = placed.service.rollout
    if rollout.max_surge == 0 and rollout.max_unavailable == 0:
        limit = "maxSurge and maxUnavailable not both 0: no instance could ever be replaced"
        remedy = "raise maxSurge (100 keeps full capacity), or maxUnavailable"
        yield Finding(placed.path("rollout", "maxSurge"), 0, limit, remedy)
    least = rollout.drain + rollout.endpoint_lag
    if rollout.stop_timeout < least:
        limit = f"at least drain + endpointLag, {rollout.drain} + {rollout.endpoint_lag} = {least} seconds"
        remedy = f"raise stopTimeout to {least}, or lower drain"
        yield Finding(placed.path("rollout", "stopTimeout"), rollout.stop_timeout, limit, remedy)
    if rollout.min_ready >= rollout.progress_deadline:
        limit = f"minReady below progressDeadline; they are {rollout.min_ready} and {rollout.progress_deadline} seconds"
        remedy = f"raise progressDeadline above {rollout.min_ready}, or lower minReady"
        yield Finding(placed.path("rollout", "minReady"), rollout.min_ready, limit, remedy)


STEPPED = ("canary", "linear")
SHIFTS = ("test-traffic", "production-traffic")
"""Stages in which traffic moves: nothing can wait inside them."""


def _shifting(placed: Placed) -> Iterator[Finding]:
    """What only strategies have that move traffic from one version to another."""
    rollout = placed.service.rollout
    if rollout.strategy not in STEPPED and rollout.step is not None:
        limit = f"a step where the strategy is {' or '.join(STEPPED)}"
        yield Finding(placed.path("rollout", "step"), Shown.HIDDEN, limit, "remove step, or change strategy")
    if rollout.strategy == "rolling":
        for key, value in (("bake", rollout.bake), ("hooks", rollout.hooks or None)):
            if value is not None:
                limit = f"{key} where the strategy is blue-green, canary or linear: rolling keeps no old version"
                shown = value if isinstance(value, int) else Shown.HIDDEN
                yield Finding(placed.path("rollout", key), shown, limit, f"remove {key}, or change strategy")
    for index, hook in enumerate(rollout.hooks):
        if (hook.function is None) == (hook.pause is None):
            path = placed.path("rollout", "hooks", index)
            yield Finding(path, Shown.HIDDEN, "exactly one of function and pause", "add one, or remove the other")
        elif hook.pause is not None and hook.stage in SHIFTS:
            limit = f"a function at the stages {' and '.join(SHIFTS)}: traffic is moving there, nothing can wait"
            path = placed.path("rollout", "hooks", index, "stage")
            yield Finding(path, hook.stage, limit, f"write after-{hook.stage}")


def _volumes(placed: Placed) -> Iterator[Finding]:
    taken: dict[str, str] = {}
    for name, volume in placed.service.volumes.items():
        path = placed.path("volumes", name, "path")
        mount = posixpath.normpath("/" + volume.path.lstrip("/"))
        if mount in NO_MOUNTS or mount.startswith(tuple(f"{top}/" for top in NO_MOUNTS[1:])):
            limit = f"a directory of the service's own, not {', '.join(NO_MOUNTS)} or below the last three"
            yield Finding(path, volume.path, limit, "mount it at a directory such as /var/cache/app")
        elif mount in taken:
            limit = f"a mount path that is free; volume {taken[mount]} has this one"
            yield Finding(path, volume.path, limit, "choose another path, or use one volume for both")
        else:
            taken[mount] = name


def _sidecars(placed: Placed) -> Iterator[Finding]:
    spec = placed.service
    ports = {spec.port: "the service"}
    for name, sidecar in spec.sidecars.items():
        if name == spec.name:
            limit = "a name other than the service's: both are containers of the same instance"
            yield Finding(placed.path("sidecars", name), Shown.ABSENT, limit, f"rename it, for example {name}-helper")
        if sidecar.port is not None and sidecar.port in ports:
            limit = f"a port that is free inside the instance; {ports[sidecar.port]} listens on {sidecar.port}"
            yield Finding(placed.path("sidecars", name, "port"), sidecar.port, limit, "choose another port")
        elif sidecar.port is not None:
            ports[sidecar.port] = f"sidecar {name}"


def _egress(placed: Placed) -> Iterator[Finding]:
    for index, egress in enumerate(placed.service.egress):
        try:
            ipaddress.ip_network(egress.cidr)
        except ValueError:
            limit = "a range of addresses whose bits after the prefix are zero"
            remedy = "write it like 10.20.0.0/16, or 10.20.0.7/32 for one address"
            yield Finding(placed.path("egress", index, "cidr"), egress.cidr, limit, remedy)


def _labels(placed: Placed) -> Iterator[Finding]:
    spec = placed.service
    for field, entries in (("labels", spec.labels), ("serviceAccountAnnotations", spec.service_account_annotations)):
        for key, value in entries.items():
            path = placed.path(field, key)
            if faults := list(annotation_key(path, key)):
                yield from faults
            elif field == "labels" and key.startswith(RESERVED_LABELS):
                limit = f"a prefix other than {', '.join(RESERVED_LABELS)}: the platform sets those"
                yield Finding(path, value, limit, "use a prefix of your own, such as example.org/")
            elif field == "labels" and value and not _LABEL_VALUE.fullmatch(value):
                limit = "at most 63 letters, digits, '.', '_' and '-', beginning and ending with a letter or digit"
                yield Finding(path, value, limit, "shorten it, or make it a serviceAccountAnnotation")


def only_one(section: str, given: Frozen, kept: str, keys: Iterable[str], why: str) -> Iterator[Finding]:
    """Each key of a platform's settings that is set beside one that excludes it.

    :param why: What the one says; ``{key}`` stands for the other.
    """
    there = {type(given).model_fields[field].alias or field for field in given.model_fields_set}
    for key in keys:
        if key in there:
            limit = f"only one of {kept} and {key}: {why.format(key=key)}"
            yield Finding((section, key), Shown.HIDDEN, limit, f"remove {key}, or remove {kept}")


def annotation_key(path: Path, key: str) -> Iterator[Finding]:
    """A key that Kubernetes takes, of a label or an annotation."""
    prefix, slash, name = key.rpartition("/")
    if not _LABEL_NAME.fullmatch(name) or (slash and not _LABEL_PREFIX.fullmatch(prefix)):
        limit = "[prefix/]name: a DNS name before the '/', at most 63 letters, digits, '.', '_', '-' after it"
        yield Finding(path, Shown.ABSENT, limit, "write it like example.org/cost-centre")
