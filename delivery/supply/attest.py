"""``caas attest``: what an image lacks of signature, SBOM, scan and provenance is made, and read again.

Everything is found by the image's digest. What is there already is not made again, so a run that was killed is finished
by the next one.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.output import Output
from delivery.supply import provenance, read, sbom, scan, tools
from delivery.supply.provenance import Origin
from delivery.supply.read import Facts
from delivery.supply.sign import PROVENANCE, VULNERABILITIES, Cosign

ATTEMPTS = 3
"""How often what is missing is made. All attestations of an image are one object in the registry, which cosign reads,
adds to and writes: of two at once one is lost. Each looks again after its last write, so the last one sees it."""


@dataclass(frozen=True)
class Task:
    """One image that gets what it lacks."""

    image: str
    origin: Callable[[], Origin | None] = lambda: None
    """Asked where the provenance is missing; None where nobody knows who built it."""
    rescan: bool = False
    """Scan again although a scan counts still."""


def able(cosign: Cosign) -> None:
    """DeliveryError where nothing can be attested here."""
    for lack in (cosign.unable, tools.missing(sbom.TOOL)):
        if lack is not None:
            raise DeliveryError(
                f"Nothing can be attested here: {lack}.",
                Exit.BAD_INPUT,
                remedy="docs/runbook.md, 'An image is not attested', says what is needed.",
            )


def attest(task: Task, cosign: Cosign, output: Output) -> Facts:
    """Make what is missing, the signature last: an image that has one has all that could be made.

    DeliveryError where something cannot be made, or is not there afterwards.
    """
    (found,) = read.facts(cosign, [task.image])
    short = f"{task.image.partition('@')[0]}@{found.digest[:19]}"
    every: list[str] = []
    with tempfile.TemporaryDirectory(prefix="caas-attest-") as directory:
        attesting = _Attesting(task, cosign, output, Path(directory), short)
        for _ in range(ATTEMPTS):
            made = attesting.missing(found)
            if not made:
                break
            every += [what for what in made if what not in every]
            (found,) = read.facts(cosign, [task.image])
            attesting = replace(attesting, task=replace(task, rescan=False))
    if not every:
        output.say(f"{short} has its attestations already.")
    lost = [what for what in every if not _has(found, what)]
    if lost:
        raise DeliveryError(
            f"{short} was given its {' and '.join(lost)}, and yet it has none that counts.",
            Exit.NOT_PROVEN,
            remedy="See whether the key that signs fits the one that is asked for (supplyChain.publicKey, identity).",
            details=found.remarks,
        )
    return found


@dataclass(frozen=True)
class _Attesting:
    task: Task
    cosign: Cosign
    output: Output
    directory: Path
    short: str

    def missing(self, before: Facts) -> list[str]:
        """Make what is missing; answers what that was."""
        made = []
        if not before.sbom:
            self._record("SBOM", sbom.KINDS[self.cosign.supply.sbom], self._sbom())
            made.append("SBOM")
        if self.cosign.supply.scanner and (before.scan is None or self.task.rescan):
            found = scan.scan(self.cosign.supply.scanner, self.task.image, self._sbom(), provenance.builder())
            self._record("scan", VULNERABILITIES, self._file("scan.json", found))
            made.append("scan")
        origin = self.task.origin() if before.provenance is None else None
        if origin is not None:
            self._record(
                "provenance", PROVENANCE, self._file("provenance.json", origin.predicate(provenance.builder()))
            )
            made.append("provenance")
        if not before.signed:
            self.cosign.sign(self.task.image)
            self.output.say(f"{self.short}: signed.")
            made.append("signature")
        return made

    def _sbom(self) -> Path:
        """The one that is recorded already, else a new one."""
        file = self.directory / "sbom.json"
        if file.exists():
            return file
        for kind in sbom.KINDS.values():
            for recorded in filter(sbom.is_one, self.cosign.attested(self.task.image, kind)):
                return self._file(file.name, recorded)
        sbom.make(self.task.image, self.cosign.supply.sbom, file)
        return file

    def _file(self, name: str, content: Mapping[str, Any]) -> Path:
        file = self.directory / name
        file.write_text(json.dumps(content), encoding="utf-8")
        return file

    def _record(self, what: str, kind: str, file: Path) -> None:
        self.cosign.attest(self.task.image, kind, file)
        self.output.say(f"{self.short}: {what} recorded.")


def _has(facts: Facts, what: str) -> bool:
    held = {"SBOM": facts.sbom, "scan": facts.scan, "provenance": facts.provenance, "signature": facts.signed}
    return bool(held[what])
