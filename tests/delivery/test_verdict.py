"""The judgement over a snapshot: proven, to be waited for, or failed for good, and in which words."""

from __future__ import annotations

from typing import Any

import pytest

from delivery.observe import Answer, Snapshot
from delivery.verdict import State, Verdict, failure, judge, troubles
from tests.delivery.world import NEW, OLD, TARGET, instance, service, snapshot

GOOD = Answer("http://hello.test/healthz", 200)
OLD_ONE = instance("hello-old-1", image=OLD, running_image=OLD)


def judged(seen: Snapshot, answer: Answer | None = GOOD, age: float = 3600, **declared: Any) -> Verdict:
    ages = dict.fromkeys(troubles(seen), age)
    return judge(service(**declared), seen, ages, answer)


def test_what_runs_as_declared_is_proven() -> None:
    assert judged(snapshot(instance(), instance("hello-new-2"))) == Verdict(State.PROVEN)


def test_a_runtime_may_write_a_scheme_before_the_image_it_runs() -> None:
    assert judged(snapshot(instance(running_image=f"docker-pullable://{NEW}"))).state is State.PROVEN


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (Snapshot(TARGET, exists=False), "there is no hello in namespace shop-dev"),
        (snapshot(instance(), settled=False), "the platform has not taken note of the newest declaration yet"),
        (snapshot(instance(), newest=None), "the platform has not taken note of the newest declaration yet"),
        (snapshot(instance(running_image=OLD)), f"hello-new-1 runs {OLD}, declared is sha256:{'b' * 64}"),
        (snapshot(instance(image=OLD, running_image=OLD)), f"hello-new-1 asks for {OLD}, declared is {NEW}"),
        (snapshot(instance(running_image="")), "hello-new-1 does not run an image yet"),
        (snapshot(instance(), desired=2), "1 of 2 instances are updated"),
        (snapshot(instance(), available=0), "0 of 1 instances are available"),
        (snapshot(instance(ready=False)), "0 of 1 instances are ready"),
        (snapshot(instance(), OLD_ONE), "1 old instances are left (0 of them draining)"),
        (
            snapshot(instance(), instance("hello-old-1", leaving=True, image=OLD, running_image=OLD)),
            "1 old instances are left (1 of them draining)",
        ),
        (
            snapshot(*(instance(f"hello-new-{n}") for n in range(4))),
            "the autoscaler asks for 4 instances, declared are 1 to 3",
        ),
        (snapshot(desired=0), "the autoscaler asks for 0 instances, declared are 1 to 3"),
    ],
)
def test_what_differs_is_waited_for_and_named(seen: Snapshot, reason: str) -> None:
    verdict = judged(seen)
    assert verdict.state is State.WAITING
    assert reason in verdict.reasons


def test_any_count_that_the_autoscaler_chose_within_the_bounds_is_right() -> None:
    for count in (1, 2, 3):
        seen = snapshot(*(instance(f"hello-new-{n}") for n in range(count)))
        assert judged(seen).state is State.PROVEN


def test_a_fixed_count_is_told_apart_from_an_autoscaled_one() -> None:
    verdict = judged(snapshot(instance(), autoscaled=False), minimum=2, maximum=2)
    assert "the platform was told to run 1 instances, declared are 2" in verdict.reasons


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (None, "it was not asked through its ingress yet"),
        (Answer("http://hello.test/healthz", 503), "http://hello.test/healthz answers 503, expected is 2xx"),
        (Answer("http://hello.test/healthz", 308), "http://hello.test/healthz answers 308, expected is 2xx"),
        (Answer("http://hello.test/healthz", None, "refused"), "http://hello.test/healthz does not answer: refused"),
    ],
)
def test_a_service_that_does_not_answer_is_not_proven(answer: Answer | None, reason: str) -> None:
    assert judged(snapshot(instance()), answer) == Verdict(State.WAITING, (reason,))


def test_a_service_without_an_address_needs_no_answer() -> None:
    assert judged(snapshot(instance()), None, url=None).state is State.PROVEN


def test_a_service_of_no_instances_needs_no_answer() -> None:
    assert judged(snapshot(), None, minimum=0, maximum=0).state is State.PROVEN


@pytest.mark.parametrize(
    ("waiting", "patience"),
    [
        ("ErrImagePull", 20),
        ("ImagePullBackOff", 20),
        ("CreateContainerConfigError", 15),
        ("RunContainerError", 15),
        ("InvalidImageName", 0),
    ],
)
def test_a_reason_that_lasts_longer_than_its_patience_is_final(waiting: str, patience: float) -> None:
    seen = snapshot(instance(ready=False, waiting=waiting, message="the registry says no"))
    verdict = judged(seen, age=patience)
    assert verdict.state is State.FAILED
    assert verdict.reasons == (f"hello-new-1: {waiting}, container hello: the registry says no",)
    assert verdict.instances == ("hello-new-1",)
    if patience:
        assert judged(seen, age=patience - 0.1).state is State.WAITING


def test_a_crash_loop_is_final_after_two_restarts_and_names_the_exit_code() -> None:
    crash: dict[str, Any] = {"ready": False, "waiting": "CrashLoopBackOff", "last_exit": "exit code 3 (Error)"}
    assert judged(snapshot(instance(**crash, restarts=1))).state is State.WAITING
    verdict = judged(snapshot(instance(**crash, restarts=2)))
    assert verdict.state is State.FAILED
    assert verdict.reasons == (
        "hello-new-1: CrashLoopBackOff, container hello ended with exit code 3 (Error), restarted 2x",
    )


def test_no_place_for_an_instance_is_waited_for_because_a_node_may_come() -> None:
    unplaced = instance(ready=False, running_image="")
    seen = snapshot(type(unplaced)(**{**unplaced.__dict__, "unplaced": "0/1 nodes are available"}))
    verdict = judged(seen)
    assert verdict.state is State.WAITING
    assert "hello-new-1: no place for it: 0/1 nodes are available" in verdict.reasons


def test_a_passed_deadline_is_final_and_the_instances_reasons_come_first() -> None:
    seen = snapshot(
        instance(ready=False, waiting="ErrImagePull", message="not found"), deadline_exceeded="timed out progressing"
    )
    verdict = judged(seen, age=1)
    assert verdict.state is State.FAILED
    assert verdict.reasons == (
        "hello-new-1: ErrImagePull, container hello: not found",
        "the platform gave the update up: timed out progressing",
    )


def test_a_refusal_to_make_instances_is_final_once_it_lasts() -> None:
    seen = snapshot(desired=1, refused="exceeded quota")
    assert judged(seen, age=5).state is State.WAITING
    assert judged(seen, age=20).reasons == ("the platform refuses to make instances: exceeded quota",)


def test_the_failure_of_an_older_revision_is_not_that_of_the_new_one() -> None:
    crashing = instance("hello-old-1", ready=False, waiting="CrashLoopBackOff", restarts=9, image=OLD)
    seen = snapshot(instance(), crashing)
    assert troubles(seen) == {}
    assert judged(seen).state is State.WAITING


def test_nothing_is_final_before_the_platform_took_note() -> None:
    seen = snapshot(instance(ready=False, waiting="InvalidImageName"), settled=False, deadline_exceeded="old news")
    assert failure(seen, dict.fromkeys(troubles(seen), 3600.0)) is None
