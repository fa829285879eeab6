"""CloudWatch's log groups: how long they are kept, and by whose key."""

from __future__ import annotations

from collections.abc import Iterator

from policies.reading import filled, number, shown
from policies.rule import Answer, Resource, Rule, Setting, Severity, judged

GROUPS = frozenset({"aws:cloudwatch/logGroup:LogGroup"})

FEWEST = 1
"""Days at the least, unless the option ``days`` says more: 0, the cloud's default, is for ever."""


def _retention(resource: Resource, setting: Setting) -> Iterator[Answer]:
    fewest = number(setting.options.get("days")) or FEWEST
    yield from judged(
        resource.properties,
        ("retentionInDays",),
        lambda found: (number(found) or 0) < fewest,
        lambda found: (
            f"logs are kept for {shown(found, '0')} days, and 0 is for ever; set retentionInDays to {fewest:g} or more"
        ),
    )


def _key(resource: Resource, _: Setting) -> Iterator[Answer]:
    yield from judged(
        resource.properties,
        ("kmsKeyId",),
        lambda found: not filled(found),
        "logs are not encrypted by a key of your own; set kmsKeyId",
    )


RULES = (
    Rule(
        id="log-retention",
        title="Logs are kept for a time that somebody has chosen.",
        severity=Severity.MEDIUM,
        reason="By default they stay for ever: at a price, and with everything about people that stands in them.",
        remedy="Set retentionInDays.",
        types=GROUPS,
        check=_retention,
        references=("CKV_AWS_66", "CKV_AWS_338", "CloudWatch.16"),
        schema={
            "days": {
                "type": "integer",
                "minimum": 1,
                "default": FEWEST,
                "description": "Days that logs are kept at the least.",
            }
        },
    ),
    Rule(
        id="log-kms",
        title="Logs are encrypted by a key of KMS.",
        severity=Severity.MEDIUM,
        reason="Logs tell about people and systems; a key of your own says who may read them, and shows who did.",
        remedy="Set kmsKeyId. The key's policy has to admit logs.<region>.amazonaws.com.",
        types=GROUPS,
        check=_key,
        references=("CKV_AWS_158",),
    ),
)
