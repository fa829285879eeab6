"""What a pipeline may where the states are, as Azure's roles and conditions say it. Pure ("Azure role assignment
condition format", "Actions and attributes for Azure Blob Storage")."""

from __future__ import annotations

from components.azure.conditions import matches, unless
from components.pipeline_state import Place
from components.pipeline_tokens import Purpose

BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
KEYS = "Microsoft.KeyVault/vaults/keys"

CHANGES = (f"{BLOBS}/add/action", f"{BLOBS}/delete", f"{BLOBS}/write")


def actions(purpose: Purpose, *, key: bool) -> list[str]:
    """Operations on data: files, and where there is a key what is under it."""
    found = [f"{BLOBS}/read"]
    if purpose == "apply":
        found += CHANGES
    if key:
        found.append(f"{KEYS}/decrypt/action")
        found += [f"{KEYS}/encrypt/action"] if purpose == "apply" else []
    return sorted(found)


def scopes(subscription: str, state: Place, purpose: Purpose) -> dict[str, tuple[str, str | None]]:
    """Name -> where these count, the container and the key, and the condition under which they do."""
    group = f"/subscriptions/{subscription}/resourceGroups/{state.group}/providers"
    account = f"{group}/Microsoft.Storage/storageAccounts/{state.account}"
    found: dict[str, tuple[str, str | None]] = {
        "state": (f"{account}/blobServices/default/containers/{state.bucket}", _condition(state, purpose))
    }
    if state.key is not None:
        host, _, name = state.key.partition("/keys/")
        vault = host.partition(".")[0]
        found["state-key"] = (f"{group}/Microsoft.KeyVault/vaults/{vault}/keys/{name}", None)
    return found


def _condition(state: Place, purpose: Purpose) -> str | None:
    """Reading, listing and changing each under their own names; what is none of these is in no role."""
    rules = []
    if state.path:
        read, listing = matches(f"{BLOBS}/read"), "SubOperationMatches{'Blob.List'}"
        rules.append(unless(f"{read} AND NOT {listing}", _begins("Resource", "path", state.path)))
        rules.append(unless(f"{read} AND {listing}", _begins("Request", "prefix", state.path)))
    if purpose == "apply":
        changed = " OR ".join(matches(one) for one in CHANGES)
        rules.append(unless(changed, " OR ".join(_begins("Resource", "path", one) for one in state.own)))
    return " AND ".join(rules) or None


def _begins(source: str, attribute: str, with_: str) -> str:
    return f"@{source}[{BLOBS}:{attribute}] StringStartsWith '{with_}'"
