"""The way of a line of JSON through an agent: which lines go it, and what Elasticsearch makes of them again."""

from __future__ import annotations

import re
from typing import Any

import pytest

from components.logging import agent, lines, names, templates
from components.logging.processing import LINE, PREFIX, put_together, stands_after_the_time
from components.logging.redaction import SIGNS

AGENT = agent.Agent(environment="staging", platform="kubernetes", namespace="n")


def evaluated(what: str, line: str) -> bool:
    """What the receiver's expression says of a line, by the same operations in Python."""
    text = re.sub(r"indexOf\(line, ", "line.find(", stands_after_the_time(what))
    return bool(eval(text, {"line": line, "at": line.find(" ")}))


@pytest.mark.parametrize("what", ["F", "F {"])
@pytest.mark.parametrize(
    "line",
    [
        '2026-01-02T03:04:05.1Z stdout F {"a":1}',
        '2026-01-02T03:04:05Z stderr F {"a":1}',
        "2026-01-02T03:04:05Z stdout F text",
        '2026-01-02T03:04:05Z stdout P {"a":1',
        '2026-01-02T03:04:05Z stdout F:tag {"a":1}',
        '2026-01-02T03:04:05Z stdout F stdout F {"a":1}',
        '2026-01-02T03:04:05Z stdout F  stdout F {"a":1}',
        '2026-01-02T03:04:05Z stdout P x\n2026-01-02T03:04:05Z stdout F {"a":1}',
        "2026-01-02T03:04:05Z stdout F",
        ' stdout F {"a":1}',
        "nothing",
        "",
    ],
)
def test_a_search_for_fixed_text_says_what_the_expression_would(what: str, line: str) -> None:
    expression = PREFIX.replace(r"\\", "\\") + " " + re.escape(what)
    assert evaluated(what, line) is bool(re.match(expression, line))


def test_both_ways_divide_the_lines_between_them() -> None:
    dropped = next(one["expr"] for one in put_together("x") if one["type"] == "filter")
    (mark, *_) = lines.operators()
    assert dropped == LINE + stands_after_the_time("F {")
    assert mark["if"].startswith(f"{LINE}not ({stands_after_the_time('F {')}) or ")


def test_a_line_with_a_sign_of_a_credential_is_looked_at_or_does_not_leave() -> None:
    (mark, *_) = lines.operators()
    assert re.findall(r'line contains "([^"]+)"', mark["if"]) == list(SIGNS)
    assert mark["on_error"] == "drop"
    (condition,) = lines.redacted()["conditions"]
    assert condition.startswith(f"log.{mark['field']} != nil and ")


def test_nothing_ends_the_receivers_batches() -> None:
    """An operator that hands lines on one by one makes a request to Elasticsearch of each."""
    kinds = [one["type"] for one in agent.configuration(AGENT)["receivers"]["filelog/lines"]["operators"]]
    assert kinds == ["add", "move", "move", "move"]


def test_an_agent_keeps_no_account_of_itself() -> None:
    telemetry = agent.configuration(AGENT)["service"]["telemetry"]
    assert {telemetry[kind]["level"] for kind in ("metrics", "traces")} == {"none"}


def test_a_line_costs_two_statements() -> None:
    groups = agent.configuration(AGENT)["processors"]["transform/lines"]["log_statements"]
    always: list[dict[str, Any]] = [one for one in groups if one["context"] == "log"]
    redacted, document = always
    assert "!= nil" in redacted["conditions"][0]
    assert len(document["statements"]) == 2


def test_elasticsearch_puts_the_shared_fields_in_their_place_before_it_reads_the_line() -> None:
    steps = templates.ingest_pipeline()["processors"]
    unpacked = [one for one in steps if names.COMMON in repr(one)]
    assert [next(iter(one)) for one in unpacked] == ["gsub", "json", "script"]
    quotes, shared, cut = (next(iter(one.values())) for one in unpacked)
    assert (quotes["pattern"], quotes["replacement"]) == ("'", '"')
    assert shared["add_to_root"] is True
    assert "ctx.message = line.substring(end + 10)" in cut["source"]
    assert {one["if"] for one in (quotes, shared, cut)} == {f"ctx.{names.COMMON} != null"}
    read = next(one for one in steps if one.get("json", {}).get("field") == "message")
    assert steps.index(read) > steps.index(unpacked[-1])
