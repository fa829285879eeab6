"""Which alerts fire, and which of them a release is to blame for."""

from __future__ import annotations

from dataclasses import dataclass, field

from delivery.alerts import Alert, firing, new_pages
from delivery.prometheus import MetricsError


@dataclass
class Source:
    """Gives one answer after the other; the last one for good. None: nobody answers."""

    answers: list[list[dict[str, str]] | None]
    asked: list[str] = field(default_factory=list)

    def labels(self, query: str) -> list[dict[str, str]]:
        self.asked.append(query)
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if found is None:
            raise MetricsError("nobody answers")
        return found


def alert(name: str, service: str = "web", severity: str = "page") -> dict[str, str]:
    return {"alertname": name, "service": service, "severity": severity}


def test_what_fires_is_asked_for_once_and_sorted() -> None:
    source = Source([[alert("B"), alert("A", "api", "ticket")]])
    assert firing(source, "shop", "prod") == (Alert("api", "A", "ticket"), Alert("web", "B", "page"))
    assert source.asked == [
        'count by (service, alertname, severity) (ALERTS{alertstate="firing",project="shop",environment="prod",'
        'service!=""})'
    ]


def test_a_page_that_begins_during_a_release_is_new() -> None:
    pages = new_pages(Source([[], [], [alert("ServiceDown")]]), "shop", "prod", "web")
    assert pages() == ()
    assert pages() == ("ServiceDown",)


def test_what_fired_before_is_not_the_release_s_fault() -> None:
    pages = new_pages(Source([[alert("Old")], [alert("Old"), alert("New")]]), "shop", "prod", "web")
    assert pages() == ("New",)


def test_another_service_s_page_and_a_ticket_are_no_reason() -> None:
    pages = new_pages(Source([[], [alert("A", "api"), alert("B", severity="ticket")]]), "shop", "prod", "web")
    assert pages() == ()


def test_where_nobody_answers_at_first_the_first_answer_is_what_there_was() -> None:
    answers: list[list[dict[str, str]] | None] = [None, None, [alert("Old")], None, [alert("Old"), alert("New")]]
    pages = new_pages(Source(answers), "shop", "prod", "web")
    assert [pages() for _ in range(4)] == [(), (), (), ("New",)]
