"""The four figures from records alone, and how Prometheus gets them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from delivery import exposition
from delivery.dora import Figures, figures
from delivery.errors import DeliveryError
from delivery.records import Commit, Kind, Outcome, Release
from tests.delivery.test_records import release

NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
MINUTE = 60.0


def made(
    number: int, outcome: Outcome, *, minute: float, took: float = 2, kind: Kind = Kind.UP, changed: int = 3
) -> Release:
    """A release that began that many minutes after the first of the month's last day; its commit an hour before."""
    began = NOW - timedelta(hours=6) + timedelta(minutes=minute)
    return release(
        number,
        kind=kind,
        began=began,
        ended=began + timedelta(minutes=took),
        outcome=outcome,
        changed=changed,
        commit=Commit("c" * 40, began - timedelta(hours=1), "main", False),
    )


def of(*found: Release, days: int = 10) -> Figures:
    return figures(found, NOW, project="shop", stack="prod", days=days)


def test_nothing_released_is_no_figure() -> None:
    assert of() == Figures("shop", "prod", 10, 0, 0, 0.0, None, None, None, 0)


def test_good_deployments_have_a_frequency_and_a_lead_time() -> None:
    found = of(*(made(n, Outcome.SUCCEEDED, minute=n, took=n) for n in (1, 2, 3)))
    assert (found.deployments, found.failures, found.frequency) == (3, 0, 0.3)
    assert found.lead_time == 62 * MINUTE
    assert (found.failure_rate, found.restore) == (0.0, None)


def test_a_failure_is_restored_by_the_next_good_release() -> None:
    found = of(
        made(1, Outcome.SUCCEEDED, minute=0),
        made(2, Outcome.FAILED, minute=10, took=2),
        made(3, Outcome.NOT_PROVEN, minute=15, took=1),
        made(4, Outcome.SUCCEEDED, minute=20, took=2),
    )
    assert (found.deployments, found.failures, found.failure_rate) == (2, 2, 0.5)
    assert found.restore == 8 * MINUTE  # the median of 22 - 12 and 22 - 16
    assert found.unrestored == 0


def test_what_a_rollback_undid_had_failed() -> None:
    found = of(
        made(1, Outcome.SUCCEEDED, minute=0),
        made(2, Outcome.SUCCEEDED, minute=10, took=2),
        made(3, Outcome.SUCCEEDED, minute=30, took=1, kind=Kind.ROLLBACK),
    )
    assert (found.deployments, found.failures, found.failure_rate) == (2, 1, 0.5)
    assert found.restore == 19 * MINUTE


def test_what_went_back_by_itself_was_restored_when_it_ended() -> None:
    found = of(made(1, Outcome.ROLLED_BACK, minute=0, took=7))
    assert (found.deployments, found.failures, found.failure_rate, found.restore) == (0, 1, 1.0, 7 * MINUTE)


def test_what_is_not_restored_yet_has_no_time() -> None:
    found = of(made(1, Outcome.FAILED, minute=0))
    assert (found.restore, found.unrestored) == (None, 1)


@pytest.mark.parametrize(
    "other",
    [
        made(2, Outcome.SUCCEEDED, minute=10, changed=0),
        made(2, Outcome.INTERRUPTED, minute=10),
        made(2, Outcome.REFUSED, minute=10),
        replace(made(2, Outcome.IN_PROGRESS, minute=10), ended=None),
        made(2, Outcome.SUCCEEDED, minute=10 - 60 * 24 * 11),
    ],
    ids=["changed-nothing", "interrupted", "refused", "in-progress", "before-the-window"],
)
def test_what_is_no_deployment_counts_for_nothing(other: Release) -> None:
    assert of(made(1, Outcome.SUCCEEDED, minute=0), other) == of(made(1, Outcome.SUCCEEDED, minute=0))


FIGURES = Figures('sh"op', "prod", 30, 12, 3, 0.4, 5400.0, 0.25, None, 1)
TEXT = exposition.text(FIGURES)


def test_the_exposition_leaves_out_what_is_not_known() -> None:
    labels = '{project="sh\\"op",stack="prod"}'
    lines = [line for line in TEXT.splitlines() if not line.startswith("#")]
    assert lines == [
        f"caas_dora_window_days{labels} 30",
        f"caas_dora_deployments{labels} 12",
        f"caas_dora_failed_deployments{labels} 3",
        f"caas_dora_deployments_per_day{labels} 0.4",
        f"caas_dora_lead_time_seconds{labels} 5400",
        f"caas_dora_change_failure_ratio{labels} 0.25",
        f"caas_dora_unrestored_failures{labels} 1",
    ]
    assert "# TYPE caas_dora_lead_time_seconds gauge\n" in TEXT


def test_the_file_is_there_as_a_whole(tmp_path: Path) -> None:
    file = tmp_path / "caas.prom"
    file.write_text("old")
    exposition.write(FIGURES, file)
    assert file.read_text() == TEXT
    assert file.stat().st_mode & 0o777 == 0o644
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match=r"none/caas\.prom cannot be written: No such file or directory"):
        exposition.write(FIGURES, tmp_path / "none" / "caas.prom")


@contextmanager
def gateway(status: int) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """A Pushgateway that answers so; its URL, and what it was sent."""
    seen: list[tuple[str, str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            seen.append((self.path, str(self.headers["Content-Type"]), body))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"" if status == 200 else b"no room")

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", seen
        finally:
            server.shutdown()
            thread.join()


def test_a_pushgateway_gets_them_in_place_of_the_last() -> None:
    with gateway(200) as (url, seen):
        exposition.push(FIGURES, f"{url}/")
    assert seen == [("/metrics/job/caas_dora/project/sh%22op/stack/prod", exposition.CONTENT, TEXT)]


def test_a_pushgateway_that_refuses_or_is_gone_is_named() -> None:
    with gateway(400) as (url, _), pytest.raises(DeliveryError, match=f"{url} answered 400: no room"):
        exposition.push(FIGURES, url)
    with pytest.raises(DeliveryError, match=r"The Pushgateway http://127\.0\.0\.1:1 cannot be reached"):
        exposition.push(FIGURES, "http://127.0.0.1:1")
