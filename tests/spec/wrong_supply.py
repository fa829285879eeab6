"""Wrong settings of how images are attested."""

from __future__ import annotations

from typing import Any

from tests.spec.wrong_aws import AWS
from tests.spec.wrong_case import MARKER, Case, stack
from tests.spec.wrong_gcp import GCP

PUBLIC = {"supplyChain.publicKey": "cosign.pub"}


def supply(id: str, key: str, limit: str, remedy: str, changes: dict[str, Any], **more: Any) -> Case:
    """A stack whose signatures can be known, but for what the changes do."""
    # The loader's own rules, the same through the engine: one goes that way, which is enough to know it.
    more.setdefault("engine", False)
    return stack(id, f"supplyChain.{key}", limit, remedy, {**PUBLIC, **changes}, **more)


SUPPLY_CHAINS = [
    supply(
        "two-private-keys",
        "keySecret",
        "no second key: key is given too",
        "remove one of the two",
        {"supplyChain.key": "cosign.key", "supplyChain.keySecret": "signing"},
    ),
    supply(
        "signing-key-not-set",
        "keySecret",
        "a key in caas:secrets that is set; set are: none",
        "pulumi config set --secret --path 'caas:secrets.signing' --stack dev",
        {"supplyChain.keySecret": "signing"},
    ),
    supply(
        "signing-key-itself",
        "key",
        "never the key itself",
        "awskms:///alias/caas",
        {"supplyChain.key": f"-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n{MARKER}\n"},
    ),
    stack(
        "signature-by-nobody",
        "supplyChain.publicKey",
        "required without identity: the key that a signature must fit",
        "cosign public-key --key KEY",
        {"supplyChain.key": "cosign.key"},
        line="supplyChain",
    ),
    supply(
        "key-and-identity",
        "publicKey",
        "a key or an identity, not both",
        "remove publicKey, or remove identity",
        {"supplyChain.identity": {"issuer": "https://token.example.org", "subject": "https://git.example.org/a"}},
    ),
    supply(
        "identity-without-subject",
        "identity.subject",
        "required",
        "",
        {"supplyChain.publicKey": None, "supplyChain.identity": {"issuer": "https://token.example.org"}},
        line="identity",
    ),
    supply("sbom-of-another-format", "sbom", "spdx, cyclonedx", "write one of these", {"supplyChain.sbom": "swid"}),
    supply(
        "scanner-as-text", "scanner", "a list", 'write ["grype", "{image}"]', {"supplyChain.scanner": "grype {image}"}
    ),
    supply(
        "scanner-that-knows-no-image",
        "scanner",
        "one of its words holds {sbom} or {image}",
        "[grype, 'sbom:{sbom}', -o, json]",
        {"supplyChain.scanner": ["grype", "-o", "json"]},
    ),
    supply("scan-that-never-ages", "scanAge", "from 1 to 365 (days)", "write 1 days", {"supplyChain.scanAge": 0}),
    supply("supply-misspelt", "publickey", "publicKey", "mean publicKey", {"supplyChain.publickey": "cosign.pub"}),
    supply(
        "attestations-with-fixed-tags",
        "repository",
        "required where aws.repositories is make: its tags cannot be moved",
        "name a repository of its own whose tags may move",
        AWS,
        line="supplyChain",
    ),
    supply(
        "attestations-with-fixed-tags-on-gke",
        "repository",
        "required where gcp.repository is make",
        "take repositories that exist",
        GCP,
        line="supplyChain",
    ),
]
