"""Signatures and attestations go where their image goes: a promotion copies them by their tags."""

from __future__ import annotations

from delivery import oci

SUFFIXES = (".sig", ".att", ".sbom", "")
"""Tags of what belongs to a digest: ``sha256-<hex>`` and one of these; the last is OCI's own list of referrers, where a
registry has no other."""


def tags(digest: str) -> list[str]:
    """Where cosign keeps what belongs to a digest."""
    return [f"{digest.replace(':', '-')}{suffix}" for suffix in SUFFIXES]


def carry(digest: str, source: str, target: str) -> int:
    """Copy what belongs to a digest from one repository to another; answers how many tags that were.

    What the target has under a tag is replaced by what the source has. DeliveryError where a registry refuses.
    """
    return 0 if source == target else sum(oci.copy_tag(source, target, tag) for tag in tags(digest))
