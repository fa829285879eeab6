"""One JSON API, asked with a token: bounded tries, bounded time, and errors that never hold the token."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import urllib3

from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.proxies import Pools

REACHED = 5.0
"""Seconds for a connection."""
LIMIT = 20.0
"""Seconds for an answer."""
PAGE = 100
"""Entries in a page: the most that GitLab and GitHub give."""
PAGES = 50
"""Pages that are read of one list."""
_READING = urllib3.Retry(
    total=3, redirect=0, status_forcelist=(429, 502, 503, 504), backoff_factor=0.5, raise_on_status=False
)
_WRITING = urllib3.Retry(
    # What was answered 429 or 503 was not carried out. What was not answered may have been: it is not sent again, or an
    # unsteady network would open an issue twice.
    total=3,
    read=0,
    redirect=0,
    status_forcelist=(429, 503),
    allowed_methods=None,
    backoff_factor=0.5,
    raise_on_status=False,
)


class Api:
    """A forge's API below one address."""

    def __init__(self, name: str, base: str, headers: Mapping[str, str]) -> None:
        self._name = name
        self._base = base.rstrip("/")
        self._headers = {"Accept": "application/json", "User-Agent": "caas", **headers}
        self._pool = Pools(timeout=urllib3.Timeout(connect=REACHED, read=LIMIT))

    def get(self, path: str, query: Mapping[str, str | int] | None = None, *, missing: bool = False) -> Any:
        """One document; None where there is none and ``missing`` allows that."""
        asked = f"{path}?{urlencode(query)}" if query else path
        return self._ask("GET", asked, missing=missing)

    def all(self, path: str, **query: str | int) -> Iterator[Any]:
        """Every entry of a list, page by page."""
        for page in range(1, PAGES + 1):
            entries = self.get(path, {**query, "per_page": PAGE, "page": page})
            if not isinstance(entries, list):
                raise self._wrong(path, "no list")
            yield from entries
            if len(entries) < PAGE:
                return

    def send(self, method: str, path: str, content: Mapping[str, Any]) -> Any:
        """Write one document."""
        return self._ask(method, path, json.dumps(content).encode())

    def _ask(self, method: str, path: str, body: bytes | None = None, *, missing: bool = False) -> Any:
        headers = self._headers if body is None else {**self._headers, "Content-Type": "application/json"}
        try:
            answer = self._pool.request(
                method,
                f"{self._base}{path}",
                body=body,
                headers=headers,
                redirect=False,
                retries=_READING if method == "GET" else _WRITING,
            )
        except urllib3.exceptions.HTTPError as error:
            raise DeliveryError(
                f"{self._name} at {self._base} cannot be reached ({_reason(error)}).",
                Exit.UNEXPECTED,
                remedy="Look at the address and the network, and run the job again.",
            ) from None
        if answer.status == 404 and missing:
            return None
        if answer.status >= 300:
            raise self._refused(method, path, answer.status, answer.data)
        if not answer.data:
            return None
        try:
            return json.loads(answer.data)
        except ValueError:
            raise self._wrong(path, "no JSON") from None

    def _refused(self, method: str, path: str, status: int, data: bytes) -> DeliveryError:
        said = data[:200].decode(errors="replace").strip()
        remedy = (
            "Look at what the token in CAAS_FORGE_TOKEN may do: docs/pipelines.md says what it needs."
            if status in (401, 403, 404)
            else "Run the job again; if it stays, the forge's own log says why."
        )
        return DeliveryError(
            f"{self._name} answered {status} to {method} {path.partition('?')[0]}: {said}",
            Exit.BAD_INPUT if status in (401, 403, 404) else Exit.UNEXPECTED,
            remedy=remedy,
        )

    def _wrong(self, path: str, what: str) -> DeliveryError:
        return DeliveryError(f"{self._name} answered {path} with {what}.", Exit.UNEXPECTED)


def _reason(error: Exception) -> str:
    cause = getattr(error, "reason", error)
    return type(cause).__name__
