"""A scanner's JSON, counted; and what is no answer of one."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.supply import scan, tools
from delivery.supply.tools import Done
from tests.delivery.supply.stand_ins import grype


def trivy(*severities: str) -> dict[str, Any]:
    """trivy's JSON with a vulnerability of each severity."""
    found = [
        {"VulnerabilityID": f"CVE-{n}", "Severity": severity, "PkgName": "zlib", "InstalledVersion": "1.2"}
        for n, severity in enumerate(severities)
    ]
    return {"SchemaVersion": 2, "Results": [{"Target": "os", "Vulnerabilities": found}, {"Target": "nothing"}]}


@pytest.mark.parametrize(
    ("result", "counts"),
    [
        (grype(), {}),
        (grype("Critical", "Low", "Critical", "Negligible"), {"critical": 2, "low": 1, "negligible": 1}),
        (grype("Dreadful"), {"unknown": 1}),
        (trivy(), {}),
        (trivy("CRITICAL", "HIGH", "UNKNOWN"), {"critical": 1, "high": 1, "unknown": 1}),
        ({"SchemaVersion": 2}, {}),
        ({"matches": grype("High")["matches"] * 2}, {"high": 1}),
    ],
)
def test_severities_are_counted_each_vulnerability_once_for_a_package(
    result: dict[str, Any], counts: dict[str, int]
) -> None:
    assert scan.counts(result) == counts


@pytest.mark.parametrize(
    "result", [{}, [], "matches", {"matches": None}, {"matches": [{}]}, {"matches": [{"vulnerability": {}}]}, None]
)
def test_what_is_no_answer_of_a_scanner_is_never_taken_for_a_clean_one(result: Any) -> None:
    with pytest.raises(ValueError, match=r"matches|lacks"):
        scan.counts(result)


def scanned(monkeypatch: pytest.MonkeyPatch, done: Done) -> dict[str, Any]:
    """The predicate where the scanner ends like this."""
    asked: list[Any] = []

    def run(command: Any, *_: Any) -> Done:
        asked.append(command)
        return done

    monkeypatch.setattr(tools, "run", run)
    made = scan.scan(["grype", "sbom:{sbom}", "{image}"], "r.test/web@sha256:0", Path("/x/sbom.json"), "the-builder")
    assert asked == [["grype", "sbom:/x/sbom.json", "r.test/web@sha256:0"]]
    return made


def test_the_answer_is_kept_as_it_is_with_the_scanner_and_its_database(monkeypatch: pytest.MonkeyPatch) -> None:
    descriptor = {"name": "grype", "version": "0.99", "db": {"status": {"built": "2026-01-01T00:00:00Z"}}}
    answer = {**grype("Critical"), "descriptor": descriptor}
    made = scanned(monkeypatch, Done(0, json.dumps(answer), "a warning"))
    assert made["scanner"]["result"] == answer
    assert made["scanner"]["db"]["version"] == "2026-01-01T00:00:00Z"
    assert made["invocation"]["builder.id"] == "the-builder"
    read = scan.read(made)
    assert (read.critical, read.scanner) == (1, "grype 0.99")
    assert read.fresh(1)
    assert not read.fresh(30, datetime.now(UTC) + timedelta(days=31))


@pytest.mark.parametrize(
    ("done", "said"),
    [
        (Done(1, json.dumps(grype()), "Error: no database"), "The scanner grype ended with 1: Error: no database."),
        (Done(0, "no JSON", ""), "The scanner grype wrote no JSON of grype or trivy: "),
        (Done(0, "{}", ""), "The scanner grype wrote no JSON of grype or trivy: there is neither `matches`"),
    ],
)
def test_a_scanner_that_fails_has_found_nothing_out(monkeypatch: pytest.MonkeyPatch, done: Done, said: str) -> None:
    with pytest.raises(DeliveryError) as refused:
        scanned(monkeypatch, done)
    assert refused.value.message.startswith(said)
    assert refused.value.code is Exit.NOT_PROVEN
    assert refused.value.remedy is not None


@pytest.mark.parametrize("predicate", [{}, {"scanner": {"result": grype()}}, {"scanner": None}])
def test_a_predicate_that_is_no_scan_is_none(predicate: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no scan"):
        scan.read(predicate)
