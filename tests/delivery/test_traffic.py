"""Traffic is moved by one write against what was read, and never to nobody; whose release it is survives a kill."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import pytest
import urllib3
from kubernetes.client.exceptions import ApiException

from delivery import traffic as module
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.traffic import ABORT, DECISION, RELEASE, STALE, Pulse, Release, Traffic, own
from tests.delivery.routes import ROUTE, Api, traffic
from tests.delivery.world import TARGET


def other(**changes: Any) -> Release:
    """A release of another host that showed itself a moment ago."""
    return replace(Release("ann", "elsewhere", 7, 1000.0, time.time(), 10), **changes)


def held_by(api: Api, release: Release) -> None:
    api.annotations[RELEASE] = json.dumps(asdict(release))


def test_a_share_is_written_as_weights_that_make_a_hundred() -> None:
    api = Api()
    traffic(api).move(TARGET, 10)
    assert api.weights == {"hello": 90, "hello-candidate": 10}
    assert api.route is not None
    (rule,) = api.route["spec"]["rules"]
    assert rule["matches"] == ROUTE["spec"]["rules"][0]["matches"]  # type: ignore[index]
    assert [each["port"] for each in rule["backendRefs"]] == [80, 80]
    standing = traffic(api).standing(TARGET)
    assert standing is not None
    assert standing.release is not None
    assert (standing.weight, standing.release.mine, standing.release.weight) == (10, True, 10)


def test_everything_goes_back_and_nobody_holds_it() -> None:
    api = Api()
    traffic(api).move(TARGET, 50, paused=True)
    traffic(api).back(TARGET)
    assert api.route is not None
    assert api.route["spec"] == ROUTE["spec"]
    assert api.annotations == {"pulumi.com/patchForce": "true"}
    standing = traffic(api).standing(TARGET)
    assert standing is not None
    assert (standing.weight, standing.release, standing.decision) == (0, None, None)


def test_a_write_of_another_in_between_is_read_again_and_not_lost() -> None:
    api = Api()

    def annotate() -> None:
        api.annotations["someone"] = "else"
        assert api.route is not None
        api.route["metadata"]["resourceVersion"] = "5"

    api.before_write = annotate
    traffic(api).move(TARGET, 30)
    assert api.weights == {"hello": 70, "hello-candidate": 30}
    assert api.annotations["someone"] == "else"
    assert api.writes == 1


def test_a_route_that_changes_all_the_time_is_an_error() -> None:
    api = Api()
    real = api.patch_namespaced_custom_object

    def always_late(*arguments: Any, **_: Any) -> None:
        assert api.route is not None
        api.route["metadata"]["resourceVersion"] += "0"
        real(*arguments)

    api.patch_namespaced_custom_object = always_late  # type: ignore[method-assign]
    writes: tuple[Callable[[Traffic], object], ...] = (
        lambda t: t.move(TARGET, 10),
        lambda t: t.take(TARGET),
        lambda t: t.back(TARGET),
    )
    for write in writes:
        with pytest.raises(DeliveryError, match="changed by others all the time") as refused:
            write(traffic(api))
        assert refused.value.code is Exit.LOCKED


def test_without_a_route_nothing_can_be_moved_and_nothing_need_go_back() -> None:
    there = traffic(Api(absent=True))
    assert there.standing(TARGET) is None
    assert there.take(TARGET) is None
    there.back(TARGET)
    there.renew(TARGET)
    assert there.decide(TARGET, ABORT) is None
    with pytest.raises(DeliveryError, match="no route of hello any more"):
        there.move(TARGET, 10)


def test_a_living_release_of_another_is_answered_and_left_alone() -> None:
    api = Api()
    held_by(api, other())
    held = traffic(api).take(TARGET)
    assert held is not None
    assert held.holder == "ann@elsewhere (process 7)"
    assert api.writes == 0


@pytest.mark.parametrize(
    "dead",
    [
        other(renewed=time.time() - STALE - 1),
        Release("me", socket.gethostname(), 2**22 + 1, time.time(), time.time(), 10),
        Release("me", socket.gethostname(), os.getpid(), 1000.0, time.time(), 10),
    ],
    ids=["silent", "no-such-process", "a-later-process-of-the-same-number"],
)
def test_a_dead_release_is_taken_over_with_its_weights_as_they_are(dead: Release) -> None:
    api = Api()
    traffic(api).move(TARGET, 50)
    held_by(api, dead)
    assert traffic(api).take(TARGET) is None
    standing = traffic(api).standing(TARGET)
    assert standing is not None
    assert standing.release is not None
    assert (standing.weight, standing.release.mine, standing.release.weight) == (50, True, 50)


def test_a_process_of_this_host_lives_however_silent_it_is() -> None:
    silent = replace(own(), renewed=0.0)
    assert silent.alive(time.time())
    assert not replace(silent, host="elsewhere").alive(time.time())


def test_a_sign_of_life_is_given_for_ones_own_release_only() -> None:
    api = Api()
    traffic(api).move(TARGET, 10)
    held_by(api, replace(own(10), renewed=1.0))
    traffic(api).renew(TARGET)
    assert json.loads(api.annotations[RELEASE])["renewed"] > 1.0
    held_by(api, other(renewed=1.0))
    traffic(api).renew(TARGET)
    assert json.loads(api.annotations[RELEASE])["renewed"] == 1.0


def test_the_pulse_beats_until_its_block_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RENEWAL", 0.001)
    api = Api()
    traffic(api).move(TARGET, 10)
    api.error = ApiException(status=500, reason="not now")
    with Pulse(traffic(api), [TARGET]):
        api.error = None
        held_by(api, replace(own(10), renewed=1.0))
        until = time.monotonic() + 10
        while json.loads(api.annotations[RELEASE])["renewed"] == 1.0:
            assert time.monotonic() < until, "no sign of life"
    writes = api.writes
    assert writes >= 2
    assert api.writes == writes


def test_a_decision_is_left_for_a_release_and_gone_with_the_next_weights() -> None:
    api = Api()
    assert traffic(api).decide(TARGET, ABORT) is None
    traffic(api).move(TARGET, 10)
    held = traffic(api).decide(TARGET, ABORT)
    assert held is not None
    assert held.mine
    standing = traffic(api).standing(TARGET)
    assert standing is not None
    assert standing.decision == ABORT
    traffic(api).move(TARGET, 50)
    assert DECISION not in api.annotations


def test_a_mark_that_is_not_ours_is_nobodys() -> None:
    api = Api()
    for text in ("{", "[]", '{"user": "x"}'):
        api.annotations[RELEASE] = text
        standing = traffic(api).standing(TARGET)
        assert standing is not None
        assert standing.release is None


def test_the_autoscaler_is_held_where_there_is_one() -> None:
    api = Api()
    traffic(api).hold(TARGET, 3)
    assert api.held == [("hello", "shop-dev", {"spec": {"minReplicas": 3}})]
    api.error = ApiException(status=404, reason="Not Found")
    traffic(api).hold(TARGET, 3)


@pytest.mark.parametrize(
    ("error", "said", "code"),
    [
        (ApiException(status=403, reason="Forbidden"), "answered 403 Forbidden", Exit.DEPLOYMENT_FAILED),
        (urllib3.exceptions.HTTPError("refused"), "does not answer", Exit.NOT_PROVEN),
        (TimeoutError("late"), "does not answer", Exit.NOT_PROVEN),
    ],
)
def test_a_cluster_that_refuses_or_is_silent_is_one_clear_error(error: Exception, said: str, code: Exit) -> None:
    api = Api()
    api.error = error
    calls: tuple[Callable[[Traffic], object], ...] = (
        lambda t: t.standing(TARGET),
        lambda t: t.hold(TARGET, 1),
        lambda t: t.move(TARGET, 5),
    )
    for ask in calls:
        with pytest.raises(DeliveryError, match=said) as refused:
            ask(traffic(api))
        assert refused.value.code is code
