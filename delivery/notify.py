"""Tells people and systems of a deployment. Whatever becomes of the news, the deployment is not failed by it, and is
held up for LIMIT seconds at the most: docs/adr/0023-error-budget-freeze.md says what is told of a freeze.

Each listener has a thread of its own, so that one that hangs keeps nothing from the others.
"""

from __future__ import annotations

import json
import os
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from components.spec import Environment
from components.spec.notifications import Occasion
from delivery import commits, events, purpose
from delivery.errors import DeliveryError
from delivery.events import Event, Subject
from delivery.exit_codes import Exit
from delivery.output import Output
from delivery.post import NotSentError, Target, post
from delivery.purpose import Purpose

WEBHOOK_URL = "CAAS_WEBHOOK_URL"
GRAFANA_TOKEN = "CAAS_GRAFANA_TOKEN"  # noqa: S105 - its name
ELASTICSEARCH_KEY = "CAAS_ELASTICSEARCH_API_KEY"
"""Environment variables."""

LIMIT = 5.0
"""Seconds that the end of a deployment waits for its news to be taken, all listeners together."""

ENDS: frozenset[Occasion] = frozenset({"success", "failure", "freeze"})
"""One of these ends every deployment; systems get that one, with the deployment's beginning in it."""


class Program(Protocol):
    """What is asked of a stack; see ``delivery.stack.ProgramStack``."""

    @property
    def directory(self) -> Path:
        """Where Pulumi.yaml is."""

    def secret(self, key: str) -> str | None:
        """The value of a key in caas:secrets."""


@dataclass(frozen=True)
class Listener:
    """Somebody who is told."""

    name: str
    """As a warning calls it: never an address."""
    occasions: frozenset[Occasion]
    send: Callable[[Event, float], None]
    """Tell it of an event, until that time on the monotonic clock. NotSentError where it was not taken."""


class Notifier:
    """Tells every listener, each in turn and none of them waiting for another. Never raises."""

    def __init__(self, listeners: tuple[Listener, ...], output: Output, *, limit: float = LIMIT) -> None:
        self._output = output
        self._limit = limit
        self._lines = [_Line(listener, limit) for listener in listeners]

    def tell(self, event: Event) -> None:
        """Hand the event over; answers at once."""
        masked = event.masked(self._output.masker)
        for line in self._lines:
            if event.occasion in line.listener.occasions:
                line.put(masked)

    def close(self) -> None:
        """Wait until everything is taken, for the limit at the most, and say what was not."""
        until = time.monotonic() + self._limit
        for line in self._lines:
            for problem in line.close(until):
                self._output.warn(f"{line.listener.name} was not told of the deployment, which goes on: {problem}.")


class _Line:
    """One listener's thread, and what it has still to be told."""

    def __init__(self, listener: Listener, limit: float) -> None:
        self.listener = listener
        self._limit = limit
        self._events: queue.Queue[Event | None] = queue.Queue()
        self._problems: list[str] = []
        self._thread: threading.Thread | None = None

    def put(self, event: Event) -> None:
        self._events.put(event)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, daemon=True)
            self._thread.start()

    def close(self, until: float) -> list[str]:
        if self._thread is None:
            return []
        self._events.put(None)
        self._thread.join(max(0.0, until - time.monotonic()))
        if self._thread.is_alive():
            return [f"it had not answered after {self._limit:.0f} s"]
        return list(dict.fromkeys(self._problems))

    def _work(self) -> None:
        while (event := self._events.get()) is not None:
            try:
                self.listener.send(event, time.monotonic() + self._limit)
            except NotSentError as error:
                self._problems.append(str(error))
            except Exception as error:  # A listener's fault is never the deployment's.
                self._problems.append(type(error).__name__)


class Told:
    """What is said of one deployment while it goes on."""

    def __init__(self, subject: Subject, notifier: Notifier) -> None:
        self._subject = subject
        self._notifier = notifier
        self._began = datetime.now(UTC)
        self._ended = False

    def start(self) -> None:
        """It begins."""
        self._tell("start", f"{self._subject.operation} has begun: {', '.join(self._subject.services)}.")

    def success(self, changed: int, images: Mapping[str, str]) -> None:
        """It is proven."""
        what = f"{changed} changed" if changed else "nothing to change"
        self._tell("success", f"{self._subject.operation} is done and proven: {what}.", images=images)

    def ended(self, error: BaseException) -> None:
        """It ended otherwise. Says nothing after its success was told."""
        if isinstance(error, DeliveryError):
            occasion: Occasion = "freeze" if isinstance(error, FrozenError) else "failure"
            self._tell(occasion, error.message, error.details, error.code)
        elif isinstance(error, KeyboardInterrupt):
            self._tell("failure", f"{self._subject.operation} was stopped.", exit_code=Exit.INTERRUPTED)
        else:
            self._tell("failure", f"{self._subject.operation} ended unexpectedly.", exit_code=Exit.UNEXPECTED)

    def _tell(
        self,
        occasion: Occasion,
        text: str,
        details: tuple[str, ...] = (),
        exit_code: Exit | None = None,
        images: Mapping[str, str] | None = None,
    ) -> None:
        if self._ended:
            return
        self._ended = occasion in ENDS
        code = Exit.FINE if occasion == "success" else exit_code
        number = int(code) if code is not None else None
        event = Event(
            occasion, self._subject, self._began, datetime.now(UTC), text, details, dict(images or {}), number
        )
        self._notifier.tell(event)


class FrozenError(DeliveryError):
    """A deployment that is refused because the error budget is spent, or cannot be read."""


@contextmanager
def deployment(stack: Program, environment: Environment, output: Output, why: Purpose) -> Iterator[Told]:
    """One deployment of an environment: however it ends, those who want to know are told, and it ends as it would have
    without them."""
    commit = commits.current(stack.directory)
    subject = Subject(
        project=environment.project,
        stack=environment.stack,
        tier=environment.tier,
        platform=environment.platform,
        operation=why.operation,
        services=tuple(service.name for service in environment.services),
        user=purpose.user(),
        host=socket.gethostname(),
        commit=commit.id if commit is not None else None,
        reason=why.reason,
    )
    notifier = Notifier(listeners(stack, environment, output), output)
    told = Told(subject, notifier)
    try:
        yield told
    except BaseException as error:
        told.ended(error)
        raise
    finally:
        notifier.close()


def listeners(stack: Program, environment: Environment, output: Output) -> tuple[Listener, ...]:
    """Everybody whom the settings and the variables name. Addresses and tokens are secret from here on."""
    settings = environment.notifications
    found = []
    if url := _webhook(stack, settings.webhook, output):
        target = Target(url)
        found.append(Listener("The webhook", frozenset(settings.on), _to(target, events.slack)))
    if settings.grafana is not None:
        token = os.environ.get(GRAFANA_TOKEN)
        target = Target(f"{settings.grafana.rstrip('/')}/api/annotations", _bearer("Bearer", token, output))
        found.append(Listener("Grafana", ENDS, _to(target, events.annotation)))
    if settings.elasticsearch is not None:
        key = os.environ.get(ELASTICSEARCH_KEY)
        path = f"logs-{events.DATASET}-default/_doc"
        target = Target(f"{settings.elasticsearch.rstrip('/')}/{path}", _bearer("ApiKey", key, output))
        found.append(Listener("Elasticsearch", ENDS, _to(target, events.record)))
    if settings.events is not None:
        found.append(Listener("The event log", ENDS, _line(settings.events, stack.directory, output)))
    return tuple(found)


def _webhook(stack: Program, key: str | None, output: Output) -> str | None:
    url = os.environ.get(WEBHOOK_URL)
    if not url and key is not None:
        try:
            url = stack.secret(key)
        except DeliveryError as error:
            output.warn(f"The webhook is not told of the deployment, which goes on: {error.message}")
    if url:
        output.masker.add([url])
    return url or None


def _bearer(scheme: str, token: str | None, output: Output) -> dict[str, str]:
    if not token:
        return {}
    output.masker.add([token])
    return {"Authorization": f"{scheme} {token}"}


def _to(target: Target, form: Callable[[Event], Mapping[str, object]]) -> Callable[[Event, float], None]:
    def send(event: Event, until: float) -> None:
        post(target, form(event), until)

    return send


def _line(file: str, directory: Path, output: Output) -> Callable[[Event, float], None]:
    def send(event: Event, until: float) -> None:
        del until
        line = json.dumps(events.record(event))
        if file == "-":
            output.line(line)
            return
        try:
            with (directory / file).open("a", encoding="utf-8") as log:
                log.write(f"{line}\n")
        except OSError as error:
            raise NotSentError(f"{file}: {error.strerror}") from None

    return send
