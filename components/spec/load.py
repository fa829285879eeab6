"""Plain data in, one frozen `Environment` out, or every fault at once.

The order: shape of the settings and of each service, overrides, rules of one service, rules between them.
A later step looks only at what the earlier ones let through, and a fault below a place that is already
reported is not reported again: one mistake, one problem. The rules themselves live in ``checks*.py``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from components import capabilities
from components.spec import (
    checks,
    checks_aws,
    checks_azure,
    checks_environment,
    checks_gcp,
    checks_kubernetes,
    checks_logging,
    checks_monitoring,
    checks_monitoring_stack,
    checks_names,
    checks_pipeline,
    checks_supply,
    defaults,
    fields,
    terraform,
)
from components.spec.base import DNS_LABEL, KEY_OF_SECRET
from components.spec.environment import Environment, Settings, Tier
from components.spec.errors import FILE, NAMESPACE, Finding, Path, Shown, SpecError
from components.spec.files import SET_LINE, Source
from components.spec.merge import Placed, merge, misplaced, strangers
from components.spec.service import Service
from components.spec.translate import findings as translated
from components.spec.translate import unknown_key
from components.spec.wording import PATTERNS

Model = TypeVar("Model", bound=BaseModel)

MAY_DIFFER = (*fields.children(Settings), "secrets")
"""The keys of a stack file: the whole list of what may differ from one environment to the next."""


def load_environment(
    config: Mapping[str, Any], *, project: str, stack: str, source: Source, reader: terraform.Reader | None = None
) -> Environment:
    """Validate a configuration as a whole.

    `config` holds the namespace's keys without their prefix, as plain data; of ``secrets`` only the names are
    looked at, so a list of them will do. Hosts, tier and log retention are filled in, and by `reader` a network
    that a remote Terraform state names. Raises `SpecError` with every problem found, each with its place as
    `source` knows it.
    """
    found = _Found(list(source.found))
    secret_keys = _secret_keys(config.get("secrets"), found)
    settings, broken = _settings(config, found)
    settings, unread = terraform.resolved(settings, source.directory, reader)
    found.add(unread)
    services = _services(config.get("services"), found)
    names = config["services"] if isinstance(config.get("services"), Mapping) else {}
    found.add(strangers(settings.overrides, names))
    placed = []
    for service in services:
        override = settings.overrides.get(service.name)
        if service.name in broken or (override is not None and found.add(misplaced(service, override))):
            continue  # what it would look like with the override is not known
        placed.append(merge(service, override))
    level = _tier(settings, stack, found)
    # First what the platform cannot do at all: how it is written does not matter then.
    found.add(capabilities.check(settings.platform, [one.service for one in placed]))
    for one in placed:
        found.add(checks.service(one))
        found.add(checks_names.service(one))
    registry = None if found.reported(("registry",)) else settings.registry
    found.add(checks_names.missing_secrets(placed, registry, secret_keys, stack))
    found.add(checks_names.missing_webhook(settings.notifications.webhook, secret_keys, stack))
    found.add(checks_monitoring.environment(placed, settings, secret_keys, stack))
    found.add(checks_supply.supply_chain(settings, secret_keys, stack))
    found.add(checks_monitoring_stack.environment(settings, secret_keys, stack, level))
    found.add(checks_logging.environment(placed, settings, secret_keys, stack, level))
    found.add(checks_pipeline.pipeline(placed, settings, registry, level))
    found.add(checks_environment.freeze(settings, stack, level))
    found.add(checks_environment.bake(settings, stack))
    found.add(checks_environment.tier(placed, settings, stack, level))
    found.add(checks_environment.hosts(placed, settings))
    found.add(checks_environment.contexts(placed, source.directory if source.builds else None))
    key, rules = _PLATFORMS.get(settings.platform, ("", None))
    if rules is not None and not found.reported((key,)) and not found.reported(("platform",)):
        found.add(rules(placed, settings, stack, level, registry))
    _project(project, found)
    if found.findings or level is None:
        raise SpecError(source.problems(found.findings))
    return _environment(placed, settings, project, stack, level, secret_keys)


_PLATFORMS = {
    "kubernetes": ("kubernetes", checks_kubernetes.environment),
    "aws-ecs": ("aws", checks_aws.environment),
    "gke": ("gcp", checks_gcp.environment),
    "azure-aci": ("azure", checks_azure.environment),
}
"""Platform -> the key of its settings, and its own rules."""


@dataclass
class _Found:
    """The findings so far; refuses those below a place that is reported already."""

    findings: list[Finding]

    def add(self, more: Iterable[Finding]) -> bool:
        """Take findings of one step in; whether there were any."""
        new = list(more)
        before = [finding.path for finding in self.findings]
        self.findings += [f for f in new if not any(f.path[: len(path)] == path for path in before)]
        return bool(new)

    def reported(self, path: Path) -> bool:
        """Whether something at or below the path is wrong already."""
        return any(finding.path[: len(path)] == path for finding in self.findings)


def _validate(model: type[Model], data: Any, prefix: Path) -> tuple[Model | None, list[Finding]]:
    try:
        # JSON mode: a list becomes a tuple, and nothing else is converted.
        text = json.dumps(data, default=str)
    except (ValueError, TypeError, RecursionError):
        limit = "plain data: mappings, lists, text, numbers, true, false"
        return None, [Finding(prefix, Shown.HIDDEN, limit, "write the values out")]
    try:
        return model.model_validate_json(text, by_alias=True, by_name=False), []
    except ValidationError as error:
        return None, translated(error, model, prefix)


def _settings(config: Mapping[str, Any], found: _Found) -> tuple[Settings, set[str]]:
    """The settings, and the services whose overrides are no good. What is wrong is left out, so that the
    rest can be checked."""
    given = {key: _number(key, value) for key, value in config.items() if key not in ("services", "secrets")}
    known = set(MAY_DIFFER)
    if "registry" not in given:
        misspelt = next((key for key in given if key not in known and fields.suggest(key, ["registry"])), None)
        if misspelt is None:
            remedy = f"pulumi config set --path '{NAMESPACE}:registry.address' registry.example.org/team"
            limit = "required: where images are pushed to and pulled from"
            found.add([Finding(("registry",), Shown.ABSENT, limit, remedy, stack=True)])
    for key in [key for key in given if key not in known]:
        limit, remedy = unknown_key(key, list(MAY_DIFFER), "an environment may set")
        found.add([Finding((key,), Shown.ABSENT, limit, remedy)])
        del given[key]
    # Stands in for a registry that is missing or wrong; nothing is declared then.
    placeholder = {"address": "registry.invalid"}
    settings, wrong = _validate(Settings, {"registry": placeholder, **given}, ())
    if settings is not None:
        return settings, set()
    found.add(wrong)
    tops = {path[0] for finding in wrong if (path := finding.path)}
    rest = {key: value for key, value in given.items() if key not in tops}
    overrides = given.get("overrides")
    broken: set[str] = set()
    if "overrides" in tops and isinstance(overrides, Mapping):
        broken = {str(finding.path[1]) for finding in wrong if finding.path[0] == "overrides"}
        rest["overrides"] = {name: value for name, value in overrides.items() if name not in broken}
    elif "overrides" in tops:
        broken = {str(name) for name in config.get("services") or ()}
    again, _ = _validate(Settings, {"registry": placeholder, **rest}, ())
    return again if again is not None else Settings.model_validate({"registry": placeholder}), broken


def _number(key: str, value: Any) -> Any:
    """`pulumi config set` writes every plain value as text: a number that stands alone may be quoted."""
    shape = fields.at(Settings, (key,))
    if (
        shape is not None
        and shape.annotation is int
        and isinstance(value, str)
        and re.fullmatch(r"-?[0-9]{1,9}", value)
    ):
        return int(value)
    return value


def _services(raw: Any, found: _Found) -> list[Service]:
    path: Path = ("services",)
    if not isinstance(raw, Mapping) or not raw:
        limit = "required: a mapping of service names to their descriptions, with one at the least"
        remedy = f"describe a service in Pulumi.yaml, below config: {NAMESPACE}:services: value:"
        value = Shown.ABSENT if raw is None or raw == {} else raw
        found.add([Finding(path, value, limit, remedy, stack=False)])
        return []
    services = []
    for key, body in raw.items():
        name, place = str(key), (*path, str(key))
        if not isinstance(body, Mapping):
            keys = ", ".join(child for child in fields.children(Service) if child != "name")
            wrong = Finding(place, Shown.HIDDEN, f"a mapping with the keys {keys}", "indent these keys below the name")
            found.add([wrong])
            continue
        if "name" in body:
            limit = "no key of its own: the service's name is the key that it stands under"
            found.add([Finding((*place, "name"), Shown.ABSENT, limit, "remove it")])
        service, wrong_fields = _validate(Service, {**body, "name": name}, place)
        # The name is no key in the file, so what is wrong with it is told at the service's own key.
        found.add([_at_key(f, place) if f.path == (*place, "name") else f for f in wrong_fields])
        if service is not None:
            services.append(service)
    return services


def _at_key(finding: Finding, place: Path) -> Finding:
    return Finding(place, finding.value, finding.limit, finding.remedy)


def _secret_keys(raw: Any, found: _Found) -> frozenset[str]:
    if raw is None:
        return frozenset()
    if not isinstance(raw, Mapping | list | tuple | set | frozenset):
        limit = "a mapping of keys to encrypted values"
        remedy = SET_LINE.format(namespace=NAMESPACE, key="KEY", stack="STACK")
        found.add([Finding(("secrets",), Shown.HIDDEN, limit, remedy)])
        return frozenset()
    keys = frozenset(str(key) for key in raw)
    for key in sorted(keys):
        if not re.fullmatch(KEY_OF_SECRET.strip("^$"), key):
            limit = "letters, digits, '_' and '-', beginning with a letter, at most 64"
            found.add([Finding(("secrets", key), Shown.HIDDEN, limit, "set it anew under a plain key")])
    return keys


def _tier(settings: Settings, stack: str, found: _Found) -> Tier | None:
    if found.reported(("tier",)):
        return None
    names: tuple[Tier, ...] = get_args(Tier)
    return settings.tier or next((name for name in names if name == stack), None)


def _project(project: str, found: _Found) -> None:
    if not re.fullmatch(DNS_LABEL, project) or len(project) > 40:
        limit, remedy = PATTERNS[DNS_LABEL]
        found.add([Finding((FILE, "name"), project, limit, remedy, stack=False)])


def _environment(
    placed: list[Placed], settings: Settings, project: str, stack: str, level: Tier, keys: frozenset[str]
) -> Environment:
    services = []
    for one in placed:
        service, host = one.service, defaults.host(one.service, settings.domain)
        if service.ingress is not None and service.ingress.host is None:
            service = service.model_copy(update={"ingress": service.ingress.model_copy(update={"host": host})})
        services.append(service)
    return Environment(
        project=project,
        stack=stack,
        tier=level,
        platform=settings.platform,
        registry=settings.registry,
        kubernetes=settings.kubernetes,
        aws=settings.aws,
        gcp=settings.gcp,
        azure=settings.azure,
        gate=settings.gate,
        notifications=settings.notifications,
        supply_chain=settings.supply_chain,
        monitoring=settings.monitoring,
        logging=settings.logging,
        pipeline=settings.pipeline,
        domain=settings.domain,
        owner=settings.owner,
        cost_centre=settings.cost_centre,
        log_retention=settings.log_retention or defaults.LOG_RETENTION[level],
        releases_kept=settings.releases_kept,
        services=tuple(services),
        secret_keys=keys,
    )
