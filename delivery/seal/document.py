"""The file of a sealed plan: written in one way only, so that any byte that is changed is found.

The hash finds accidents and clumsy edits; who can write the file can also make a new hash. ``CAAS_PLAN_KEY`` adds a
signature that only those who know the key can make.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from delivery.errors import DeliveryError
from delivery.exit_codes import Exit

FORMAT = "caas-plan/1"
KEY = "CAAS_PLAN_KEY"
"""Environment variable of the key that signs; not set: no signature."""


def write(path: Path, plan: Mapping[str, Any]) -> None:
    """Seal a plan and write it, readable by its owner alone. DeliveryError where that cannot be."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(rendered(plan, os.environ.get(KEY)))
    except OSError as error:
        raise DeliveryError(
            f"The plan cannot be written to {path}: {error.strerror}.",
            Exit.BAD_INPUT,
            remedy="Name a file in a directory that exists and may be written to.",
        ) from error


def read(path: Path) -> dict[str, Any]:
    """The plan in a file whose seal is whole. DeliveryError where it is not, or where there is no such file."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DeliveryError(
            f"The plan {path} cannot be read: {error.strerror}.",
            Exit.BAD_INPUT,
            remedy="`caas preview --save-plan FILE` makes one.",
        ) from error
    try:
        document = json.loads(content)
        plan = document["plan"]
        if document["format"] != FORMAT or not isinstance(plan, dict):
            raise ValueError(document["format"])
        sealed, signature = str(document["hash"]), document["signature"]
    except (ValueError, KeyError, TypeError) as error:
        raise _broken(path, f"it is no plan of this version ({FORMAT})") from error
    if not hmac.compare_digest(sealed, digest(plan)):
        raise _broken(path, "its content does not fit its hash")
    key = os.environ.get(KEY)
    _signed(path, plan, signature, key)
    # Spaces, order and repeated keys are bytes too.
    if not hmac.compare_digest(content, rendered(plan, key)):
        raise _broken(path, "its bytes are not those that were written")
    return plan


def rendered(plan: Mapping[str, Any], key: str | None) -> bytes:
    """The bytes of the file."""
    document = {"format": FORMAT, "hash": digest(plan), "plan": plan, "signature": sign(plan, key) if key else None}
    return (json.dumps(document, indent=1, sort_keys=True) + "\n").encode()


def digest(plan: Mapping[str, Any]) -> str:
    """``sha256:…`` of a plan, whatever its layout."""
    return f"sha256:{hashlib.sha256(canonical(plan)).hexdigest()}"


def sign(plan: Mapping[str, Any], key: str) -> str:
    """``hmac-sha256:…`` of a plan."""
    return f"hmac-sha256:{hmac.new(key.encode(), canonical(plan), hashlib.sha256).hexdigest()}"


def canonical(value: Any) -> bytes:
    """One byte string for one value: keys sorted, nothing between."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _signed(path: Path, plan: Mapping[str, Any], signature: Any, key: str | None) -> None:
    if key is None and signature is not None:
        raise _broken(
            path, f"it is signed, and {KEY} is not set to check that", f"Set {KEY} to the key it was signed with."
        )
    if key is not None and signature is None:
        raise _broken(path, f"it is not signed, and {KEY} asks for a signature")
    if key is not None and not hmac.compare_digest(str(signature), sign(plan, key)):
        raise _broken(path, f"its signature was not made with the key in {KEY}")


def _broken(path: Path, why: str, remedy: str = "Make a new one: `caas preview --save-plan FILE`.") -> DeliveryError:
    return DeliveryError(f"The plan {path} is refused: {why}.", Exit.REFUSED_PLAN, remedy=remedy)
