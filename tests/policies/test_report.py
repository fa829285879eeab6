"""Reports from the engine's events: text, JSON, Markdown and SARIF say the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from policies import catalogue, report
from policies.report import Event, Verdict, events, main, markdown

DEPLOYMENT = "urn:pulumi:prod::caas::caas:kubernetes:Service$kubernetes:apps/v1:Deployment::web-deployment"


def event(message: str, level: str = "mandatory", rule: str = "image-digest", urn: str = DEPLOYMENT) -> dict[str, Any]:
    """One line of the engine's log."""
    body = {"policyName": rule, "enforcementLevel": level, "severity": "high", "message": message, "resourceUrn": urn}
    return {"sequence": 1, "timestamp": 2, "policyEvent": body}


LOG = [
    {"sequence": 0, "preludeEvent": {"config": {}}},
    event("waived: image by tag; web-team until 2026-12-31: The vendor has no digests.", "advisory"),
    event("A rule in dev.\nsomething (spec.x)\nRemedy: mend it.", "advisory"),
    event("undecided: spec.image is not known yet; An image is named by digest.", "advisory"),
    event("An image is named by digest.\n'shop:1' | <b>@you`x`\nRemedy: name it."),
    event("An image is named by digest.\n'shop:1' | <b>@you`x`\nRemedy: name it."),
    event("undecided: spec.image is still not known; An image is named by digest.", rule="other-rule"),
    event("policies/waivers.yaml:2: the waiver of x covers no violation; remove it", rule="waivers"),
]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """The engine's log."""
    path = tmp_path / "events.json"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in LOG))
    return path


def printed(capsys: pytest.CaptureFixture[str], kind: str, log: Path) -> str:
    """A report as the command prints it."""
    assert main([kind, str(log)]) == 0
    return capsys.readouterr().out


def test_events_are_sorted_the_worst_first_and_each_told_once() -> None:
    found = events(LOG)
    assert [(one.verdict, one.rule) for one in found] == [
        (Verdict.REFUSED, "image-digest"),
        (Verdict.REFUSED, "other-rule"),
        (Verdict.REFUSED, "waivers"),
        (Verdict.UNDECIDED, "image-digest"),
        (Verdict.ADVISED, "image-digest"),
        (Verdict.WAIVED, "image-digest"),
    ]
    assert found[0].name == "kubernetes:apps/v1:Deployment web-deployment"


def test_text_tells_counts_and_every_line(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, "text", log).splitlines()
    assert lines[0] == "Policies: 3 refused, 1 undecided, 1 advised, 1 waived."
    first = "refused    image-digest  kubernetes:apps/v1:Deployment web-deployment: An image is named by digest."
    assert lines[1:4] == [first, "             'shop:1' | <b>@you`x`", "             Remedy: name it."]


def test_nothing_found_is_said() -> None:
    assert report.text(()) == "Policies: no violation.\n"
    assert markdown(()) == "### Policies: no violation\n"


def test_json_holds_the_counts_and_every_finding(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(printed(capsys, "json", log))
    assert found["counts"] == {"refused": 3, "undecided": 1, "advised": 1, "waived": 1}
    assert len(found["findings"]) == 6
    assert found["findings"][3] == {
        "verdict": "undecided",
        "rule": "image-digest",
        "severity": "high",
        "resource": DEPLOYMENT,
        "message": "undecided: spec.image is not known yet; An image is named by digest.",
    }


def test_markdown_is_one_table_that_no_message_can_break(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, "markdown", log).splitlines()
    assert lines[:4] == [
        "### Policies: 3 refused, 1 undecided, 1 advised, 1 waived",
        "",
        "| | rule | resource | what |",
        "|---|---|---|---|",
    ]
    assert len(lines) == 10
    assert "'shop:1' \\| &lt;b>@\u200byou'x'<br>Remedy: name it. |" in lines[4]


def test_markdown_fits_a_comment_and_counts_what_does_not() -> None:
    many = tuple(Event(Verdict.REFUSED, "image-digest", "high", DEPLOYMENT, f"{n} " + "x" * 500) for n in range(200))
    found = markdown(many)
    assert len(found) <= report.COMMENT_LIMIT
    rows = found.count("| refused |")
    assert found.endswith(f"\n{200 - rows} more are not shown.\n")
    assert 100 < rows < 200
    assert "200 refused" in found.splitlines()[0]


# The part of SARIF 2.1.0 that code scanning reads: key -> type or the shape below it; a trailing ? may be missing.
SHAPE: dict[str, Any] = {
    "$schema": str,
    "version": str,
    "runs": [
        {
            "tool": {
                "driver": {
                    "name": str,
                    "semanticVersion": str,
                    "rules": [
                        {
                            "id": str,
                            "shortDescription": {"text": str},
                            "fullDescription?": {"text": str},
                            "help?": {"text": str},
                            "properties?": {"security-severity": str, "tags": [str]},
                        }
                    ],
                }
            },
            "results": [
                {
                    "ruleId": str,
                    "ruleIndex?": int,
                    "kind": str,
                    "level": str,
                    "message": {"text": str},
                    "locations": [
                        {
                            "physicalLocation": {"artifactLocation": {"uri": str}, "region": {"startLine": int}},
                            "logicalLocations": [{"fullyQualifiedName": str, "kind": str}],
                        }
                    ],
                    "partialFingerprints": {"finding/v1": str},
                    "suppressions?": [{"kind": str, "status": str, "justification": str}],
                }
            ],
            "columnKind": str,
        }
    ],
}


def differs(value: Any, shape: Any, path: str = "") -> list[str]:
    """Where a document has another shape."""
    if isinstance(shape, type):
        return [] if type(value) is shape else [f"{path}: {value!r} is no {shape.__name__}"]
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{path} is no list"]
        return [fault for number, each in enumerate(value) for fault in differs(each, shape[0], f"{path}[{number}]")]
    if not isinstance(value, dict):
        return [f"{path} is no object"]
    known = {key.rstrip("?") for key in shape}
    faults = [f"{path}.{key} is not known" for key in value if key not in known]
    for key, below in shape.items():
        if key in value or key.rstrip("?") in value:
            faults += differs(value[key.rstrip("?")], below, f"{path}.{key.rstrip('?')}")
        elif not key.endswith("?"):
            faults.append(f"{path}.{key} is missing")
    return faults


def test_the_shape_is_really_compared() -> None:
    assert differs({"version": 2}, {"version": str, "runs": [int], "more?": int}) == [
        ".version: 2 is no str",
        ".runs is missing",
    ]
    assert differs([{"a": 1, "b": 2}], [{"a": int}]) == ["[0].b is not known"]


def test_sarif_has_the_shape_of_its_standard(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(printed(capsys, "sarif", log))
    assert differs(found, SHAPE) == []
    assert (found["version"], found["$schema"]) == ("2.1.0", "https://json.schemastore.org/sarif-2.1.0.json")
    (run,) = found["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert sorted(rules) == sorted([*catalogue.load().ids, "waivers"])
    for result in run["results"]:
        assert result["kind"] in ("fail", "open")
        assert result["level"] in (("none",) if result["kind"] == "open" else ("error", "warning", "note"))
        if "ruleIndex" in result:
            assert rules[result["ruleIndex"]] == result["ruleId"]
    scores = [
        rule["properties"]["security-severity"] for rule in run["tool"]["driver"]["rules"] if "properties" in rule
    ]
    assert all(0 < float(score) <= 10 for score in scores)


def test_sarif_tells_every_verdict_apart(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = json.loads(printed(capsys, "sarif", log))["runs"][0]["results"]
    assert [(one["level"], one["kind"], "suppressions" in one) for one in results] == [
        ("error", "fail", False),
        ("error", "fail", False),
        ("error", "fail", False),
        ("none", "open", False),
        ("warning", "fail", False),
        ("note", "fail", True),
    ]
    place = results[0]["locations"][0]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "Pulumi.prod.yaml"
    assert place["logicalLocations"][0]["fullyQualifiedName"] == DEPLOYMENT
    assert len({one["partialFingerprints"]["finding/v1"] for one in results}) == len(results)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["html", "x"], "usage: python -m policies.report text|json|markdown|sarif EVENT_LOG"),
        (["text"], "usage: python -m policies.report"),
        (["text", "none.json"], "none.json: cannot be read (No such file or directory); make it with pulumi preview"),
    ],
)
def test_bad_input_is_one_line(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(said)
    assert captured.err.count("\n") == 1


def test_a_line_that_is_no_json_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "events.json"
    log.write_text('{"sequence": 1}\nPreviewing\n')
    assert main(["text", str(log)]) == 2
    assert capsys.readouterr().err == f"{log}:2: no JSON; make it with pulumi preview --event-log\n"
