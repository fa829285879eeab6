"""The scanner: a command that the configuration names, and what its JSON says.

Its database is its own affair: nothing is downloaded here. What it writes is kept as it is, so that a reader needs to
trust no summary of ours; severities are counted when it is read.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.supply import tools

SEVERITIES = ("critical", "high", "medium", "low", "negligible", "unknown")


@dataclass(frozen=True)
class Scan:
    """What a scanner found in an image, and when."""

    counts: Mapping[str, int]
    """Severity -> vulnerabilities, those that occur."""
    at: datetime
    scanner: str

    @property
    def critical(self) -> int:
        """How many are critical."""
        return self.counts.get("critical", 0)

    def fresh(self, days: int, now: datetime | None = None) -> bool:
        """Was it made in the last ``days``?"""
        return (now or datetime.now(UTC)) - self.at <= timedelta(days=days)


def scan(command: Sequence[str], image: str, sbom: Path, builder: str) -> dict[str, Any]:
    """Run the scanner; its answer as a predicate of cosign's type ``vuln``.

    DeliveryError where it is not there, fails, or answers in a form that nobody here can read.
    """
    words = [word.replace("{sbom}", str(sbom)).replace("{image}", image) for word in command]
    began = datetime.now(UTC)
    done = tools.run(words)
    if done.code != 0:
        raise DeliveryError(
            f"The scanner {command[0]} ended with {done.code}: {done.words}.",
            Exit.NOT_PROVEN,
            remedy="What it finds is judged later: let it end with 0, and see whether it has its database.",
        )
    try:
        result = json.loads(done.out)
        counts(result)
    except ValueError as error:
        raise DeliveryError(
            f"The scanner {command[0]} wrote no JSON of grype or trivy: {error}.",
            Exit.NOT_PROVEN,
            remedy="Let it write JSON to standard output (supplyChain.scanner).",
        ) from error
    descriptor = result.get("descriptor") or {}
    return {
        "invocation": {"parameters": list(command), "uri": "", "event_id": "", "builder.id": builder},
        "scanner": {
            "uri": str(descriptor.get("name") or command[0]),
            "version": str(descriptor.get("version") or result.get("SchemaVersion") or ""),
            "db": {"uri": "", "version": _database(descriptor)},
            "result": result,
        },
        "metadata": {"scanStartedOn": _time(began), "scanFinishedOn": _time(datetime.now(UTC))},
    }


def read(predicate: Mapping[str, Any]) -> Scan:
    """A scan from its predicate. ValueError where it is none."""
    try:
        scanner = predicate["scanner"]
        at = datetime.fromisoformat(predicate["metadata"]["scanFinishedOn"])
        found = counts(scanner["result"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"no scan: {error}") from error
    return Scan(found, at if at.tzinfo else at.replace(tzinfo=UTC), f"{scanner.get('uri')} {scanner.get('version')}")


def counts(result: Any) -> dict[str, int]:
    """Severity -> vulnerabilities, each once for a package. ValueError where it is neither grype's JSON nor trivy's."""
    try:
        found = set(_found(result))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"a finding lacks {error}") from error
    counted = Counter(severity if severity in SEVERITIES else "unknown" for severity, *_ in found)
    return {one: counted[one] for one in SEVERITIES if counted[one]}


def _found(result: Any) -> Iterator[tuple[str, str, str, str]]:
    """Severity, name, package, version."""
    if isinstance(result, Mapping) and isinstance(result.get("matches"), list):
        for match in result["matches"]:
            hole, package = match["vulnerability"], match["artifact"]
            yield hole["severity"].lower(), hole["id"], package["name"], str(package.get("version"))
    elif isinstance(result, Mapping) and "SchemaVersion" in result:
        for part in result.get("Results") or ():
            for hole in part.get("Vulnerabilities") or ():
                version = str(hole.get("InstalledVersion"))
                yield hole["Severity"].lower(), hole["VulnerabilityID"], hole["PkgName"], version
    else:
        raise ValueError("there is neither `matches` (grype) nor `SchemaVersion` (trivy)")


def _database(descriptor: Mapping[str, Any]) -> str:
    """When grype's database was built."""
    database = descriptor.get("db")
    status = database.get("status", database) if isinstance(database, Mapping) else {}
    return str(status.get("built") or "") if isinstance(status, Mapping) else ""


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
