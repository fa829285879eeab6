"""pydantic's errors as findings: one per fault, in our words, with nothing secret in them.

What belongs here is the step from one error list to the other: paths, the pairing of a misspelt key with
the required one that is then missing, and the hiding of values. The words live in ``wording.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from components.spec import fields
from components.spec.errors import Finding, Path, Shown
from components.spec.fields import Shape
from components.spec.secrecy import secret_name, shown
from components.spec.wording import number_limit, words

EXAMPLES = {
    "arn": "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/shared/0123456789abcdef",
    "listener": "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/shared/0123456789abcdef/1",
    "securityGroup": "sg-0123456789abcdef0",
    "repository": "team/shop",
    "system": "github",
    "storageAccount": "shopstates",
    "container": "tfstate",
    "organization": "shop",
    "workspace": "network",
    "address": "registry.example.org/team",
    "agent": "registry.example.org/collector@sha256:<64 hex digits>",
    "bucket": "logs-snapshots",
    "collector": "repository@sha256:<64 hex digits>",
    "config": "apiKey",
    "containers": "/subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.Network/virtualNetworks/NAME/subnets/a",
    "context": "./app",
    "cidr": "10.20.0.0/16",
    "cron": '"0 18 * * 1-5"',
    "id": "vpc-0123456789abcdef0",
    "privateSubnets": "[subnet-0123456789abcdef0, subnet-0123456789abcdef1]",
    "publicSubnets": "[subnet-0123456789abcdef2, subnet-0123456789abcdef3]",
    "region": "eu-central-1",
    "front": "/subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.Network/virtualNetworks/NAME/subnets/b",
    "health": "{readiness: {path: /readyz}}",
    "kind": "s3",
    "image": "repository@sha256:<64 hex digits>",
    "issuer": "https://token.actions.githubusercontent.com",
    "key": "pager",
    "location": "westeurope",
    "maximum": "10",
    "minimum": "2",
    "path": "/cache",
    "port": "8080",
    "project": "shop-prod-1234",
    "subnetwork": "nodes",
    "pods": "pods",
    "sender": "alerts@example.org",
    "services": "services",
    "smarthost": "smtp.example.org:587",
    "readiness": "{path: /readyz}",
    "className": "service.k8s.aws/nlb",
    "sources": "[203.0.113.0/24]",
    "registry": "{address: registry.example.org/team}",
    "stage": "after-scale-up",
    "subject": "https://github.com/example/shop/.github/workflows/deliver.yml@refs/heads/main",
    "to": "[team@example.org]",
    "url": "https://example.org/api/v1/write",
    "webhook": "chat",
    "subscription": "00000000-0000-0000-0000-000000000000",
}
"""A value for each required key, as a remedy shows it; a test holds that none is forgotten."""


def findings(error: ValidationError, root: type[BaseModel], prefix: Path) -> list[Finding]:
    """The faults of one validated document, whose `root` model stands at `prefix` in the configuration."""
    details: list[dict[str, Any]] = [dict(detail) for detail in error.errors(include_url=False)]
    renamed = _misspelt(details)
    found = []
    for detail in details:
        path: Path = tuple(detail["loc"])
        if detail["type"] == "missing" and path in renamed.values():
            continue  # told once already, as the misspelt key
        if detail["type"] == "extra_forbidden":
            found.append(_unknown(path, root, prefix, renamed.get(path)))
        elif detail["type"] == "missing":
            found.append(_missing(path, root, prefix))
        else:
            found.append(_wrong(detail, path, root, prefix))
    return found


def _misspelt(details: list[dict[str, Any]]) -> dict[Path, Path]:
    """Unknown key -> the missing required key beside it that it stands for. Each is used once."""
    missing = [tuple(d["loc"]) for d in details if d["type"] == "missing"]
    pairs: dict[Path, Path] = {}
    for detail in details:
        if detail["type"] != "extra_forbidden":
            continue
        path = tuple(detail["loc"])
        beside = {str(m[-1]): m for m in missing if m[:-1] == path[:-1] and m not in pairs.values()}
        meant = fields.suggest(str(path[-1]), beside) if beside else None
        if meant is not None:
            pairs[path] = beside[meant]
    return pairs


def unknown_key(word: str, known: list[str], place: str, elsewhere: str | None = None) -> tuple[str, str]:
    """Limit and remedy for a key that does not exist, with the whole list of those that do."""
    limit = f"unknown key; {place}: {', '.join(known)}"
    meant = fields.suggest(word, known)
    if meant is not None:
        return limit, f"did you mean {meant}?"
    if elsewhere is not None:
        return limit, f"did you mean {elsewhere}?"
    return limit, "remove it, or use one of the known keys"


def _unknown(path: Path, root: type[BaseModel], prefix: Path, meant: Path | None) -> Finding:
    shape = fields.at(root, path[:-1])
    model = shape.model if shape else None
    known = [key for key in fields.children(model) if key != "name" or model is not root] if model else []
    word = str(path[-1])
    if "terraform" in path and secret_name(word):
        limit = "no credential: the environment says who reads a state, as it does for Terraform itself"
        return Finding(prefix + path, Shown.ABSENT, limit, f"remove {word}, and renew what stood there")
    if meant is not None:
        limit, _ = unknown_key(word, known, "known here")
        remedy = f"did you mean {meant[-1]}?"
    else:
        place = "an environment may change" if "overrides" in prefix or "overrides" in path else "known here"
        limit, remedy = unknown_key(word, known, place, fields.deeper(model, word) if model else None)
    return Finding(prefix + path, Shown.ABSENT, limit, remedy)


def _missing(path: Path, root: type[BaseModel], prefix: Path) -> Finding:
    key = str(path[-1])
    shape = fields.at(root, path) or Shape(str)
    meaning = f": {shape.description}" if shape.description else ""
    bounds = f", {number_limit(shape)}" if shape.annotation in (int, float) else ""
    return Finding(
        prefix + path, Shown.ABSENT, f"required{bounds}{meaning}", f"add `{key}: {EXAMPLES.get(key, '…')}`, for example"
    )


def _wrong(detail: dict[str, Any], path: Path, root: type[BaseModel], prefix: Path) -> Finding:
    is_key = bool(path) and path[-1] == "[key]"
    path = path[:-1] if is_key else path
    value = shown(prefix + path, detail["input"])
    limit, remedy = words(detail["type"], fields.at(root, path), value, detail.get("ctx", {}))
    if value is Shown.HIDDEN and detail["type"] == "string_type":
        remedy = "put it in quotes"
    if value is Shown.HIDDEN and detail["type"] == "model_type":
        remedy = (
            "write `{config: KEY}`, and store the value with `pulumi config set --secret --path 'caas:secrets.KEY'`"
        )
    if is_key and value is not Shown.HIDDEN:
        value = str(path[-1])
    return Finding(prefix + path, value, limit, remedy)


def required_keys(model: type[BaseModel]) -> Iterator[str]:
    """Every required key of a model and of its parts."""
    for key, shape in fields.children(model).items():
        if shape.required:
            yield key
        inner = shape.model or getattr(fields.element(shape), "model", None)
        if inner is not None:
            yield from required_keys(inner)
