"""Sends one document by HTTP, with a bounded number of tries within a bounded time. Says what went wrong without the
address, which may be a secret."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

TRIES = 4
TIMEOUT = 3.0
"""Seconds for one try."""
FIRST_PAUSE = 0.5
"""Seconds before the second try; doubled before each further one."""
LATER = (408, 425, 429)
"""Answers below 500 that may be another one a moment later."""


class NotSentError(Exception):
    """It was not taken. The text says why, and never where to."""


@dataclass(frozen=True)
class Target:
    """Where a document goes."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    method: str = "POST"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A document and its credentials go where they were sent, and nowhere else."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)


def post(
    target: Target,
    document: Mapping[str, Any],
    until: float,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Send it, and again where that may help. NotSentError where it was not taken by ``until`` on the clock."""
    send(target, json.dumps(document).encode(), until, clock=clock, sleep=sleep)


def send(
    target: Target,
    body: bytes,
    until: float,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """The same for what is written already."""
    pause, tried = FIRST_PAUSE, 0
    while True:
        tried += 1
        left = until - clock()
        if left <= 0:
            raise NotSentError("the time for it was over")
        wait = pause
        try:
            _once(target, body, min(TIMEOUT, left))
            return
        except urllib.error.HTTPError as error:
            with error:
                why = f"it answered {error.code}"
                if error.code < 500 and error.code not in LATER:
                    raise NotSentError(why) from None
                wait = max(wait, _asked(error.headers.get("Retry-After")))
        except (OSError, http.client.HTTPException) as error:
            why = _why(error)
        except ValueError:
            raise NotSentError("its address is no URL of http or https") from None
        if tried == TRIES or clock() + wait >= until:
            raise NotSentError(f"{why}, {tried} times" if tried > 1 else why)
        sleep(wait)
        pause *= 2


def _once(target: Target, body: bytes, timeout: float) -> None:
    if not target.url.startswith(("http://", "https://")):
        raise ValueError
    headers = {"Content-Type": "application/json", "User-Agent": "caas", **target.headers}
    request = urllib.request.Request(target.url, data=body, headers=headers, method=target.method)  # noqa: S310 - looked at above
    with _OPENER.open(request, timeout=timeout):
        pass


def _asked(header: str | None) -> float:
    """Seconds that the other side asks us to wait; a date is as good as no answer."""
    return float(header) if header is not None and header.isdecimal() else 0.0


def _why(error: Exception) -> str:
    """The system's own word: an error's text may hold the address."""
    reason = getattr(error, "reason", error)
    if isinstance(reason, TimeoutError):
        return "it did not answer in time"
    if isinstance(reason, OSError) and reason.strerror:
        return f"it cannot be reached ({reason.strerror})"
    return f"it cannot be reached ({type(reason).__name__})"
