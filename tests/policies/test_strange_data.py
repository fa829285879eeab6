"""No rule of the clouds fails at data that is not what it should be: whatever stands anywhere, an answer comes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from policies.reading import parsed
from policies.rule import UNKNOWN, Resource, Rule, Setting
from tests.policies import messages

STRANGE: tuple[Any, ...] = (UNKNOWN, None, "", "text", 5, True, [], [None], [UNKNOWN], [[]], {}, {"a": UNKNOWN})

EVERY = [(domain, rule.id) for domain in messages.DOMAINS for rule in messages.rules(domain)]


def changed(value: Any) -> Iterator[Any]:
    """The value with something strange in one place: at its root, or anywhere inside, documents of JSON included."""
    yield from STRANGE
    if isinstance(value, dict):
        for key, each in value.items():
            yield from ({**value, key: other} for other in changed(each))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from ([*value[:number], other, *value[number + 1 :]] for other in changed(each))
    elif isinstance(value, str) and value[:1] in ("{", "[") and parsed(value) is not UNKNOWN:
        yield from changed(parsed(value))
        yield from (json.dumps(other, default=str) for other in changed(parsed(value)))


def broken(resource: Resource) -> Iterator[Resource]:
    """The resource with something strange in one of its properties."""
    for properties in changed(dict(resource.properties)):
        if isinstance(properties, dict):
            yield replace(resource, properties=properties)


@pytest.mark.parametrize(("domain", "id_"), EVERY, ids=[rule for _, rule in EVERY])
def test_a_rule_answers_whatever_stands_there(domain: str, id_: str) -> None:
    rule = next(each for each in messages.rules(domain) if each.id == id_)
    shown = messages.fixture(domain, id_)
    judged = 0
    for example in (shown.allowed[0], *shown.refused):
        if isinstance(rule, Rule):
            assert isinstance(example, Resource)
            for resource in broken(example):
                messages.answers(rule, Setting(), resource)
                judged += 1
            continue
        assert isinstance(example, tuple)
        for number, part in enumerate(example):
            for resource in broken(part):
                messages.answers(rule, Setting(), (*example[:number], resource, *example[number + 1 :]))
                judged += 1
    assert judged >= len(STRANGE)
