"""CloudWatch: log groups with how long they are kept, alarms, and what is measured (``measuring.py``)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch import urls as alarm_urls
from moto.cloudwatch.exceptions import InvalidParameterValue
from moto.cloudwatch.models import Alarm, CloudWatchBackend, Dimension, Metric, MetricDataQuery, MetricStat
from moto.logs import urls as log_urls
from moto.logs.models import LogGroup, LogsBackend

from sandbox.clouds.aws import tokens
from sandbox.clouds.aws.formats import ACCOUNT
from sandbox.clouds.aws.mirrored import measuring
from sandbox.clouds.aws.mirrored.seen import STARTED, Record, Seen, build, tagged
from sandbox.clouds.core.world import World


def _groups(backend: Logs) -> dict[str, LogGroup]:
    with backend.world.open() as world:
        held = world.all(tokens.LOG_GROUP, backend.region_name)
        return {name: _group(record["state"], backend.region_name) for name, record in held.items()}


def _group(state: Record, region: str) -> LogGroup:
    days = int(state["retentionInDays"])
    made = build(LogGroup, ACCOUNT, region, state["name"], RetentionInDays=days or None, kmsKeyId=state.get("kmsKeyId"))
    made.creation_time = STARTED.replace(tzinfo=None)  # moto reckons with naive times here
    return made


def _group_tags(backend: Logs) -> Any:
    with backend.world.open() as world:
        return tagged(world.all(tokens.LOG_GROUP, backend.region_name).values())


class Logs(LogsBackend):
    """The world's log groups; the world has no lines in them."""

    groups: Any = Seen(_groups)
    tagger: Any = Seen(_group_tags)

    def __init__(self, world: World, region: str) -> None:
        self.world = world
        super().__init__(region, ACCOUNT)

    @property
    def _url_module(self) -> Any:
        return log_urls  # moto looks for it beside the class


def _alarms(backend: Alarms) -> dict[str, Alarm]:
    with backend.world.open() as world:
        held = world.all(tokens.ALARM, backend.region_name)
        return {name: _alarm(record["state"], backend.region_name) for name, record in held.items()}


def _alarm(state: Record, region: str) -> Alarm:
    made = build(
        Alarm,
        account_id=ACCOUNT,
        region_name=region,
        name=state["name"],
        namespace=state.get("namespace"),
        metric_name=state.get("metricName"),
        metric_data_queries=[_query(one) for one in state.get("metricQueries") or ()],
        comparison_operator=state["comparisonOperator"],
        evaluation_periods=_whole(state, "evaluationPeriods"),
        datapoints_to_alarm=_whole(state, "datapointsToAlarm"),
        period=_whole(state, "period"),
        threshold=state.get("threshold"),
        statistic=state.get("statistic"),
        extended_statistic=state.get("extendedStatistic"),
        description=state.get("alarmDescription"),
        dimensions=[{"Name": key, "Value": value} for key, value in (state.get("dimensions") or {}).items()],
        alarm_actions=list(state.get("alarmActions") or ()),
        ok_actions=list(state.get("okActions") or ()),
        insufficient_data_actions=list(state.get("insufficientDataActions") or ()),
        unit=state.get("unit"),
        actions_enabled=state["actionsEnabled"],
        treat_missing_data=state["treatMissingData"],
        evaluate_low_sample_count_percentile=state.get("evaluateLowSampleCountPercentiles"),
        threshold_metric_id=state.get("thresholdMetricId"),
        rule=None,
    )
    made.configuration_updated_timestamp = made.state_updated_timestamp = STARTED
    return made


def _query(given: Record) -> MetricDataQuery:
    metric = given.get("metric")
    return build(
        MetricDataQuery,
        given["id"],
        given.get("label"),
        _whole(given, "period"),
        bool(given.get("returnData")),
        expression=given.get("expression"),
        metric_stat=_figure(metric) if metric else None,
    )


def _figure(given: Record) -> MetricStat:
    dimensions = [Dimension(key, value) for key, value in (given.get("dimensions") or {}).items()]
    metric = build(Metric, given["metricName"], given.get("namespace"), dimensions)
    return build(MetricStat, metric, _whole(given, "period"), given["stat"], given.get("unit"))


def _whole(given: Mapping[str, Any], key: str) -> int | None:
    value = given.get(key)
    return None if value is None else int(value)


def _alarm_tags(backend: Alarms) -> Any:
    with backend.world.open() as world:
        return tagged(world.all(tokens.ALARM, backend.region_name).values())


class Alarms(CloudWatchBackend):
    """The world's alarms, all of them quiet whatever is measured, and the figures of its load balancers."""

    alarms: Any = Seen(_alarms)
    tagger: Any = Seen(_alarm_tags)

    def __init__(self, world: World, region: str) -> None:
        self.world = world
        super().__init__(region, ACCOUNT)

    @property
    def _url_module(self) -> Any:
        return alarm_urls  # moto looks for it beside the class

    def get_metric_data(
        self,
        queries: list[dict[str, Any]],
        start_time: datetime,
        end_time: datetime,
        scan_by: str = "TimestampAscending",
    ) -> list[dict[str, Any]]:
        """What the load balancers have counted of the target groups that exist, the oldest first."""
        if scan_by != "TimestampAscending":
            raise InvalidParameterValue("the simulated CloudWatch answers with the oldest first only")
        with self.world.open() as world:
            known = [one["state"]["name"] for one in world.all(tokens.TARGET_GROUP, self.region_name).values()]
        seen = measuring.flows(self.world.file.with_suffix(".traffic.json"), known)
        return measuring.answers(queries, start_time, end_time, seen, datetime.now(UTC))
