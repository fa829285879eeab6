"""What the engine's refusals mean: its text put into one line, a way out, and an exit code. Pure."""

from __future__ import annotations

import re

from delivery.errors import DeliveryError
from delivery.exit_codes import Exit

_NOISE = re.compile(
    r"^(error|warning): |^\s*(Diagnostics|Resources|Duration|Outputs):|^\s*$|^Updating |^Previewing |^\+ "
)
_BACKEND_SIGNS = (
    "unable to open state directory",
    "problem logging in",
    "could not open bucket",
    "unable to open bucket",
    "could not list bucket",
    'read ".pulumi/meta.yaml"',
    "unable to check if bucket",
    "no such bucket",
    "failed to connect",
    "unknown backend",
)
"""How the engine begins to say that it cannot reach or may not enter the place of the state."""
_BACKEND_REFUSES = ("no credentials provided or are invalid", "invalid access token", "pulumi_access_token must be set")
"""How the engine says that the place of the state takes no such credential."""
_REFUSED_CREDENTIALS = (
    "provide credentials",
    "unauthorized",
    "expiredtoken",
    "token included in the request is",
    "invalidclienttokenid",
    "credentials have expired",
    "credentials were refreshed, but the refreshed credentials are still expired",
    "invalid_grant",
    "reauth related error",
    "aadsts700082",
    "aadsts7000222",
)
"""How clusters and clouds say it: Kubernetes, AWS, Google Cloud, Azure."""
_SUMMARY = re.compile(r"^error: (update|preview) failed$")
"""How the engine ends its report: it says nothing of why."""
_NO_CLUSTER = re.compile(r"configured Kubernetes cluster is unreachable: (.+?)(\. Make sure you have:)?$", re.MULTILINE)
"""Why a resource could not be read or made: its own error may only say that it could not."""
LONGEST = 400
"""Characters of the engine's own words that are shown."""


def explain(text: str, stack: str, backend: str) -> DeliveryError:
    """One error for what the engine wrote before it gave up. ``backend``: its URL, without credentials."""
    lowered = text.lower()
    if "incorrect passphrase" in lowered:
        return DeliveryError(
            f"The passphrase of stack {stack!r} is wrong: its secrets cannot be decrypted.",
            Exit.BAD_INPUT,
            remedy="Set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to the one that it was made with.",
        )
    if "passphrase must be set" in lowered:
        return DeliveryError(
            f"Stack {stack!r} encrypts its secrets with a passphrase, and none is given.",
            Exit.BAD_INPUT,
            remedy="Set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE.",
        )
    if re.search(r"no stack named .* found", lowered):
        return missing_stack(stack, backend)
    if any(sign in lowered for sign in _BACKEND_REFUSES):
        return DeliveryError(
            f"The state backend {backend} refuses the credential: {_first(text)}.",
            Exit.BAD_INPUT,
            remedy="Renew it: `pulumi login`, or PULUMI_ACCESS_TOKEN. PULUMI_BACKEND_URL says which backend is meant.",
        )
    if _unreachable_backend(lowered):
        return DeliveryError(
            f"The state backend {backend} cannot be reached: {_first(text)}.",
            Exit.BAD_INPUT,
            remedy="Check PULUMI_BACKEND_URL and the credential for it.",
        )
    if "is currently locked by" in lowered:
        return DeliveryError(f"Stack {stack!r} is locked.", Exit.LOCKED)
    if "violates mandatory policy" in lowered or "mandatory] " in lowered:
        return DeliveryError(f"Stack {stack!r} violates a mandatory policy: {_first(text)}.", Exit.POLICY)
    if any(sign in lowered for sign in _REFUSED_CREDENTIALS):
        return DeliveryError(
            f"A credential that stack {stack!r} needs was refused: {_first(text)}.",
            Exit.DEPLOYMENT_FAILED,
            remedy="It is wrong, or has expired: renew it, and run the same command again.",
        )
    if "configured kubernetes cluster is unreachable" in lowered:
        return DeliveryError(
            f"The Kubernetes cluster of stack {stack!r} cannot be reached: {_first(text)}.",
            Exit.DEPLOYMENT_FAILED,
            remedy="Check that it runs and that the kubeconfig names its present address.",
        )
    return DeliveryError(f"The engine could not apply stack {stack!r}: {_first(text)}.", Exit.DEPLOYMENT_FAILED)


def missing_stack(stack: str, backend: str) -> DeliveryError:
    """For commands that need a stack which was applied before."""
    return DeliveryError(
        f"There is no stack {stack!r} in {backend}.",
        Exit.BAD_INPUT,
        remedy=f"`pulumi stack ls` shows what is there; `caas up --stack {stack}` makes it.",
    )


def _unreachable_backend(lowered: str) -> bool:
    return any(sign in lowered for sign in _BACKEND_SIGNS)


def _first(text: str) -> str:
    """The first line that says what happened: why there is no cluster, the engine's ``error:`` line, or the first one
    with any content."""
    if why := _NO_CLUSTER.search(text):
        return why[1].strip().rstrip(".")[:LONGEST]
    lines = [line.strip() for line in text.splitlines()]
    said = next((line for line in lines if line.startswith("error: ") and not _SUMMARY.match(line)), None)
    said = said or next((line for line in lines if not _NOISE.match(line)), "it gave no reason")
    return said.removeprefix("error: ").rstrip(".")[:LONGEST]
