"""What happened to a deployment, as a chat, Grafana and a log want to read it. Pure; who sends it is ``notify.py``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from components.spec.notifications import Occasion

DATASET = "caas.event"
"""The data stream's name is logs-<this>-default."""
ECS_VERSION = "8.11"
LONGEST = 2000
"""Characters of a text: a chat shows no more of it, and a failure's details may be a container's whole log."""

_COLOURS: Mapping[Occasion, str] = {"start": "#439fe0", "success": "good", "failure": "danger", "freeze": "warning"}
_SEVERITY: Mapping[Occasion, str] = {"start": "info", "success": "info", "failure": "error", "freeze": "warn"}
_OUTCOME: Mapping[Occasion, str] = {
    "start": "unknown",
    "success": "success",
    "failure": "failure",
    "freeze": "failure",
}


@dataclass(frozen=True)
class Subject:
    """The deployment that is spoken of."""

    project: str
    stack: str
    tier: str
    platform: str
    operation: str
    """What was asked for, as a verb: up, promote, rollback."""
    services: tuple[str, ...]
    user: str
    host: str
    commit: str | None = None
    reason: str | None = None
    """Why it was made although something spoke against it."""


@dataclass(frozen=True)
class Event:
    """One thing that happened to it."""

    occasion: Occasion
    subject: Subject
    began: datetime
    at: datetime
    text: str
    """One sentence: what happened."""
    details: tuple[str, ...] = ()
    images: Mapping[str, str] = field(default_factory=dict)
    """Service -> what it runs now."""
    exit_code: int | None = None

    @property
    def seconds(self) -> float:
        """Since the deployment began."""
        return max(0.0, (self.at - self.began).total_seconds())

    def masked(self, masker: Callable[[str], str]) -> Event:
        """The same without any known secret. Before anything is written as JSON, so that it stays JSON."""
        subject = self.subject
        return Event(
            self.occasion,
            Subject(
                subject.project,
                subject.stack,
                subject.tier,
                subject.platform,
                subject.operation,
                subject.services,
                masker(subject.user),
                subject.host,
                subject.commit,
                masker(subject.reason) if subject.reason else None,
            ),
            self.began,
            self.at,
            masker(self.text)[:LONGEST],
            tuple(masker(detail) for detail in self.details),
            dict(self.images),
            self.exit_code,
        )


def slack(event: Event) -> dict[str, Any]:
    """A message as Slack and those who follow it take it."""
    subject = event.subject
    fields = [("Stack", f"{subject.project}/{subject.stack}"), ("By", f"{subject.user}@{subject.host}")]
    fields += [("Commit", subject.commit[:12])] if subject.commit else []
    fields += [("Reason", subject.reason)] if subject.reason else []
    fields += [("Took", f"{event.seconds:.0f} s")] if event.occasion != "start" else []
    body = "\n".join((event.text, *event.details))[:LONGEST]
    return {
        "text": _escaped(f"{subject.stack}: {event.text}"),
        "attachments": [
            {
                "fallback": _escaped(event.text),
                "color": _COLOURS[event.occasion],
                "text": _escaped(body),
                "fields": [{"title": t, "value": _escaped(v), "short": True} for t, v in fields],
            }
        ],
    }


def annotation(event: Event) -> dict[str, Any]:
    """A region on Grafana's graphs, from the deployment's beginning to its end."""
    subject = event.subject
    reason = f" Reason: {subject.reason}" if subject.reason else ""
    return {
        "time": _milliseconds(event.began),
        "timeEnd": _milliseconds(event.at),
        "tags": ["caas", "deployment", subject.project, subject.stack, event.occasion, *subject.services],
        "text": f"{event.text}{reason}",
    }


def record(event: Event) -> dict[str, Any]:
    """The event with the fields of the Elastic Common Schema; what that has no field for stands below ``caas``."""
    subject = event.subject
    return {
        "@timestamp": event.at.isoformat(timespec="milliseconds"),
        "ecs": {"version": ECS_VERSION},
        "message": event.text,
        "log": {"level": _SEVERITY[event.occasion], "logger": "caas"},
        "event": {
            "kind": "event",
            "category": ["configuration"],
            "type": ["denied" if event.occasion == "freeze" else "change"],
            "action": f"deployment-{event.occasion}",
            "outcome": _OUTCOME[event.occasion],
            "dataset": DATASET,
            "start": event.began.isoformat(timespec="milliseconds"),
            "end": event.at.isoformat(timespec="milliseconds"),
            "duration": round(event.seconds * 1e9),
            **({"reason": subject.reason} if subject.reason else {}),
        },
        "data_stream": {"type": "logs", "dataset": DATASET, "namespace": "default"},
        "service": {"name": subject.project, "environment": subject.stack},
        "user": {"name": subject.user},
        "host": {"hostname": subject.host},
        "caas": {
            "event": event.occasion,
            "stack": subject.stack,
            "tier": subject.tier,
            "platform": subject.platform,
            "operation": subject.operation,
            "services": list(subject.services),
            "images": [f"{name}={image}" for name, image in sorted(event.images.items())],
            "commit": subject.commit,
            "details": list(event.details),
            "exit_code": event.exit_code,
        },
    }


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _escaped(text: str) -> str:
    """Nothing that happened calls a whole channel: Slack reads commands between angle brackets."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
