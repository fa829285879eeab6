"""Commands that are played in this process: cosign, syft and a scanner, with what they keep and were asked."""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from components.spec.supply_chain import SupplyChain
from delivery.supply import tools
from delivery.supply.sign import Cosign
from delivery.supply.tools import Done

NOTHING = {"matches": [], "descriptor": {"name": "grype", "version": "0.1"}}


def grype(*severities: str) -> dict[str, Any]:
    """grype's JSON with a vulnerability of each severity."""
    matches = [
        {"vulnerability": {"id": f"CVE-{n}", "severity": severity}, "artifact": {"name": "zlib", "version": "1.2"}}
        for n, severity in enumerate(severities)
    ]
    return {**NOTHING, "matches": matches}


REFUSAL = "Error: no matching signatures: invalid signature\nerror during command execution\n"


def _payloads(found: Sequence[Mapping[str, Any]]) -> str:
    """Attestations as cosign writes them."""
    statements = [base64.b64encode(json.dumps({"predicate": one["predicate"]}).encode()).decode() for one in found]
    return "\n".join(json.dumps({"payload": one}) for one in statements)


@dataclass
class World:
    """The played commands and what they keep."""

    home: Path
    calls: list[list[str]] = field(default_factory=list)
    """What was asked so far."""
    kept: list[dict[str, Any]] = field(default_factory=list)
    """What cosign keeps: image, kind, key and predicate of each."""
    broken: Sequence[str] = ()
    """Where cosign fails: ``attest vuln``, ``sign None``."""
    together: threading.Barrier | None = None
    """Where two that attest meet once, after each has read what is there and before either writes."""
    found: str = json.dumps(NOTHING)
    """What the scanner writes."""

    def run(self, command: Sequence[str], variables: Mapping[str, str] | None = None, limit: float = 0) -> Done:
        """In place of ``delivery.supply.tools.run``."""
        self.calls.append([*command[command[0] == "cosign" :]])
        return {"cosign": self._cosign, "syft": self._syft, "scanner": self._scanner}[command[0]](
            list(command), variables or {}
        )

    def _cosign(self, command: list[str], variables: Mapping[str, str]) -> Done:
        def given(name: str) -> str | None:
            return command[command.index(name) + 1] if name in command else None

        verb, image, kind, key = command[1], command[-1], given("--type"), str(given("--key"))
        if f"{verb} {kind}" in self.broken:
            return Done(1, "", "Error: the registry hung up\n")
        # A pair of keys has the same text in both its files.
        text = variables[key.removeprefix("env://")] if key.startswith("env://") else Path(key).read_text()
        if verb in ("verify", "verify-attestation"):
            kept = [one for one in self.kept if (one["image"], one["kind"]) == (image, kind)]
            ours = [one for one in kept if one["key"] == text]
            # What others have signed is there to be read all the same.
            return Done(0, f"Verified --\n{_payloads(ours)}", "") if ours else Done(12, _payloads(kept), REFUSAL)
        if os.environ["COSIGN_PASSWORD"] != "opened":
            return Done(1, "", "main.go: signing\nError: decrypt: encrypted: decryption failed\n")
        predicate = json.loads(Path(str(given("--predicate"))).read_text()) if verb == "attest" else None
        read = self.kept
        if verb == "attest" and self.together is not None:
            self.together.wait()
            self.together = None
        rest = [one for one in read if (one["image"], one["kind"]) != (image, kind)]
        self.kept = [*rest, {"image": image, "kind": kind, "key": text, "predicate": predicate}]
        return Done(0, "", "")

    def _syft(self, command: list[str], variables: Mapping[str, str]) -> Done:
        form, _, file = command[-1].partition("=")
        document = {"spdxVersion": "SPDX-2.3"} if form == "spdx-json" else {"bomFormat": "CycloneDX"}
        Path(file).write_text(json.dumps(document))
        return Done(0, "", "")

    def _scanner(self, command: list[str], variables: Mapping[str, str]) -> Done:
        assert json.loads(Path(command[1]).read_text())["spdxVersion"]
        return Done(0, self.found, "")

    def remove(self, name: str) -> None:
        """Take one away."""
        (self.home / "bin" / name).unlink()

    def finds(self, result: Mapping[str, Any]) -> None:
        """What the scanner writes from now on."""
        self.found = json.dumps(result)

    def made(self) -> list[str]:
        """What was made so far, in its order: SBOMs, scans, attestations by their type, signatures."""
        names = {"syft": "syft", "scanner": "scanner", "sign": "sign"}
        return [
            names.get(call[0]) or f"attest {call[call.index('--type') + 1]}"
            for call in self.calls
            if call[0] in names or call[0] == "attest"
        ]

    def alter(self, **changes: Any) -> None:
        """Change everything that cosign keeps."""
        self.kept = [{**one, **changes} for one in self.kept]

    def cosign(self, **changes: Any) -> Cosign:
        """cosign with our own key."""
        given = {"key": "our.key", "publicKey": "our.pub", "scanner": ["scanner", "{sbom}"], **changes}
        given = {key: value for key, value in given.items() if value is not None}
        return Cosign(SupplyChain.model_validate_json(json.dumps(given)), self.home)


def played(directory: Path, patch: pytest.MonkeyPatch) -> World:
    """The commands, alone on the PATH."""
    (directory / "bin").mkdir()
    world = World(directory)
    for name in ("cosign", "syft", "scanner"):
        (directory / "bin" / name).touch(mode=0o755)
    patch.setattr(tools, "run", world.run)
    for who in ("our", "their"):
        for kind in ("key", "pub"):
            (directory / f"{who}.{kind}").write_text(who)
    patch.setenv("PATH", str(directory / "bin"))
    patch.setenv("COSIGN_PASSWORD", "opened")
    for name in ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "SIGSTORE_ID_TOKEN", "GITHUB_WORKFLOW_REF", "CI_PROJECT_URL"):
        patch.delenv(name, raising=False)
    return world
