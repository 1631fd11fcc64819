"""The store: what comes back, whose it is, two at once, and a folder that can't be written."""

import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from clew import store as store_module
from clew.store import Message, Store
from clew_core.answer import Clarification, Option
from clew_core.errors import UsageError
from clew_core.events import Event, EventType
from clew_core.principal import Principal
from clew_core.query_spec import Measure, QuerySpec

ANA = Principal(user="ana")
BEN = Principal(user="ben")
OTHER_TENANT = Principal(tenant="other", user="ana")
SPEC = QuerySpec(source="s", table="t", measures=(Measure(name="n", aggregate="count"),))
ASKED = Message(
    question="how many?",
    status="needs_clarification",
    text="Which?",
    spec=SPEC,
    clarification=Clarification(
        question="Which?",
        words=("many",),
        options=(Option(id="1", label="rows", question="how many rows?", spec=SPEC),),
    ),
    run="r1",
    at="2026-01-02T03:04:05+00:00",
)


def _event(seq: int, type_: EventType, thread: str, **data: Any) -> Event:
    return Event(thread=thread, run="r1", seq=seq, at="2026-01-02", type=type_, data=data)


def test_messages_come_back_as_they_were_after_reopening(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "home")
    thread = store.new_thread(ANA)
    store.add_message(ANA, thread, ASKED)
    store.add_message(ANA, thread, Message(question="1", status="answered", text="3 rows."))
    store.close()
    store.close()

    store = Store.open(tmp_path / "home")
    first, second = store.messages(ANA, thread)
    assert first == ASKED
    assert (second.question, second.text, second.spec) == ("1", "3 rows.", None)
    assert store.warnings == ()
    store.close()


def test_the_folder_and_the_file_are_for_their_owner_only(tmp_path: Path) -> None:
    home = tmp_path / "a" / "home"
    store = Store.open(home)
    thread = store.new_thread(ANA)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    for file in home.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert thread
    store.close()


@pytest.mark.parametrize("other", [BEN, OTHER_TENANT])
def test_another_users_thread_is_as_if_it_did_not_exist(tmp_path: Path, other: Principal) -> None:
    store = Store.open(tmp_path)
    thread = store.new_thread(ANA)
    store.add_message(ANA, thread, ASKED)
    store.append(ANA, _event(1, "plan", thread))
    assert not store.thread_exists(other, thread)
    assert store.messages(other, thread) == ()
    assert store.events(other, "r1") == ()
    assert store.last_thread(other) is None
    for write in (
        lambda: store.add_message(other, thread, ASKED),
        lambda: store.append(other, _event(2, "plan", thread)),
    ):
        with pytest.raises(UsageError, match=thread):
            write()
    assert len(store.messages(ANA, thread)) == 1
    assert len(store.events(ANA, "r1")) == 1
    store.close()


def test_the_last_thread_is_the_one_that_was_used_last(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    first, second = store.new_thread(ANA), store.new_thread(ANA)
    assert store.last_thread(ANA) == second
    store.add_message(ANA, first, ASKED)
    assert store.last_thread(ANA) == first
    store.close()


def test_a_reader_that_reconnects_misses_nothing_and_sees_nothing_twice(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    thread = store.new_thread(ANA)
    sent = ["There ", "are ", "3 ", "rows."]
    store.append(ANA, _event(1, "plan", thread))
    for seq, text in enumerate(sent, start=2):
        store.append(ANA, _event(seq, "token", thread, text=text))
    store.append(ANA, _event(6, "answer", thread, status="answered"))

    def text_after(seq: int) -> str:
        return "".join(event.data.get("text", "") for event in store.events(ANA, "r1", seq))

    assert [event.type for event in store.events(ANA, "r1")] == ["plan", "token", "answer"]
    for seen in range(5):
        assert text_after(1 + seen) == "".join(sent[seen:])
    assert store.events(ANA, "r1", 6) == ()
    store.close()


def test_tokens_that_are_held_back_reach_a_reader_and_survive_closing(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    thread = store.new_thread(ANA)
    store.append(ANA, _event(1, "token", thread, text="a"))
    assert store.events(ANA, "r1")[0].data == {"text": "a"}
    store.append(ANA, _event(2, "token", thread, text="b", step="s1"))
    store.append(ANA, _event(3, "token", thread, text="c", step="s2"))
    store.close()
    store = Store.open(tmp_path)
    assert [event.data["text"] for event in store.events(ANA, "r1")] == ["a", "b", "c"]
    store.close()


def test_rows_of_results_are_never_stored(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    thread = store.new_thread(ANA)
    answer = {"status": "answered", "text": "x", "rows": [["secret-value"]], "row_count": 1}
    figure = {"data": [{"y": ["secret-value"]}]}
    store.append(ANA, _event(1, "answer", thread, answer=answer, chart=figure, **answer))
    kept = store.events(ANA, "r1")[0].data
    assert kept["answer"]["rows"] is None
    assert kept["row_count"] == 1
    store.close()
    assert all(b"secret-value" not in file.read_bytes() for file in tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_means_memory_and_a_warning(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    store = Store.open(tmp_path / "file" / "home")
    (warning,) = store.warnings
    assert warning.endswith("; this conversation is kept in memory only.")
    thread = store.new_thread(ANA)
    store.add_message(ANA, thread, ASKED)
    assert store.messages(ANA, thread) == (ASKED,)
    store.close()


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / store_module.FILE
    path.write_bytes(b"my diary, not a database" * 100)
    store = Store.open(tmp_path)
    assert "memory only" in store.warnings[0]
    store.new_thread(ANA)
    store.close()
    assert path.read_bytes() == b"my diary, not a database" * 100


def test_a_file_of_a_newer_clew_is_left_alone(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    db = sqlite3.connect(tmp_path / store_module.FILE)
    db.execute("PRAGMA user_version = 99")
    db.close()
    store = Store.open(tmp_path)
    assert "newer version" in store.warnings[0]
    store.close()


def test_an_older_file_is_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store.open(tmp_path)
    thread = store.new_thread(ANA)
    store.add_message(ANA, thread, ASKED)
    store.close()
    newer = (*store_module.MIGRATIONS, "ALTER TABLE threads ADD COLUMN later TEXT;")
    monkeypatch.setattr(store_module, "MIGRATIONS", newer)
    store = Store.open(tmp_path)
    assert store.warnings == ()
    assert store.messages(ANA, thread) == (ASKED,)
    store.close()


def test_a_spec_of_a_form_that_is_not_known_any_more_is_no_obstacle(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    thread = store.new_thread(ANA)
    store.add_message(ANA, thread, ASKED)
    store.close()
    db = sqlite3.connect(tmp_path / store_module.FILE)
    db.execute("UPDATE messages SET spec = '{\"version\": 0}'")
    db.commit()
    db.close()
    store = Store.open(tmp_path)
    assert store.messages(ANA, thread)[0].spec is None
    store.close()


def test_when_the_file_takes_no_more_the_thread_goes_on_in_memory(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    thread = store.new_thread(ANA)
    store.add_message(ANA, thread, ASKED)
    store.append(ANA, _event(1, "plan", thread))
    store._db.execute("PRAGMA query_only = ON")  # what a full disk or a lost right amounts to
    store.add_message(ANA, thread, Message(question="and then?", status="failed"))
    store.append(ANA, _event(2, "answer", thread, status="failed"))
    assert [m.question for m in store.messages(ANA, thread)] == ["how many?", "and then?"]
    assert len(store.warnings) == 1
    assert store.events(ANA, "r1", 1)[0].type == "answer"
    store.close()


WRITER = """
import sys
from pathlib import Path
from clew.store import Store, Message
from clew_core.principal import Principal
store = Store.open(Path(sys.argv[1]))
principal = Principal(user="ana")
thread = store.new_thread(principal)
for number in range(50):
    store.add_message(principal, thread, Message(question=str(number), status="answered"))
assert [m.question for m in store.messages(principal, thread)] == [str(n) for n in range(50)]
print(store.warnings, thread)
store.close()
"""


def test_processes_that_write_at_once_lose_nothing(
    tmp_path: Path, python_env: dict[str, str]
) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path / "home")]
    started = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=python_env)
        for _ in range(3)
    ]
    printed = [process.communicate(timeout=60)[0] for process in started]
    assert all(text.startswith("() ") for text in printed), printed
    store = Store.open(tmp_path / "home")
    for text in printed:
        assert len(store.messages(ANA, text.split()[-1])) == 50
    store.close()


def test_a_home_without_write_permission_means_memory(
    unprivileged: Any, python_env: dict[str, str]
) -> None:
    home = unprivileged.folder / "locked"
    home.mkdir()
    home.chmod(0o500)
    code = (
        "from pathlib import Path; from clew.store import Store;"
        f"print(Store.open(Path({str(home)!r})).warnings)"
    )
    done = unprivileged.run(sys.executable, "-c", code, PYTHONPATH=python_env["PYTHONPATH"])
    assert done.returncode == 0, done.stderr
    assert "Permission denied" in done.stdout
    assert "memory only" in done.stdout
