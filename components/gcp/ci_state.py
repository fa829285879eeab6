"""What a pipeline may where the states are, as Google Cloud's conditions say it. Pure.

A bucket compares names of files only where access is uniform; a bucket with lists of its own refuses conditions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from components.pipeline_state import Place
from components.pipeline_tokens import Purpose

if TYPE_CHECKING:
    from pulumi_gcp.storage import BucketIAMMemberConditionArgsDict

READER, USER = "roles/storage.objectViewer", "roles/storage.objectUser"

KEY_ROLES: Mapping[Purpose, str] = {
    "preview": "roles/cloudkms.cryptoKeyDecrypter",
    "apply": "roles/cloudkms.cryptoKeyEncrypterDecrypter",
}
"""Purpose -> role on the key of the states' secrets."""

LISTED = "api.getAttribute('storage.googleapis.com/objectListPrefix', '')"
"""What a list asks for: the names of the files in it are not compared."""

Grant = tuple[str, "BucketIAMMemberConditionArgsDict | None"]


def grants(state: Place, purpose: Purpose) -> dict[str, Grant]:
    """Name -> role on the bucket and the condition under which it counts."""
    found: dict[str, Grant] = {"read": (READER, _reading(state))}
    if purpose == "apply":
        # Twelve operators at the most ("Limits on conditions"); these are seven.
        own = " || ".join(_named(state, one) for one in state.own)
        found["write"] = (USER, {"title": "the stack's own files", "expression": own})
    return found


def _reading(state: Place) -> BucketIAMMemberConditionArgsDict | None:
    if not state.path:
        return None
    expression = f"{_named(state, state.path)} || {LISTED}.startsWith('{state.path}')"
    return {"title": "the states", "expression": expression}


def _named(state: Place, begins: str) -> str:
    return f"resource.name.startsWith('projects/_/buckets/{state.bucket}/objects/{begins}')"
