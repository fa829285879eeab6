"""Rules about what a resource carries with it: whose it is, and which values stand in it in plain text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from policies.containers import CONTAINER_TYPES, containers
from policies.entropy import random_text
from policies.pods import POD_TYPES
from policies.rule import (
    UNKNOWN,
    Answer,
    Resource,
    Rule,
    Setting,
    Severity,
    StackRule,
    Undecided,
    Violation,
    dotted,
    items,
)
from policies.secrecy import secret_name, secret_value
from policies.tags import SPELLINGS, TAGGABLE, defaults, key, of_a_service, own

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"


def _variables(resource: Resource, _setting: Setting) -> Iterator[Answer]:
    for where, name, value, path in _listed(resource):
        yield from _judged(name, value, where, path, _given_away)


def _random_variables(resource: Resource, _setting: Setting) -> Iterator[Answer]:
    for where, name, value, path in _listed(resource):
        yield from _judged(name, value, where, path, _random)


def _config_map(resource: Resource, _setting: Setting) -> Iterator[Answer]:
    for path, value in items(resource.properties, "data"):
        yield from _judged(path[-1], value, f"key {path[-1]}", dotted(*path), _secret)


def _listed(resource: Resource) -> Iterator[tuple[str, Any, Any, str]]:
    """Each variable of each container: what to call it, name, value and path; UNKNOWN for a container as a whole."""
    for container in containers(resource):
        if container.body is UNKNOWN:
            yield "", UNKNOWN, UNKNOWN, dotted(*container.path)
        else:
            for variable in container.variables():
                where = f"variable {variable.name} of container {container.called}"
                yield where, variable.name, variable.value, dotted(*variable.path)


def _judged(name: Any, value: Any, where: str, path: str, seems: Callable[[str, str], str | None]) -> Iterator[Answer]:
    """Judge a value which everybody may read; ``seems`` gives the reason to take it for a secret."""
    if name is UNKNOWN or value is UNKNOWN:
        yield Undecided(path)
    elif isinstance(value, str) and value != "":
        reason = seems(str(name), value)
        if reason is not None:
            yield Violation(f"{where} {reason}", path)


def _given_away(name: str, value: str) -> str | None:
    if secret_name(name):
        return "holds a secret, by its name"
    return "holds a secret, by the form of its value" if secret_value(value) else None


def _key_like(name: str, value: str) -> str | None:
    return "is as random as a key" if random_text(value, name) else None


def _random(name: str, value: str) -> str | None:
    """What the name and the form have told is not told twice."""
    return _key_like(name, value) if _given_away(name, value) is None else None


def _secret(name: str, value: str) -> str | None:
    return _given_away(name, value) or _key_like(name, value)


def _tags(resources: tuple[Resource, ...], setting: Setting) -> Iterator[tuple[Resource | None, Answer]]:
    written = defaults(resources)
    asked = setting.options.get("required")
    usual = tuple(SPELLINGS) if setting.tier != "dev" else ("environment", "service")
    required = [one for one in SPELLINGS if one in (asked if isinstance(asked, list | tuple) else usual)]
    for resource in resources:
        if resource.type in TAGGABLE:
            for answer in _missing(resource, written.get(resource.type.partition(":")[0], {}), required):
                yield resource, answer


def _missing(resource: Resource, written: Mapping[str, Any], required: list[str]) -> Iterator[Answer]:
    tags = own(resource)
    if tags is UNKNOWN:
        yield Undecided(_place(resource))
        return
    known = {key(str(tag)): value for tag, value in {**written, **tags}.items()}
    for what in required:
        if what == "service" and not of_a_service(resource):
            continue
        values = [known[spelling] for spelling in SPELLINGS[what] if spelling in known]
        if any(value is UNKNOWN for value in values):
            yield Undecided(_place(resource))
        elif not any(isinstance(value, str) and value != "" for value in values):
            yield Violation(f"nothing says which {what} it belongs to", _place(resource))


def _place(resource: Resource) -> str:
    package = resource.type.partition(":")[0]
    return {"kubernetes": "metadata.labels", "gcp": "labels"}.get(package, "tags")


RULES: tuple[Rule, ...] = (
    Rule(
        id="k8s-no-secret-env",
        title="No environment variable of a pod holds a secret in plain text.",
        severity=Severity.CRITICAL,
        reason="It stands in the state, and in every listing of the workload, for all who may look.",
        remedy="Read it from a Secret (valueFrom.secretKeyRef), and change it now.",
        types=POD_TYPES,
        check=_variables,
        references=("kubescape: C-0012", "polaris: sensitiveContainerEnvVar"),
    ),
    Rule(
        id="no-random-env",
        title="No environment variable holds what looks like a key.",
        severity=Severity.HIGH,
        reason="A text as random as this one was made by a generator of keys, whatever the variable is called.",
        remedy="Declare it under secrets, so that the container reads it from the platform's store, and change it now; "
        "name it …_ID, …_HASH or …_DIGEST where it is one of these.",
        types=CONTAINER_TYPES,
        check=_random_variables,
        references=("CKV_SECRET_6", "ECS.8", "CKV_AZURE_235"),
    ),
    Rule(
        id="k8s-no-secret-in-config-map",
        title="No ConfigMap holds a secret.",
        severity=Severity.CRITICAL,
        reason="Who may read the configuration of a namespace is seldom who may read its secrets.",
        remedy="Put it into a Secret, and change it now.",
        types=frozenset({CONFIG_MAP}),
        check=_config_map,
        references=("polaris: sensitiveConfigmapContent", "kubescape: C-0012"),
    ),
)

STACK_RULES: tuple[StackRule, ...] = (
    StackRule(
        id="required-tags",
        title="A resource says whose it is.",
        severity=Severity.MEDIUM,
        reason="Nobody can be asked about it, nobody pays for it, and nobody dares to remove it.",
        remedy="Set caas:owner and caas:costCentre, or tag it with owner, environment, cost-centre and service.",
        check=_tags,
        references=("gatekeeper: k8srequiredlabels", "AWS Config: required-tags"),
        schema={
            "required": {
                "type": "array",
                "items": {"type": "string", "enum": sorted(SPELLINGS)},
                "description": "What a resource must say. Default: all four; in dev environment and service alone.",
            }
        },
    ),
)
