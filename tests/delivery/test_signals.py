"""Signals while something must not be left alone: each is acted on, none is raised, and afterwards all is as before."""

from __future__ import annotations

import signal
import threading

import pytest

from delivery import signals


def test_each_signal_is_acted_on_and_none_is_raised() -> None:
    acted: list[int] = []
    twice = threading.Event()

    def act(count: int) -> None:
        acted.append(count)
        if count == 2:
            twice.set()

    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with signals.counted(act) as came:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        assert twice.wait(10)
        assert list(came) == [signal.SIGINT, signal.SIGTERM]
    assert acted == [1, 2]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_on_another_thread_signals_stay_with_the_main_one() -> None:
    before = signal.getsignal(signal.SIGINT)
    seen: list[object] = []

    def work() -> None:
        with signals.counted(lambda _: None) as came:
            seen.extend((signal.getsignal(signal.SIGINT), list(came)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before, []]
