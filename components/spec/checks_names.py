"""Rules about environment variables and secrets: whose names they are, and what must not be plain.

Pure generators of findings, like ``checks.py``. Only names of secrets are ever seen here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from components.spec.environment import Registry
from components.spec.errors import NAMESPACE, Finding, Path, Shown
from components.spec.files import SET_LINE
from components.spec.merge import Placed
from components.spec.secrecy import secret_name, secret_value

PLATFORM_NAMES: Mapping[str, str] = {
    "PORT": "the platform sets it to the service's port",
    "HOSTNAME": "the container runtime sets it to the instance's name",
    "KUBERNETES_*": "Kubernetes sets it to its own address, and client libraries rely on it",
    "ECS_*": "AWS ECS sets it to the task's metadata",
    "AWS_CONTAINER_*": "AWS ECS sets it to the source of the task role's credentials",
    "AWS_EXECUTION_ENV": "AWS ECS sets it",
    "AWS_ROLE_ARN": "workload identity sets it; name the role in serviceAccountAnnotations",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "workload identity sets it; name the role in serviceAccountAnnotations",
    "AZURE_FEDERATED_TOKEN_FILE": "workload identity sets it; name the identity in serviceAccountAnnotations",
    "IDENTITY_ENDPOINT": "Azure sets it to the source of the managed identity's tokens",
    "IDENTITY_HEADER": "Azure sets it to the source of the managed identity's tokens",
    "CAAS_*": "the platform keeps the prefix for itself",
}
"""Variables that a platform sets, and why a value of the service's own would break something.

Only what some platform really sets: the service is described once for all of them. AWS_REGION and the like
are not among them; a service may well talk to another region, or to a cloud that it does not run on.
"""


def service(placed: Placed) -> Iterator[Finding]:
    """Every rule of this module that needs one service only."""
    spec = placed.service
    yield from _variables(placed, ("environment",), spec.environment)
    for name in spec.secrets:
        if (why := _reserved(name)) is not None:
            yield _taken(placed.path("secrets", name), why)
        if name in spec.environment:
            limit = "each name once: it stands in environment and in secrets"
            yield Finding(placed.path("secrets", name), Shown.ABSENT, limit, "remove it from environment")
    for sidecar_name, sidecar in spec.sidecars.items():
        prefix = ("sidecars", sidecar_name, "environment")
        yield from _variables(placed, prefix, sidecar.environment, allowed=frozenset({"PORT"}))
    for name, value in (spec.build.args if spec.build else {}).items():
        if secret_name(name) or secret_value(value):
            limit = "no secret in a build argument: it stays readable in the image's history"
            remedy = f"mount it with `build.secrets: {{{name.lower()}: KEY}}`, a key in {NAMESPACE}:secrets"
            yield Finding(placed.path("build", "args", name), Shown.HIDDEN, limit, remedy)
    for key, words in (("command", spec.command), ("args", spec.args)):
        for index, word in enumerate(words):
            if secret_value(word):
                limit = "no secret in a command: every process of the machine can read it"
                remedy = "pass it as a variable from the service's secrets: `NAME: {config: KEY}`, and write $(NAME)"
                yield Finding(placed.path(key, index), Shown.HIDDEN, limit, remedy)
    yield from _sources(placed)


def missing_secrets(
    placed: list[Placed], registry: Registry | None, keys: frozenset[str], stack: str
) -> Iterator[Finding]:
    """Keys that are referred to and not set: one finding per key, at its first use."""
    uses: dict[str, list[Path]] = {}
    for one in placed:
        for name, source in one.service.secrets.items():
            if source.config is not None:
                uses.setdefault(source.config, []).append(one.path("secrets", name, "config"))
        for mount, key in (one.service.build.secrets if one.service.build else {}).items():
            uses.setdefault(key, []).append(one.path("build", "secrets", mount))
    if registry is not None and registry.password is not None and registry.password not in keys:
        # Never repeated: a password is easily written here instead of the key of one.
        limit = f"a key in {NAMESPACE}:secrets that is set, never the password itself"
        line = SET_LINE.format(namespace=NAMESPACE, key="registryPassword", stack=stack)
        remedy = f"{line}, and write registryPassword here"
        yield Finding(("registry", "password"), Shown.HIDDEN, limit, remedy)
        uses.pop(registry.password, None)
    for key, paths in uses.items():
        if key not in keys:
            others = f" (used in {len(paths)} places)" if len(paths) > 1 else ""
            limit = f"a key in {NAMESPACE}:secrets that is set{others}; set are: {', '.join(sorted(keys)) or 'none'}"
            remedy = SET_LINE.format(namespace=NAMESPACE, key=key, stack=stack)
            yield Finding(paths[0], Shown.HIDDEN if secret_value(key) else key, limit, remedy)


def missing_webhook(key: str | None, keys: frozenset[str], stack: str) -> Iterator[Finding]:
    """The webhook's URL is a secret that exists."""
    if key is not None and key not in keys:
        limit = f"a key in {NAMESPACE}:secrets that is set; set are: {', '.join(sorted(keys)) or 'none'}"
        remedy = SET_LINE.format(namespace=NAMESPACE, key=key, stack=stack)
        yield Finding(("notifications", "webhook"), Shown.HIDDEN if secret_value(key) else key, limit, remedy)


def _sources(placed: Placed) -> Iterator[Finding]:
    for name, source in placed.service.secrets.items():
        if (source.config is None) == (source.reference is None):
            both = "both are given" if source.config is not None else "there is neither"
            limit = f"exactly one of config and reference; {both}"
            yield Finding(placed.path("secrets", name), Shown.ABSENT, limit, "write `{config: KEY}`, for example")


def _variables(
    placed: Placed, prefix: tuple[str, ...], values: Mapping[str, str], allowed: frozenset[str] = frozenset()
) -> Iterator[Finding]:
    for name, value in values.items():
        place = placed.path(*prefix, name)
        why = None if name in allowed else _reserved(name)
        if why is not None:
            yield _taken(place, why)
        elif (secret_name(name) and value) or secret_value(value):
            limit = "no secret in plain environment: it would be readable in the repository, the state and the platform"
            remedy = f"move it to the service's secrets: `{name}: {{config: KEY}}`; a harmless value needs another name"
            yield Finding(place, Shown.HIDDEN, limit, remedy)


def _taken(path: Path, why: str) -> Finding:
    return Finding(path, Shown.ABSENT, f"a name that is not reserved: {why}", "rename the variable, or remove it")


def _reserved(name: str) -> str | None:
    for pattern, why in PLATFORM_NAMES.items():
        if name == pattern or (pattern.endswith("*") and name.startswith(pattern[:-1])):
            return why
    return None
