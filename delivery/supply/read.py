"""What is attested of an image, as far as it can be verified: what nobody whom we trust has signed is not there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from delivery import oci
from delivery.errors import DeliveryError
from delivery.supply import provenance, sbom, scan
from delivery.supply.provenance import Provenance
from delivery.supply.scan import Scan
from delivery.supply.sign import PROVENANCE, VULNERABILITIES, Cosign

T = TypeVar("T")

COLUMNS = ("image", "signed", "SBOM", "scan", "provenance")


@dataclass(frozen=True)
class Facts:
    """What was verified of one image."""

    image: str
    signed: bool = False
    sbom: bool = False
    scan: Scan | None = None
    """The newest; None also where it is too old to count."""
    provenance: Provenance | None = None
    remarks: tuple[str, ...] = ()
    """Why something is not there, where that is known."""

    @property
    def digest(self) -> str:
        """``sha256:…``."""
        return self.image.rpartition("@")[2]

    def option(self) -> dict[str, Any]:
        """As the rule ``image-attested`` of the policy pack takes it."""
        critical = {} if self.scan is None else {"critical": self.scan.critical}
        return {"signed": self.signed, "sbom": self.sbom, **critical}

    def row(self) -> tuple[str, ...]:
        """For the table."""
        found = "-" if self.scan is None else _counts(self.scan)
        origin = self.provenance
        commit = "-" if origin is None else f"{(origin.commit or 'no commit')[:12]} by {origin.builder}"
        return self.image, _yes(self.signed), _yes(self.sbom), found, commit

    def document(self) -> dict[str, Any]:
        """For --json."""
        origin = self.provenance
        return {
            "image": self.image,
            "signed": self.signed,
            "sbom": self.sbom,
            "scan": None
            if self.scan is None
            else {"at": self.scan.at.isoformat(), "scanner": self.scan.scanner, "found": dict(self.scan.counts)},
            "provenance": None if origin is None else {"commit": origin.commit, "builder": origin.builder},
            "remarks": list(self.remarks),
        }


def facts(cosign: Cosign, images: Iterable[str]) -> list[Facts]:
    """What is attested of each image, in their order. Never raises: what cannot be read is not attested, and the
    remarks say why."""
    wanted = list(images)
    with ThreadPoolExecutor(max_workers=4) as workers:
        return list(workers.map(lambda image: _facts(cosign, image), wanted))


def _facts(cosign: Cosign, image: str) -> Facts:
    if (lack := cosign.missing) is not None:
        return Facts(image, remarks=(lack,))
    try:
        if not oci.exists(image):
            return Facts(image, remarks=("it is not in its registry",))
        refusal = cosign.signed(image)
        found, remark = _scan(cosign, image)
        remarks = [f"no signature that counts: {refusal}"] if refusal is not None else []
        return Facts(
            image,
            refusal is None,
            any(sbom.is_one(one) for kind in sbom.KINDS.values() for one in cosign.attested(image, kind)),
            found,
            next(_readable(provenance.read, cosign.attested(image, PROVENANCE)), None),
            (*remarks, *remark),
        )
    except DeliveryError as error:
        return Facts(image, remarks=(error.line.rstrip("."),))


def _scan(cosign: Cosign, image: str) -> tuple[Scan | None, tuple[str, ...]]:
    scans = sorted(_readable(scan.read, cosign.attested(image, VULNERABILITIES)), key=lambda one: one.at)
    if not scans:
        return None, ()
    newest, days = scans[-1], cosign.supply.scan_age
    if newest.fresh(days):
        return newest, ()
    return None, (f"its last scan, of {newest.at:%Y-%m-%d}, is older than {days} days (supplyChain.scanAge)",)


def _readable(reader: Any, predicates: Iterable[Mapping[str, Any]]) -> Any:
    for predicate in predicates:
        try:
            yield reader(predicate)
        except ValueError:
            continue  # What nobody can read says nothing.


def _counts(found: Scan) -> str:
    return ", ".join(f"{number} {severity}" for severity, number in found.counts.items()) or "nothing found"


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"
