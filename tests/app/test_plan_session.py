"""Plans in a session: shown, edited, taken up again, approved by their owner, kept out of sight."""

import json
import os
import stat
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import clew
from agents.plan_world import NOW, make_world
from clew.feedback import LONGEST, given
from clew.run_lock import RunLock
from clew.run_state import StoredRun, decide
from clew.session import Session
from clew.settings import Settings
from clew.workspace import Workspace
from clew_agents.information_unit import InformationUnit
from clew_agents.plan import agents as agents_module
from clew_agents.plan.chart_step import ChartStep
from clew_agents.plan.plan import Card, Step
from clew_agents.plan.port import World
from clew_agents.plan.sql_step import SqlStep
from clew_core.deadline import Deadline
from clew_core.errors import SourceError, UsageError
from clew_core.events import CellView, Event, Request, Variable

SIDE = "compare the revenue by region with the number of orders by region in one chart"
SCHEMA = json.loads((Path(__file__).parent / "answer.schema.json").read_text("utf-8"))


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    places = make_world(tmp_path)
    with clew.open(*places, settings=Settings(home=tmp_path / "home")) as workspace:
        yield workspace


@pytest.fixture
def session(workspace: Workspace) -> Session:
    return workspace.session()


def rows_kept(session: Session) -> int:
    store = session.workspace.store
    tables = ("checkpoints", "checkpoint_writes")
    return sum(store.read(f"SELECT count(*) FROM {table}", ())[0][0] for table in tables)


class Killed(BaseException):
    """Stands in for the end of the process."""


def dies_in(monkeypatch: pytest.MonkeyPatch, agent: type[Any], until: list[str]) -> None:
    """Let the first run of an agent end the process."""
    run = agent.run

    def dies(
        self: Any, step: Step, units: Mapping[str, InformationUnit], world: World
    ) -> InformationUnit:
        if not until:
            until.append(step.id)
            raise Killed
        found: InformationUnit = run(self, step, units, world)
        return found

    monkeypatch.setattr(agent, "run", dies)


# ------------------------------------------------------------------------------------ the answer


def test_an_answer_of_several_steps_as_json_has_all_its_parts(session: Session) -> None:
    whole = json.loads(json.dumps(session.ask(SIDE, now=NOW).to_json(), allow_nan=False))
    jsonschema.validate(whole, SCHEMA)
    assert [part["step"] for part in whole["parts"]] == ["s1", "s2", "s3"]
    assert whole["rows"] == whole["parts"][-1]["rows"] and whole["row_count"] == 3
    assert [step["needs"] for step in whole["plan"]] == [[], [], ["s1", "s2"], ["s3"]]


def test_events_of_steps_that_run_at_once_are_numbered_without_gaps(session: Session) -> None:
    events = list(session.stream(SIDE, now=NOW))
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    kept = session.workspace.store.events(session.principal, events[0].run)
    assert [event.type for event in kept] == [event.type for event in events]


def test_a_follow_up_goes_on_with_the_last_query_of_a_plan(session: Session) -> None:
    session.ask("find the region with the most orders, then show its revenue by quarter", now=NOW)
    answer = session.ask("and in 2023?", now=NOW)
    assert "for region Asia in 2023" in answer.text and answer.row_count == 4


def test_rows_of_a_run_are_gone_when_it_is_over(session: Session, tmp_path: Path) -> None:
    session.ask(SIDE, now=NOW)
    assert rows_kept(session) == 0
    assert os.listdir(tmp_path / "home" / "running") == []
    home = tmp_path / "home" / "clew.sqlite"
    assert stat.S_IMODE(home.stat().st_mode) == 0o600


def test_a_question_without_a_plan_writes_none(session: Session) -> None:
    session.ask("how many orders?", now=NOW)
    assert session.workspace.store.read("SELECT count(*) FROM plans", ()) == [(0,)]


# ------------------------------------------------------------------------------ taken up again


def test_a_run_that_died_goes_on_when_the_thread_asks_again(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = session.workspace.session().ask(SIDE, now=NOW)
    died: list[str] = []
    dies_in(monkeypatch, ChartStep, died)
    with pytest.raises(Killed):
        session.ask(SIDE, now=NOW)
    assert rows_kept(session) > 0
    queries: list[str] = []
    run = SqlStep.run
    monkeypatch.setattr(SqlStep, "run", lambda *args: queries.append("") or run(*args))
    again = session.ask(SIDE, now=NOW)
    assert (again.text, again.chart, again.table) == (whole.text, whole.chart, whole.table)
    assert not queries  # both results came from the checkpoint
    assert [step.seconds is None for step in again.plan] == [True, True, True, False]
    events = session.workspace.store.events(session.principal, str(again.run))
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert rows_kept(session) == 0


def test_another_question_does_not_take_up_a_dead_run(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    dies_in(monkeypatch, ChartStep, [])
    with pytest.raises(Killed):
        session.ask(SIDE, now=NOW)
    assert session.ask("how many orders?", now=NOW).text == "There are 600 orders."
    with pytest.raises(UsageError, match="no unfinished run"):
        session.resume()


def test_a_dead_run_is_taken_up_by_its_id_by_its_owner_only(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, ben = workspace.session(user="ana"), workspace.session(user="ben")
    events: list[Event] = []
    dies_in(monkeypatch, ChartStep, [])
    with pytest.raises(Killed):
        ana.ask(SIDE, now=NOW, tell=events.append)
    run = events[0].run
    for wrong in (run, "0" * 12):
        with pytest.raises(UsageError, match=f"There is no run '{wrong}'"):
            ben.resume(wrong)
    answer = workspace.session(user="ana").resume(run)
    assert answer.status == "answered" and answer.run == run and answer.thread == ana.thread
    with pytest.raises(UsageError, match="is over: it ended with 'answered'"):
        ana.resume(run)


def test_a_run_that_goes_on_elsewhere_is_not_taken_up(
    session: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    dies_in(monkeypatch, ChartStep, [])
    events: list[Event] = []
    with pytest.raises(Killed):
        session.ask(SIDE, now=NOW, tell=events.append)
    lock = RunLock.take(tmp_path / "home", events[0].run)
    assert lock is not None
    with pytest.raises(UsageError, match="goes on in another process"):
        session.resume(events[0].run)
    # Asked again meanwhile, the question is a run of its own.
    assert session.ask(SIDE, now=NOW).run != events[0].run
    lock.release()
    lock.release()
    assert session.resume(events[0].run).status == "answered"


def test_a_run_of_one_step_that_died_begins_again_under_its_id(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    from clew_agents.sql.agent import SqlAgent

    answer, events = SqlAgent.answer, []

    def dies(*args: Any) -> Any:
        monkeypatch.setattr(SqlAgent, "answer", answer)
        raise Killed

    monkeypatch.setattr(SqlAgent, "answer", dies)
    with pytest.raises(Killed):
        session.ask("total revenue in 2023", now=NOW, tell=events.append)
    again = session.resume(events[0].run)
    assert again.run == events[0].run and "14,323.18" in again.text


def test_a_cancelled_run_is_over(session: Session) -> None:
    deadline = Deadline()
    deadline.cancel()
    answer = session.ask(SIDE, now=NOW, deadline=deadline)
    assert answer.status == "cancelled"
    with pytest.raises(UsageError, match="no unfinished run"):
        session.resume()
    assert rows_kept(session) == 0


def test_a_plan_needs_no_store_that_can_be_written(tmp_path: Path) -> None:
    places = make_world(tmp_path)
    (tmp_path / "home").write_text("a file stands where the folder should be", "utf-8")
    with clew.open(*places, settings=Settings(home=tmp_path / "home")) as workspace:
        assert workspace.session().ask(SIDE, now=NOW).status == "answered"
        assert any("kept in memory" in warning for warning in workspace.warnings)


def test_two_sessions_run_plans_at_once(workspace: Workspace) -> None:
    texts: dict[str, str] = {}

    def ask(user: str) -> None:
        texts[user] = workspace.session(user=user).ask(SIDE, now=NOW).text

    threads = [threading.Thread(target=ask, args=(user,)) for user in ("ana", "ben")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert texts["ana"] == texts["ben"] and "12,606.66" in texts["ana"]


# --------------------------------------------------------------------------- shown and edited


def test_a_plan_is_shown_edited_and_then_run(session: Session) -> None:
    shown = session.ask(Request(question=SIDE, mode="plan"), now=NOW)
    assert shown.status == "needs_clarification" and shown.table is None
    assert [step.state for step in shown.plan] == ["wait"] * 4
    run = str(shown.run)
    plan = session.plan(run)
    steps = (*plan.steps[:3], replace(plan.steps[3], mark="pie"))
    assert session.edit_plan(run, steps).revision == 1
    edited = session.workspace.store.events(session.principal, run)[-1]
    assert edited.type == "plan_edited" and edited.data["by"] == "local"
    answer = session.resume(run)
    assert answer.status == "answered" and len(answer.plan) == 4
    with pytest.raises(UsageError, match="is over"):
        session.edit_plan(run, steps)


def test_a_plan_that_was_shown_runs_as_it_is(session: Session) -> None:
    shown = session.ask(Request(question=SIDE, mode="plan"), now=NOW)
    assert session.resume(shown.run).text == session.workspace.session().ask(SIDE, now=NOW).text


def test_an_edit_that_can_not_run_is_refused(session: Session) -> None:
    shown = session.ask(Request(question=SIDE, mode="plan"), now=NOW)
    plan = session.plan(str(shown.run))
    with pytest.raises(UsageError, match="'s1', which the plan lacks"):
        session.edit_plan(str(shown.run), plan.steps[1:])
    assert session.plan(str(shown.run)) == plan
    with pytest.raises(UsageError, match="There is no run"):
        session.workspace.session(user="ben").edit_plan(str(shown.run), plan.steps)


# ---------------------------------------------------------------------------------- approvals


class Mailer:
    """An agent that acts."""

    card = Card(name="mail", needs=("result",), gives="findings", acts=True, verbs=("mail",))
    sent: list[str] = []

    def intends(self, step: Step, units: Mapping[str, InformationUnit], world: World) -> str:
        return f"send {step.task}"

    def run(
        self, step: Step, units: Mapping[str, InformationUnit], world: World
    ) -> InformationUnit:
        from clew_agents.information_unit import Findings, Sentence

        self.sent.append(step.task)
        told = Findings(sentences=(Sentence(text="The mail was sent."),))
        return replace(next(iter(units.values())), role="mail", content=told)


def test_an_approval_is_of_one_user_one_run_and_one_time(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agents_module, "third_party_agents", lambda: (Mailer(),))
    Mailer.sent.clear()
    ana, events = workspace.session(user="ana"), []
    waits = ana.ask("revenue by region, then mail it", now=NOW, tell=events.append)
    assert waits.status == "needs_clarification" and "approval" in str(waits.reason)
    (asked,) = [event.data for event in events if event.type == "approval_requested"]
    assert asked["text"] == "send mail it" and not Mailer.sent
    for said in ("yes", "approve it", "1"):
        ana.ask(said, now=NOW)
    assert ana.resume(waits.run).status == "needs_clarification" and not Mailer.sent
    with pytest.raises(UsageError, match="no approval"):
        workspace.session(user="ben").approve(asked["id"])
    assert ana.approve(asked["id"]) == waits.run
    with pytest.raises(UsageError, match="decided once"):
        ana.approve(asked["id"], granted=False)
    done = ana.resume(waits.run)
    assert done.status == "answered" and "The mail was sent." in done.text
    assert Mailer.sent == ["mail it"]
    # The same wish in another run asks anew.
    assert ana.ask("revenue by region, then mail it", now=NOW).status == "needs_clarification"
    assert Mailer.sent == ["mail it"]


def test_a_stored_approval_is_of_exactly_one_text_and_used_once(session: Session) -> None:
    store, who = session.workspace.store, session.principal
    state = StoredRun(store, who, "r1", session.thread)
    other = StoredRun(store, who, "r2", session.thread)
    id_ = state.request_approval("s1", "aa")
    assert state.request_approval("s1", "aa") == id_ != state.request_approval("s1", "bb")
    assert state.use_approval("s1", "aa") is None
    decide(store, who, id_, True)
    assert state.use_approval("s1", "bb") is None
    assert state.use_approval("s2", "aa") is None
    assert other.use_approval("s1", "aa") is None
    assert state.use_approval("s1", "aa") is True
    assert state.use_approval("s1", "aa") is None


# ------------------------------------------------------------------------ context and feedback


def test_the_plan_tells_which_cells_came_with_the_question_and_keeps_none(
    session: Session,
) -> None:
    cells = (
        CellView(id="a", kind="python", source="df = load('secret-token')"),
        CellView(id="b", kind="python", source="other = 3"),
        CellView(id="c", kind="python", source="by_day = df.groupby('day').sum()"),
    )
    request = Request(
        question=SIDE, cells=cells, anchor="c", variables=(Variable(name="df", type="DataFrame"),)
    )
    events = list(session.stream(request, now=NOW))
    context = events[0].data["context"]
    assert [kept["id"] for kept in context["kept"]] == ["a", "c"]
    assert all(kept["reason"] for kept in context["kept"])
    assert context["dropped"] == ["b"] and context["variables"] == ["df"]
    for table in ("runs", "events", "plans", "messages"):
        assert "secret-token" not in str(session.workspace.store.read(f"SELECT * FROM {table}", ()))
    plain = list(session.stream(SIDE, now=NOW))
    assert "context" not in plain[0].data


def test_what_a_user_says_is_kept_as_a_proposal_and_changes_nothing(session: Session) -> None:
    answer = session.ask("total revenue in 2023", now=NOW)
    kept = answer.feedback("  revenue has to be net of returns ", right="12,000.00")
    assert (kept.said, kept.expected) == ("revenue has to be net of returns", "12,000.00")
    assert kept.state == "proposed" and kept.question == "total revenue in 2023"
    assert given(session.workspace.store, session.principal) == (kept,)
    assert session.ask("total revenue in 2023", now=NOW).text == answer.text
    other = session.workspace.session(user="ben")
    assert given(session.workspace.store, other.principal) == ()
    with pytest.raises(UsageError, match="There is no run"):
        replace(answer, session=other).feedback("mine!")


@pytest.mark.parametrize("said", ["", "  ", "x" * (LONGEST + 1)])
def test_feedback_of_nothing_or_too_much_is_wrong_use(session: Session, said: str) -> None:
    answer = session.ask("total revenue", now=NOW)
    with pytest.raises(UsageError):
        answer.feedback(said)


def test_feedback_needs_a_run(session: Session) -> None:
    answer = session.ask("total revenue", now=NOW)
    with pytest.raises(UsageError, match="belongs to no run"):
        replace(answer, session=None).feedback("wrong")


def test_each_sample_question_is_answered(session: Session) -> None:
    samples = session.sample_questions()
    assert 5 <= len(samples) <= 8 and len(set(samples)) == len(samples)
    for question in samples:
        assert session.workspace.session().ask(question, now=NOW).status == "answered", question
    assert any("visit" in question or "web" in question for question in samples)


def test_a_source_without_rows_has_no_sample_questions_and_no_error(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("a,b\n", "utf-8")
    with clew.open(
        str(tmp_path / "empty.csv"), settings=Settings(home=tmp_path / "home")
    ) as workspace:
        for question in workspace.session().sample_questions():
            assert workspace.ask(question).status == "answered"


def test_an_error_of_a_source_in_a_step_is_raised_and_ends_the_run(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*args: Any) -> Any:
        raise SourceError("The file is gone.")

    monkeypatch.setattr(SqlStep, "run", gone)
    with pytest.raises(SourceError, match="gone"):
        session.ask(SIDE, now=NOW)
    last = session.workspace.store.read("SELECT status FROM runs", ())
    assert last == [("error",)] and rows_kept(session) == 0
    monkeypatch.undo()
    assert session.ask(SIDE, now=NOW).status == "answered"
