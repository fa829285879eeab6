"""The wait for proof: it ends when all is proven, when waiting cannot help, and when time is up; with evidence."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from delivery.declared import DeclaredService
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.observe import Answer
from delivery.output import Output
from delivery.verdict import State
from delivery.verify import RETRIES, Finding, verify
from tests.delivery.world import NEW, Clock, Platform, declaration, instance, service, snapshot

GOOD = Answer("http://hello.test/healthz", 200)
LOST = DeliveryError("The cluster does not answer.", Exit.NOT_PROVEN)


def proof(platform: Platform, *, timeout: float = 60, answers: Iterator[Answer] | None = None) -> tuple[Finding, ...]:
    clock = Clock()

    def health(_service: DeclaredService, _endpoint: str | None) -> Answer:
        return next(answers) if answers else GOOD

    return verify(declaration(), platform, Output(), timeout=timeout, health=health, clock=clock, sleep=clock.sleep)


def test_it_waits_until_what_runs_is_what_was_declared() -> None:
    platform = Platform(snapshot(instance(ready=False)), snapshot(instance(ready=False)), snapshot(instance()))
    (finding,) = proof(platform)
    assert finding.verdict.state is State.PROVEN
    assert platform.looks == 3


def test_it_waits_for_an_answer_through_the_ingress() -> None:
    answers = iter([Answer(GOOD.url, 404), Answer(GOOD.url, 503), GOOD])
    platform = Platform(snapshot(instance()))
    proof(platform, answers=answers)
    assert platform.looks == 3


def test_time_is_up_with_the_last_reason_and_its_evidence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DeliveryError) as caught:
        proof(Platform(snapshot(instance(ready=False))), timeout=30)
    assert caught.value.code is Exit.NOT_PROVEN
    assert caught.value.message == "What runs is not what was declared: hello not proven within 30 s."
    assert "hello: 0 of 1 instances are ready" in caught.value.details
    assert "hello-new-1  event  Warning Unhealthy: hello-new-1 said no" in caught.value.details
    assert "hello-new-1  log    last words" in caught.value.details
    # The instance's own reason is on screen long before the limit.
    assert "hello-new-1 is not ready after 15 s" in capsys.readouterr().err


def test_what_cannot_heal_ends_the_wait_at_once() -> None:
    crash = instance(ready=False, waiting="CrashLoopBackOff", restarts=2, last_exit="exit code 3 (Error)")
    platform = Platform(snapshot(crash))
    with pytest.raises(DeliveryError) as caught:
        proof(platform)
    assert caught.value.code is Exit.DEPLOYMENT_FAILED
    assert platform.looks == 1
    assert "hello-new-1  log    last words" in caught.value.details


def test_an_image_that_does_not_come_is_given_its_patience() -> None:
    platform = Platform(snapshot(instance(ready=False, waiting="ErrImagePull", message="not found")))
    with pytest.raises(DeliveryError) as caught:
        proof(platform, timeout=300)
    assert caught.value.code is Exit.DEPLOYMENT_FAILED
    assert platform.looks == 21


def test_going_back_and_forth_between_two_words_for_one_trouble_is_one_trouble() -> None:
    words = ["ErrImagePull", "ImagePullBackOff"] * 20
    platform = Platform(*(snapshot(instance(ready=False, waiting=w, message="not found")) for w in words))
    with pytest.raises(DeliveryError):
        proof(platform, timeout=300)
    assert platform.looks == 21


def test_a_short_silence_of_the_platform_is_forgiven() -> None:
    assert proof(Platform(*[LOST] * (RETRIES - 1), snapshot(instance())))


def test_a_lasting_silence_of_the_platform_is_not() -> None:
    platform = Platform(LOST)
    with pytest.raises(DeliveryError, match="does not answer"):
        proof(platform)
    assert platform.looks == RETRIES


def test_a_finding_is_told_to_a_machine() -> None:
    seen = snapshot(instance())
    (finding,) = proof(Platform(seen))
    assert finding.document() == {
        "service": "hello",
        "state": "proven",
        "image": NEW,
        "running": [NEW],
        "instances": {"desired": 1, "ready": 1, "minimum": 1, "maximum": 3},
        "url": "http://hello.test",
        "reasons": [],
    }
    assert finding.row() == ("hello", "proven", "1/1 (1-3)", service().digest[:19], "http://hello.test")


@pytest.mark.parametrize("taken_back", [True, False])
def test_a_failure_says_whether_the_platform_has_gone_back(taken_back: bool) -> None:
    seen = snapshot(instance(ready=False), deadline_exceeded="it gave up", taken_back=taken_back)
    with pytest.raises(DeliveryError) as caught:
        proof(Platform(seen))
    assert (caught.value.code, caught.value.rolled_back) == (Exit.DEPLOYMENT_FAILED, taken_back)
