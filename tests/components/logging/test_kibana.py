"""What Kibana shows of the lines: objects that find one another, under ids that stay."""

from __future__ import annotations

import json
import re

from components.logging import kibana, templates
from components.logging.names import stream


def fields() -> set[str]:
    """Every field that the template indexes by name."""

    def names(properties: dict[str, dict[str, object]], above: str = "") -> set[str]:
        found = set()
        for key, field in properties.items():
            inner = field.get("properties")
            found |= names(inner, f"{above}{key}.") if isinstance(inner, dict) else {f"{above}{key}"}
        return found

    return names(templates.mappings()["properties"])


def test_every_reference_leads_to_an_object_before_it() -> None:
    known: set[tuple[str, str]] = set()
    for one in kibana.objects("prod"):
        assert {(it["type"], it["id"]) for it in one["references"]} <= known
        known.add((one["type"], one["id"]))
    assert ("index-pattern", "caas-logs-prod") in known
    assert ("dashboard", "caas-logs-prod-overview") in known


def test_the_view_is_of_the_environments_lines() -> None:
    view = kibana.objects("prod")[0]
    assert view["attributes"]["title"] == stream("prod")
    assert view["attributes"]["timeFieldName"] == "@timestamp"


def test_searches_ask_for_fields_that_are_indexed() -> None:
    for _, _, question, columns in kibana.SEARCHES:
        assert set(columns) <= fields()
        assert set(re.findall(r"([a-z_.]+):", question)) <= fields()


def test_each_panel_shows_a_search_and_none_covers_another() -> None:
    dashboard = kibana.objects("prod")[-1]
    panels = json.loads(dashboard["attributes"]["panelsJSON"])
    named = {one["name"] for one in dashboard["references"]}
    assert {f"{one['panelIndex']}:{one['panelRefName']}" for one in panels} == named
    assert [one["gridData"]["y"] for one in panels] == [0, 15, 30]


def test_it_is_imported_as_one_line_of_json_each_and_always_the_same() -> None:
    lines = kibana.ndjson("prod").splitlines()
    assert [json.loads(line) for line in lines] == list(kibana.objects("prod"))
    assert kibana.upload("prod") == kibana.upload("prod")
    assert kibana.upload("prod").count(kibana.BOUNDARY.encode()) == 2
