"""A run stops when its time is up or somebody says so, from whatever thread."""

import threading
import time

import pytest

from clew_core.deadline import Budget, Deadline
from clew_core.errors import BudgetEnded, Cancelled


def test_a_fresh_deadline_lets_work_go_on() -> None:
    deadline = Deadline(Budget(seconds=60))
    deadline.check()
    assert 59 < deadline.remaining_s <= 60
    assert not deadline.cancelled


def test_time_that_is_used_up_ends_the_run_with_the_budget_named() -> None:
    deadline = Deadline(Budget(seconds=0.01))
    time.sleep(0.02)
    assert deadline.remaining_s == 0
    with pytest.raises(BudgetEnded, match=r"0\.01 s, is used up.*run\.seconds"):
        deadline.check()


@pytest.mark.parametrize("seconds", [0, -5])
def test_no_time_at_all_is_over_at_once(seconds: float) -> None:
    with pytest.raises(BudgetEnded):
        Deadline(Budget(seconds=seconds)).check()


def test_another_thread_can_cancel() -> None:
    deadline = Deadline()
    thread = threading.Thread(target=deadline.cancel)
    thread.start()
    thread.join()
    assert deadline.cancelled
    with pytest.raises(Cancelled, match="Stopped"):
        deadline.check()


def test_cancelling_wins_over_the_end_of_the_time() -> None:
    deadline = Deadline(Budget(seconds=0))
    deadline.cancel()
    with pytest.raises(Cancelled):
        deadline.check()


def test_whoever_waits_is_called_from_the_thread_that_cancels() -> None:
    deadline, called = Deadline(), []
    with deadline.on_cancel(lambda: called.append(threading.current_thread().name)):
        thread = threading.Thread(target=deadline.cancel, name="the-one-who-stops")
        thread.start()
        thread.join()
        assert called == ["the-one-who-stops"]
    assert called == ["the-one-who-stops"]


def test_a_second_cancel_calls_nobody_again() -> None:
    deadline, called = Deadline(), []
    with deadline.on_cancel(lambda: called.append(1)):
        deadline.cancel()
        deadline.cancel()
    assert called == [1]


def test_whoever_came_too_late_is_called_at_once() -> None:
    deadline, called = Deadline(), []
    deadline.cancel()
    with deadline.on_cancel(lambda: called.append(1)):
        assert called == [1]
    assert called == [1]


def test_whoever_left_is_not_called() -> None:
    deadline, called = Deadline(), []
    with pytest.raises(ValueError), deadline.on_cancel(lambda: called.append(1)):
        raise ValueError
    deadline.cancel()
    assert called == []


def test_callbacks_may_be_nested_and_leave_one_by_one() -> None:
    deadline, called = Deadline(), []
    with deadline.on_cancel(lambda: called.append("outer")):
        with deadline.on_cancel(lambda: called.append("inner")):
            pass
        deadline.cancel()
    assert called == ["outer"]


def test_a_callback_may_look_at_the_deadline_without_waiting_for_itself() -> None:
    deadline, seen = Deadline(), []

    def look() -> None:
        with deadline.on_cancel(lambda: seen.append(deadline.cancelled)):
            pass

    with deadline.on_cancel(look):
        thread = threading.Thread(target=deadline.cancel, daemon=True)
        thread.start()
        thread.join(2)
        assert not thread.is_alive()
    assert seen == [True]


def test_a_hundred_threads_that_cancel_call_back_once() -> None:
    deadline, called = Deadline(), []
    with deadline.on_cancel(lambda: called.append(1)):
        threads = [threading.Thread(target=deadline.cancel) for _ in range(100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert called == [1]


def test_a_callback_that_fails_does_not_keep_the_others_from_being_called() -> None:
    deadline, called = Deadline(), []

    def fail() -> None:
        raise RuntimeError("the engine is gone")

    with deadline.on_cancel(fail), deadline.on_cancel(lambda: called.append(1)):
        with pytest.raises(RuntimeError, match="the engine is gone"):
            deadline.cancel()
    assert called == [1] and deadline.cancelled
