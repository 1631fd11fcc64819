"""Does each user find her threads, and only hers?"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from clew.store import Message, Store
from clew.threads import (
    NoThread,
    branch_thread,
    change_thread,
    delete_thread,
    find_thread,
    list_runs,
    list_threads,
    move_notebook,
)
from clew_core.errors import UsageError
from clew_core.events import Event
from clew_core.principal import Principal

ANA, BEN = Principal(user="ana"), Principal(user="ben")
ASKED = '{"request": {"question": "how many?"}, "question": "how many?"}'


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path)
    yield store
    store.close()


def say(store: Store, thread: str, *runs: str) -> None:
    """Ask a question per run, and answer it."""
    for seq, run in enumerate(runs, start=1):
        event = Event(thread=thread, run=run, seq=1, at=f"2026-01-0{seq}", type="plan")
        store.append(ANA, event, ASKED)
        end = Event(thread=thread, run=run, seq=2, at="2026-01-09", type="answer",
                    data={"status": "answered"})  # fmt: skip
        store.append(ANA, end)
        message = Message(question=f"question {run}", status="answered", run=run)
        store.add_message(ANA, thread, message)


def test_threads_are_listed_with_the_one_used_last_first(store: Store) -> None:
    old, new = store.new_thread(ANA), store.new_thread(ANA)
    say(store, old, "r1")
    assert [thread.id for thread in list_threads(store, ANA)] == [old, new]
    assert list_threads(store, BEN) == ()


def test_a_title_is_the_first_question_until_it_is_named(store: Store) -> None:
    thread = store.new_thread(ANA)
    assert find_thread(store, ANA, thread).title == ""
    store.append(ANA, Event(thread=thread, run="r1", seq=1, at="2026", type="plan"), ASKED)
    assert find_thread(store, ANA, thread).title == "how many?"  # while it is answered
    say(store, thread, "r2", "r3")
    assert find_thread(store, ANA, thread).title == "question r2"
    change_thread(store, ANA, thread, title=" Revenue\n of  May ")
    assert find_thread(store, ANA, thread).title == "Revenue of May"
    for wrong in (" ", "x" * 201):
        with pytest.raises(UsageError, match="1 to 200"):
            change_thread(store, ANA, thread, title=wrong)


def test_threads_follow_their_notebook(store: Store) -> None:
    thread = store.new_thread(ANA)
    store.new_thread(ANA)
    change_thread(store, ANA, thread, notebook="a.ipynb")
    assert move_notebook(store, BEN, "a.ipynb", "b.ipynb") == 0
    assert move_notebook(store, ANA, "a.ipynb", "b.ipynb") == 1
    assert [t.id for t in list_threads(store, ANA, notebook="b.ipynb")] == [thread]


def test_a_branch_shares_the_messages_up_to_a_run(store: Store) -> None:
    thread = store.new_thread(ANA)
    say(store, thread, "r1", "r2", "r3")
    branch = branch_thread(store, ANA, thread, "r2")
    assert [message.run for message in store.messages(ANA, branch)] == ["r1", "r2"]
    assert [run.run for run in list_runs(store, ANA, thread=branch)] == ["r1", "r2"]
    about = find_thread(store, ANA, branch)
    assert (about.from_thread, about.from_run, about.title) == (thread, "r2", "question r1")
    delete_thread(store, ANA, branch)
    assert len(store.messages(ANA, thread)) == 3 and list_runs(store, ANA, run="r1")


def test_nothing_is_left_of_a_deleted_thread(store: Store) -> None:
    thread = store.new_thread(ANA)
    say(store, thread, "r1")
    delete_thread(store, ANA, thread)
    assert list_threads(store, ANA) == () and list_runs(store, ANA, run="r1") == ()
    assert store.read("SELECT count(*) FROM events", ()) == [(0,)]


def test_another_users_thread_does_not_exist(store: Store) -> None:
    thread = store.new_thread(ANA)
    say(store, thread, "r1")
    for act in (
        lambda: find_thread(store, BEN, thread),
        lambda: change_thread(store, BEN, thread, title="mine"),
        lambda: delete_thread(store, BEN, thread),
        lambda: branch_thread(store, BEN, thread, "r1"),
    ):
        with pytest.raises(NoThread):
            act()
    assert list_runs(store, BEN, run="r1") == () and list_runs(store, BEN, thread=thread) == ()
    assert find_thread(store, ANA, thread).title == "question r1"
