"""One request, and what its answer says. No redirects, no proxies: the two addresses are known."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

TIMEOUT = 200.0
"""Seconds; a query may take three minutes ("Timeouts", Log Analytics API)."""
EXCERPT = 300
"""Characters of an answer that stand in a message."""


class RefusedError(Exception):
    """An answer other than 2xx.

    :param after: Seconds that the service asks to wait; 0 where it does not say.
    """

    def __init__(self, who: str, status: int, said: str, after: float = 0) -> None:
        super().__init__(f"{who} answered {status}: {said[:EXCERPT]}")
        self.status, self.said, self.after = status, said, after


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())


def ask(who: str, url: str, headers: Mapping[str, str], body: object = None) -> dict[str, Any]:
    """Send a question, and read the JSON that comes back.

    :param who: Names the other side in messages; a URL or a header never stands there.
    :param body: Sent as JSON with POST. Without one it is a GET.
    :raises RefusedError: It says no.
    :raises OSError: It cannot be reached, or stops in the middle.
    :raises ValueError: It says something that is no JSON.
    """
    data = None if body is None else json.dumps(body).encode()
    given = {**headers, **({} if data is None else {"Content-Type": "application/json"})}
    request = urllib.request.Request(url, data, given)  # noqa: S310 - from the settings, http or https
    try:
        with _OPENER.open(request, timeout=TIMEOUT) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
    except urllib.error.HTTPError as error:
        with error:
            after = error.headers.get("Retry-After", "")
            said = error.read().decode(errors="replace")
            raise RefusedError(who, error.code, said, float(after) if after.isdecimal() else 0) from None
    except urllib.error.URLError as error:
        raise ConnectionError(f"{who} cannot be reached: {error.reason}") from None
    except http.client.HTTPException as error:
        raise ConnectionError(f"{who} stopped in the middle: {type(error).__name__}") from None
