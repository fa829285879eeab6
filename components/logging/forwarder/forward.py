"""The work: a page out of the workspace, what of it is missing to the Collector, and on once Elasticsearch has it all.

Nothing is noted anywhere. How far a forwarder has come is asked of Elasticsearch when it starts, and each page is asked
for there before it is handed over: one that was killed in the middle goes on without a loss, and without sending what
has arrived.
"""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence

from components.logging.forwarder import http, rows
from components.logging.forwarder.elasticsearch import Elasticsearch
from components.logging.forwarder.lines import Line, lines, record
from components.logging.forwarder.settings import Settings
from components.logging.forwarder.times import SECOND, text
from components.logging.forwarder.workspace import Workspace

LOOK = 1.0
"""Seconds between two looks for what was handed over."""
SHORTEST, LONGEST = 1.0, 60.0
"""Seconds of the pause after something has failed; it doubles each time."""
TRIES = 3
"""Times that one line is handed over while others of its page arrive; then it is given up, and said so."""
SEND_TIMEOUT = 60.0
"""Seconds that the Collector may take no bytes."""


def say(level: str, message: str, **fields: object) -> None:
    """One line of the forwarder's own log."""
    print(json.dumps({"level": level, "msg": message, **fields}), flush=True)


class Forwarder:
    """Carries lines until it is stopped."""

    def __init__(
        self,
        settings: Settings,
        workspace: Workspace,
        elasticsearch: Elasticsearch,
        stop: threading.Event,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings, self._workspace, self._elasticsearch = settings, workspace, elasticsearch
        self._stop, self._clock = stop, clock
        self._continues = re.compile(settings.continues)
        self._refused: Counter[str] = Counter()
        self.reached: int | None = None
        """Up to where everything has arrived, in ticks; None before Elasticsearch was asked."""

    def run(self) -> None:
        """Page after page. What fails is said and tried again, for ever."""
        pause = SHORTEST
        while not self._stop.is_set():
            try:
                more = self.once()
                pause = SHORTEST
            except (OSError, ValueError, KeyError, http.RefusedError) as error:
                if self._stop.is_set():
                    return
                say("error", str(error) or type(error).__name__)
                wait = max(pause, getattr(error, "after", 0))
                pause = min(LONGEST, pause * 2)
                self._stop.wait(wait)
                continue
            if not more:
                self._stop.wait(self._settings.pause)

    def once(self) -> bool:
        """One page; whether there may be another one at once.

        :raises OSError: Somebody cannot be reached, or a line has not arrived in time.
        :raises http.RefusedError: Somebody says no.
        :raises ValueError: Somebody says what cannot be.
        """
        if self.reached is None:
            self.reached = self._begin()
            say("info", "begins", since=text(self.reached))
        end = rows.aligned(int((self._clock() - self._settings.lag) * SECOND))
        if end <= self.reached:
            return False
        found, upto = self._workspace.page(self.reached, end)
        self._carry(lines(found, self._continues))
        self.reached = upto
        self._refused.clear()
        return upto < end

    def _begin(self) -> int:
        """All that was on its way when a forwarder ended is of one page, and a page has a longest span."""
        newest = self._elasticsearch.newest()
        if newest is None:
            return rows.aligned(int((self._clock() - self._settings.lookback) * SECOND))
        return rows.aligned(newest) - rows.SPAN

    def _carry(self, page: Sequence[Line]) -> None:
        """Hand over what is missing, and wait until it is there."""
        missing = self._missing(page)
        if not missing:
            return
        self._send(missing)
        end = time.monotonic() + self._settings.patience
        while missing and not self._stop.is_set():
            if time.monotonic() > end:
                self._judge(page, missing)
                return
            self._stop.wait(LOOK)
            missing = self._missing(missing)
        if missing:
            raise InterruptedError("stopped before all lines had arrived")

    def _missing(self, page: Sequence[Line]) -> list[Line]:
        there = self._elasticsearch.present([line.id for line in page])
        return [line for line in page if line.id not in there]

    def _send(self, missing: Sequence[Line]) -> None:
        address = ("127.0.0.1", self._settings.collector)
        with socket.create_connection(address, timeout=SEND_TIMEOUT) as connection:
            for line in missing:
                connection.sendall(record(line, self._settings.services))

    def _judge(self, page: Sequence[Line], missing: Sequence[Line]) -> None:
        """A line that does not arrive while others of its page do is refused for what it is; where none does, it is
        the way that is closed.

        :raises TimeoutError: They are to be handed over again.
        """
        if len(missing) < len(page):
            self._refused.update(line.id for line in missing)
        given_up = [line for line in missing if self._refused[line.id] >= TRIES]
        for line in given_up:
            where = {"group": line.row.group, "container": line.row.container, "time": line.row.time}
            say("error", "Elasticsearch does not take a line; it is given up", id=line.id, **where)
        if len(given_up) < len(missing):
            raise TimeoutError(f"{len(missing)} of {len(page)} lines have not arrived at Elasticsearch")
