"""CloudWatch: log groups and alarms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.clouds.aws import tokens
from sandbox.clouds.aws.formats import arn
from sandbox.clouds.core.errors import CloudError
from sandbox.clouds.core.model import Call, Kind, Name, Quota, Unique, Values
from sandbox.rpc.arguments import UNKNOWN, Failure

# fmt: off
RETENTION = (0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
# fmt: on
"""Days that logs can be kept; 0 is for ever."""


def _group(call: Call) -> dict[str, Any]:
    name = call.inputs["name"]
    return {"id": name, "arn": arn(call.scope, "logs", f"log-group:{name}")}


def _check_group(inputs: Values) -> Iterator[Failure]:
    days = inputs.get("retentionInDays")
    if days is not None and days != UNKNOWN and days not in RETENTION:
        yield Failure("retentionInDays", f"expected retentionInDays to be one of {list(RETENTION)}, got {days:g}")


def _unprotected(call: Call) -> None:
    if call.inputs.get("deletionProtectionEnabled"):
        raise CloudError("ValidationException", "The log group is protected from deletion.")


def _alarm(call: Call) -> dict[str, Any]:
    name = call.inputs["name"]
    return {"id": name, "arn": arn(call.scope, "cloudwatch", f"alarm:{name}")}


def _admit_alarm(call: Call) -> None:
    values = call.inputs
    if not values.get("metricName") and not values.get("metricQueries") and not values.get("evaluationCriteria"):
        raise CloudError("ValidationError", "MetricName or Metrics must be specified")
    if values.get("metricName") and not (values.get("statistic") or values.get("extendedStatistic")):
        raise CloudError("ValidationError", "Statistic or ExtendedStatistic must be specified")
    if values.get("metricName") and not (values.get("namespace") and values.get("period")):
        raise CloudError("ValidationError", "Namespace and Period must be specified with MetricName")
    if (values.get("datapointsToAlarm") or 0) > (values.get("evaluationPeriods") or 0):
        raise CloudError("ValidationError", "DatapointsToAlarm must be less than or equal to EvaluationPeriods")


COMPARISONS = (
    "GreaterThanOrEqualToThreshold",
    "GreaterThanThreshold",
    "GreaterThanUpperThreshold",
    "LessThanLowerOrGreaterThanUpperThreshold",
    "LessThanLowerThreshold",
    "LessThanOrEqualToThreshold",
    "LessThanThreshold",
)

KINDS = (
    Kind(
        tokens.LOG_GROUP,
        "CloudWatch Logs",
        "Log Group",
        _group,
        computed=("arn",),
        replaces=frozenset({"name", "namePrefix", "logGroupClass"}),
        name=Name("name", 512, r"(?!aws/)[a-zA-Z0-9_\-/.#]+", "is no valid name: letters, digits and _-/.# only"),
        defaults={"retentionInDays": 0, "skipDestroy": False, "logGroupClass": "STANDARD"},
        unread=frozenset({"skipDestroy"}),
        choices={"logGroupClass": ("STANDARD", "INFREQUENT_ACCESS", "DELIVERY")},
        unique=Unique(("name",), "ResourceAlreadyExistsException", "The specified log group already exists"),
        quota=Quota(1000000, "LimitExceededException", "Resource limit exceeded."),
        check=_check_group,
        release=_unprotected,
    ),
    Kind(
        tokens.ALARM,
        "CloudWatch",
        "Metric Alarm",
        _alarm,
        computed=("arn",),
        replaces=frozenset({"name"}),
        name=Name("name", 255),
        defaults={"actionsEnabled": True, "treatMissingData": "missing"},
        choices={
            "comparisonOperator": COMPARISONS,
            "statistic": ("SampleCount", "Average", "Sum", "Minimum", "Maximum"),
            "treatMissingData": ("breaching", "notBreaching", "ignore", "missing"),
        },
        quota=Quota(5000, "LimitExceeded", "The maximum number of alarms is {limit}."),
        admit=_admit_alarm,
    ),
)
