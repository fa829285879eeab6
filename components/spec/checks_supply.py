"""Rules about how images are attested: one who signs, one way to know the signature, a place that takes both.

Pure generators of findings.
"""

from __future__ import annotations

from collections.abc import Iterator

from components.spec.environment import Settings
from components.spec.errors import NAMESPACE, Finding, Path, Shown
from components.spec.files import SET_LINE
from components.spec.secrecy import secret_value
from components.spec.supply_chain import SupplyChain

PLACEHOLDERS = ("{sbom}", "{image}")
"""What a scanner's command is told."""


def supply_chain(settings: Settings, keys: frozenset[str], stack: str) -> Iterator[Finding]:
    """Signatures can be made and known again, and the scanner is told what to scan."""
    given = settings.supply_chain
    if given is None:
        return
    yield from _signer(given, keys, stack)
    if given.scanner and not any(one in part for part in given.scanner for one in PLACEHOLDERS):
        limit = f"a command that is told what to scan: one of its words holds {' or '.join(PLACEHOLDERS)}"
        yield Finding(_at("scanner"), list(given.scanner), limit, "write it like [grype, 'sbom:{sbom}', -o, json]")
    if given.repository is None and (made := _fixed_tags(settings)):
        limit = f"required where {made}: its tags cannot be moved, and attestations are added to a tag"
        remedy = "name a repository of its own whose tags may move, or take repositories that exist"
        yield Finding(_at("repository"), Shown.ABSENT, limit, remedy)


def _signer(given: SupplyChain, keys: frozenset[str], stack: str) -> Iterator[Finding]:
    named = [key for key, value in (("key", given.key), ("keySecret", given.key_secret)) if value is not None]
    if len(named) > 1:
        yield Finding(_at("keySecret"), Shown.HIDDEN, "no second key: key is given too", "remove one of the two")
    elif given.key_secret is not None and given.key_secret not in keys:
        limit = f"a key in {NAMESPACE}:secrets that is set; set are: {', '.join(sorted(keys)) or 'none'}"
        value = Shown.HIDDEN if secret_value(given.key_secret) else given.key_secret
        yield Finding(
            _at("keySecret"), value, limit, SET_LINE.format(namespace=NAMESPACE, key=given.key_secret, stack=stack)
        )
    if given.identity is not None:
        for key in [*named, *(["publicKey"] if given.public_key is not None else [])]:
            limit = "a key or an identity, not both: a signature is known by one of them"
            yield Finding(_at(key), Shown.ABSENT, limit, f"remove {key}, or remove identity")
    elif given.public_key is None and "://" not in (given.key or ""):
        limit = "required without identity: the key that a signature must fit"
        remedy = "write the path of cosign.pub; `cosign public-key --key KEY` makes it from the private one"
        yield Finding(_at("publicKey"), Shown.ABSENT, limit, remedy)


def _fixed_tags(settings: Settings) -> str | None:
    """Where the program itself makes repositories whose tags are fixed."""
    if settings.platform == "aws-ecs" and settings.aws is not None and settings.aws.repositories == "make":
        return "aws.repositories is make"
    if settings.platform == "gke" and settings.gcp is not None and settings.gcp.repository == "make":
        return "gcp.repository is make"
    return None


def _at(key: str) -> Path:
    return ("supplyChain", key)
