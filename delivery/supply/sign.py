"""cosign: signatures and attestations of an image by its digest, made by whoever may and read by everybody.

What counts is decided by cosign itself: a signature by another key, or of another digest, is none.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components.spec.supply_chain import SupplyChain
from delivery import oci
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.supply import tools
from delivery.supply.tools import Done

TOOL = "cosign"
PASSWORD = "COSIGN_PASSWORD"  # noqa: S105 - its name
SIGNING_KEY = "CAAS_SIGNING_KEY"
"""Environment variable by which cosign alone is told a key that is kept in caas:secrets."""
OIDC = ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "SIGSTORE_ID_TOKEN", "BUILDKITE_AGENT_ACCESS_TOKEN")
"""Environment variables that say that a pipeline can prove who it is."""

NOBODY = "http://127.0.0.1:1"
"""Where cosign looks for Sigstore's keys when a key of ours decides alone: it would ask for them, and go on without an
answer."""

VULNERABILITIES = "vuln"
PROVENANCE = "slsaprovenance1"
"""Types of predicates, as cosign calls them."""


@dataclass(frozen=True)
class Cosign:
    """cosign with one way to sign and one way to know a signature."""

    supply: SupplyChain
    directory: Path
    """Where Pulumi.yaml is: keys are relative to it."""
    secret_key: str | None = field(default=None, repr=False)
    """The private key's file, where caas:secrets holds it."""

    @property
    def missing(self) -> str | None:
        """Why nothing can be verified here; None where it can."""
        if (lack := tools.missing(TOOL)) is not None:
            return lack
        key = self.supply.public_key
        if key is not None and "://" not in key and not self._path(key).is_file():
            return f"the public key {key} (supplyChain.publicKey) is not there"
        return None

    @property
    def unable(self) -> str | None:
        """Why nothing can be signed here; None where it can."""
        if (lack := self.missing) is not None:
            return lack
        given = self.supply
        if given.identity is not None:
            known = any(os.environ.get(name) for name in OIDC)
            return None if known else "nobody vouches for this process (no OIDC identity of a pipeline)"
        if given.key_secret is not None:
            return None if self.secret_key else f"caas:secrets.{given.key_secret} is empty"
        if given.key is None:
            return "no key is configured (supplyChain.key)"
        if "://" not in given.key and not self._path(given.key).is_file():
            return f"the key {given.key} (supplyChain.key) is not there"
        return None

    def sign(self, image: str) -> None:
        """Sign an image. DeliveryError where cosign refuses."""
        self._must([TOOL, "sign", "--yes", *self._signing(), image], image, "sign")

    def attest(self, image: str, kind: str, predicate: Path) -> None:
        """Record what is known of an image, in place of what was recorded of that kind. DeliveryError where cosign
        refuses."""
        what = ["--type", kind, "--predicate", str(predicate), "--replace"]
        self._must([TOOL, "attest", "--yes", *what, *self._signing(), image], image, f"record the {kind} of")

    def signed(self, image: str) -> str | None:
        """None where a signature of the image is ours; else what cosign says."""
        done = self._run([TOOL, "verify", *self._verifying(), "--output", "json", image], image)
        return None if done.code == 0 else done.words

    def attested(self, image: str, kind: str) -> list[Mapping[str, Any]]:
        """What is recorded of an image of that kind, by us; nothing where nothing is."""
        done = self._run([TOOL, "verify-attestation", "--type", kind, *self._verifying(), image], image)
        return predicates(done.out) if done.code == 0 else []

    def _signing(self) -> Sequence[str]:
        given = self.supply
        if given.identity is not None:
            return ()
        key = f"env://{SIGNING_KEY}" if given.key_secret is not None else self._key(given.key or "")
        return ("--key", key, f"--tlog-upload={'true' if given.transparency_log else 'false'}")

    def _verifying(self) -> Sequence[str]:
        given = self.supply
        if given.identity is not None:
            who = given.identity
            return ("--certificate-identity", who.subject, "--certificate-oidc-issuer", who.issuer)
        key = self._key(given.public_key or given.key or "")
        return ("--key", key, f"--insecure-ignore-tlog={'false' if given.transparency_log else 'true'}")

    def _key(self, named: str) -> str:
        return named if "://" in named else str(self._path(named))

    def _path(self, named: str) -> Path:
        return self.directory / Path(named).expanduser()

    def _run(self, command: Sequence[str], image: str) -> Done:
        variables = {SIGNING_KEY: self.secret_key} if self.secret_key is not None else {}
        if self.supply.identity is None and not self.supply.transparency_log:
            variables["TUF_MIRROR"] = NOBODY
        repository = place(self.supply, image)
        if repository != oci.Reference.of(image).repository:
            variables["COSIGN_REPOSITORY"] = repository
        return tools.run(command, variables)

    def _must(self, command: Sequence[str], image: str, verb: str) -> None:
        done = self._run(command, image)
        if done.code != 0:
            remedy = f"Check the key and {PASSWORD}, and that the registry lets us write."
            raise DeliveryError(f"cosign could not {verb} {image}: {done.words}.", Exit.NOT_PROVEN, remedy=remedy)


def place(supply: SupplyChain | None, image: str) -> str:
    """The repository that holds an image's signature and attestations."""
    own = oci.Reference.of(image).repository
    return own if supply is None else supply.repository or own


def predicates(text: str) -> list[Mapping[str, Any]]:
    """The predicates in cosign's answer: one envelope a line, its statement in base64. Another line is none."""
    found = []
    for line in text.splitlines():
        try:
            statement = json.loads(base64.b64decode(json.loads(line)["payload"]))
            found.append(statement["predicate"])
        except (ValueError, KeyError, TypeError, binascii.Error):
            continue
    return [one for one in found if isinstance(one, Mapping)]
