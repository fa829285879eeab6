"""Who is told in a cloud that calls its receivers itself: by mail, or by a URL. Pure.

One list of receivers (``caas:monitoring.receivers``) says it for every platform; what a cloud has no way to reach is
refused by ``components/spec/checks_monitoring_stack.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from components.spec.environment import Environment
from components.spec.monitoring import Receivers, Severity

EVERY: frozenset[Severity] = frozenset(get_args(Severity))
PAGER_DUTY = "https://events.pagerduty.com/integration/{}/enqueue"
"""Where PagerDuty's integrations for CloudWatch and for Azure take their alerts, by the integration's key."""


@dataclass(frozen=True)
class Address:
    """One that is told."""

    name: str
    """Of what is declared for it."""
    protocol: Literal["email", "url"]
    value: str
    """The address of e-mail, or the key in ``caas:secrets`` that the URL is made of."""
    severities: frozenset[Severity] = EVERY
    template: str = "{}"
    """The URL, with the secret's place in it."""


def addresses(environment: Environment, emails: Sequence[str], webhooks: Sequence[str]) -> tuple[Address, ...]:
    """Everybody who is told, each once: those of ``caas:monitoring.receivers`` and those of the cloud's own keys.

    A severity that nobody has asked for goes to all of them.

    :param emails: Of the cloud's own key: they are told of everything.
    :param webhooks: Keys in ``caas:secrets``, likewise.
    """
    receivers = environment.monitoring.receivers if environment.monitoring is not None else Receivers()
    own = [*(Address(one, "email", one) for one in emails), *(Address(key, "url", key) for key in webhooks)]
    found: dict[str, Address] = {}
    for one in (*_listed(receivers), *own):
        before = found.get(one.name)
        found[one.name] = one if before is None else _both(before, one)
    asked = frozenset[Severity]().union(*(one.severities for one in found.values()))
    return tuple(
        Address(one.name, one.protocol, one.value, one.severities | (EVERY - asked), one.template)
        for one in found.values()
    )


def _listed(receivers: Receivers) -> Iterator[Address]:
    if receivers.email is not None:
        for one in receivers.email.to:
            yield Address(one, "email", one, frozenset(receivers.email.severities))
    if receivers.pager_duty is not None:
        duty = receivers.pager_duty
        yield Address("pager-duty", "url", duty.key, frozenset(duty.severities), PAGER_DUTY)
    if receivers.webhook is not None:
        yield Address(receivers.webhook.url, "url", receivers.webhook.url, frozenset(receivers.webhook.severities))


def _both(one: Address, other: Address) -> Address:
    return Address(one.name, one.protocol, one.value, one.severities | other.severities, one.template)
