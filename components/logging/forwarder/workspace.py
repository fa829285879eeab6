"""Asks the workspace, as the group's own identity."""

from __future__ import annotations

import time
from urllib.parse import urlencode

from components.logging.forwarder import http, rows
from components.logging.forwarder.settings import Settings
from components.logging.forwarder.times import text

EARLY = 300
"""Seconds before its end that a token is asked for anew."""
FEWEST_ROWS = 100
"""A page is not made smaller than this when an answer was too large."""


class PartialError(Exception):
    """The service gave only a part of what was asked for: the answer was too large."""


class Workspace:
    """The rows of one workspace."""

    def __init__(self, settings: Settings, workspace: str, client: str) -> None:
        self._settings, self._client = settings, client
        self._url = f"{settings.api}/v1/workspaces/{workspace}/query"
        self._token, self._until = "", 0.0
        self._limit = rows.ROWS

    def page(self, begin: int, end: int) -> tuple[list[rows.Row], int]:
        """The next rows from ``begin`` on, and the point up to which nothing is missing.

        A page that is too large is halved; where it does not hold one slice, that slice is asked for alone.

        :raises http.RefusedError: The service says no.
        :raises OSError: It cannot be reached.
        :raises ValueError: It answers something else, or one slice is larger than an answer may be.
        """
        while True:
            try:
                return rows.page(self._rows(begin, end, self._limit), self._limit, end)
            except rows.SliceTooLargeError as error:
                return self._slice(begin, error.end)
            except PartialError:
                if self._limit <= FEWEST_ROWS:
                    raise ValueError(f"not even {FEWEST_ROWS} rows come in one answer") from None
                self._limit = max(FEWEST_ROWS, self._limit // 2)

    def _slice(self, begin: int, end: int) -> tuple[list[rows.Row], int]:
        """All rows up to the end of the next slice that has any."""
        try:
            found = self._rows(begin, end, rows.MOST_ROWS)
        except PartialError:
            found = None
        if found is None or len(found) >= rows.MOST_ROWS:
            raise ValueError(f"ten seconds up to {text(end)} have more lines than one answer may hold")
        return found, end

    def _rows(self, begin: int, end: int, limit: int) -> list[rows.Row]:
        question = rows.query(begin, end, self._settings.own, limit)
        try:
            answer = http.ask("the workspace", self._url, self._authorised(), {"query": question})
        except http.RefusedError as error:
            if error.status == 401:
                self._until = 0
            if error.status == 400 and "Failed to resolve table" in error.said:
                # The table is there once the first line of the environment has come.
                return []
            raise
        if "error" in answer:
            raise PartialError
        return rows.parsed(answer)

    def _authorised(self) -> dict[str, str]:
        if time.time() > self._until - EARLY:
            asked = {"api-version": "2018-02-01", "resource": self._settings.api, "client_id": self._client}
            url = f"{self._settings.metadata}/metadata/identity/oauth2/token?{urlencode(asked)}"
            found = http.ask("the metadata service", url, {"Metadata": "true"})
            self._token, self._until = str(found["access_token"]), float(found["expires_on"])
        return {"Authorization": f"Bearer {self._token}"}
