"""Drift: what differs from what was declared, and nothing that a platform reports or an autoscaler owns."""

from __future__ import annotations

from typing import Any

import pytest

from delivery import drift
from delivery.preview import document, events
from delivery.preview.model import Change, Operation, Preview, Property, Resource
from tests.delivery.recorded import events as recorded

URN = "urn:pulumi:dev::p::kubernetes:apps/v1:Deployment::hello"
BEFORE = {"metadata": {"name": "hello", "namespace": "shop"}, "spec": {"paused": "false"}}


def found(path: str, scaled: str | None, after: dict[str, Any]) -> Preview:
    """A refresh that found one property of a Deployment changed, beside the autoscaler of another or the same one."""
    reference = {"metadata": {"namespace": "shop"}, "spec": {"scaleTargetRef": {"name": scaled}}}
    scalers = (Resource("urn:hpa", drift.SCALER, None, reference),) if scaled else ()
    change = Change(Operation.UPDATE, URN, drift.DEPLOYMENT, (Property(path, "1", "4"),), BEFORE, after)
    return drift.declared(Preview((change,), 2, before=scalers))


@pytest.mark.parametrize(("scaled", "drifted"), [("hello", False), ("other", True), (None, True)])
def test_a_count_is_drift_unless_an_autoscaler_owns_it(scaled: str | None, drifted: bool) -> None:
    seen = found("spec.replicas", scaled, {**BEFORE, "spec": {"replicas": "4"}})
    assert bool(seen.changes) is drifted
    assert seen.unchanged == (2 if drifted else 3)


def test_what_is_only_reported_is_no_drift_and_what_was_declared_is() -> None:
    assert found("status.readyReplicas", None, BEFORE).changes == ()
    (change,) = found("spec.paused", "hello", BEFORE).changes
    assert change.properties == (Property("spec.paused", "1", "4"),)


def test_the_words_and_the_document() -> None:
    seen = drift.declared(events.refresh(recorded("refresh")))
    assert list(drift.lines("prod", seen)) == [
        f"Stack prod has drifted: 2 differ, {seen.unchanged} are as they were applied.",
        "  aws:cloudwatch/metricAlarm:MetricAlarm  shop-errors  is gone",
        "  aws:ecs/service:Service  stock-service  was changed",
        "        desiredCount: 3 -> 9",
    ]
    shown = document.drift("prod", seen)
    assert (shown["drifted"], [one["name"] for one in shown["differences"]]) == (True, ["shop-errors", "stock-service"])
    assert next(drift.lines("prod", Preview((), 7))) == (
        "Stack prod has not drifted: 7 resources are as they were applied."
    )
