"""What a workspace opens, who sees what in it, and what it says about what it can't open."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import clew
from app.shop import NOW, make_shop
from clew.settings import Settings
from clew.workspace import Workspace
from clew_core.errors import SourceError, UsageError


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture
def shop(tmp_path: Path, settings: Settings) -> Iterator[Workspace]:
    make_shop(str(tmp_path / "shop.duckdb"))
    with clew.open(str(tmp_path / "shop.duckdb"), settings=settings) as workspace:
        yield workspace


def test_no_data_at_all_is_wrong_use(settings: Settings) -> None:
    with pytest.raises(UsageError, match="Which data"):
        clew.open(settings=settings)


def test_the_sources_of_the_settings_are_opened_where_none_is_named(
    tmp_path: Path, settings: Settings
) -> None:
    (tmp_path / "few.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    told = Settings(home=settings.home, sources=(str(tmp_path / "few.csv"),))
    with clew.open(settings=told) as workspace:
        assert list(workspace.sources) == ["few"]


def test_a_missing_file_is_named_and_what_was_open_is_closed(
    tmp_path: Path, settings: Settings
) -> None:
    make_shop(str(tmp_path / "shop.duckdb"))
    missing = tmp_path / "gone.duckdb"
    with pytest.raises(SourceError, match=r"gone\.duckdb"):
        clew.open(str(tmp_path / "shop.duckdb"), str(missing), settings=settings)
    make_shop(str(tmp_path / "shop2.duckdb"))
    (tmp_path / "shop.duckdb").unlink()  # nothing holds it
    assert not missing.exists()


def test_files_of_one_name_are_numbered(tmp_path: Path, settings: Settings) -> None:
    places = [tmp_path / part / "sales.csv" for part in ("a", "b", "c")]
    for number, place in enumerate(places):
        place.parent.mkdir()
        place.write_text(f"region,amount\nr{number},{number + 1}\n", encoding="utf-8")
    with clew.open(*map(str, places), settings=settings) as workspace:
        assert list(workspace.sources) == ["sales", "sales_2", "sales_3"]
        assert [source.name for source in workspace.sources.values()] == list(workspace.sources)


def test_two_sources_that_can_answer_are_asked_back_and_the_choice_is_taken(
    tmp_path: Path, settings: Settings
) -> None:
    for part, amount in (("north", 10), ("south", 20)):
        (tmp_path / f"{part}.csv").write_text(f"region,amount\nx,{amount}\n", encoding="utf-8")
    places = [str(tmp_path / f"{part}.csv") for part in ("north", "south")]
    with clew.open(*places, settings=settings) as workspace:
        session = workspace.session()
        asked = session.ask("total amount")
        assert asked.status == "needs_clarification" and asked.clarification
        assert [option.label for option in asked.clarification.options] == ["north", "south"]
        chosen = session.ask("south")
        assert chosen.status == "answered"
        assert chosen.table is not None and chosen.table.to_pylist() == [{"sum_amount": 20}]


def test_a_source_that_alone_understands_a_question_answers_it(
    tmp_path: Path, settings: Settings
) -> None:
    (tmp_path / "fruit.csv").write_text("fruit,sugar\napple,10\n", encoding="utf-8")
    (tmp_path / "cars.csv").write_text("car,speed\nbeetle,120\n", encoding="utf-8")
    places = (str(tmp_path / "fruit.csv"), str(tmp_path / "cars.csv"))
    with clew.open(*places, settings=settings) as workspace:
        answer = workspace.ask("average speed")
        assert answer.text == "The average speed is 120.00."
        assert [cell.data_source for cell in answer.cells if cell.kind == "sql"] == ["cars"]


def test_the_same_workspace_answers_follow_ups_of_its_own_session(shop: Workspace) -> None:
    assert shop.ask("total amount in 2023", now=NOW).status == "answered"
    assert "30.30" in shop.ask("and last month?", now=NOW).text


def test_a_model_that_is_no_address_is_wrong_use(tmp_path: Path, settings: Settings) -> None:
    make_shop(str(tmp_path / "shop.duckdb"))
    with pytest.raises(UsageError, match="'other' names no model"):
        clew.open(str(tmp_path / "shop.duckdb"), model="other", settings=settings)


def test_a_home_that_can_not_be_written_is_said_and_nothing_fails(
    tmp_path: Path, settings: Settings
) -> None:
    make_shop(str(tmp_path / "shop.duckdb"))
    (tmp_path / "home").write_text("a file, no folder", encoding="utf-8")
    with clew.open(str(tmp_path / "shop.duckdb"), settings=settings) as workspace:
        assert any("in memory" in text for text in workspace.warnings)
        assert workspace.ask("how many orders?").status == "answered"


def test_a_thread_goes_on_after_the_workspace_was_closed(
    tmp_path: Path, settings: Settings
) -> None:
    make_shop(str(tmp_path / "shop.duckdb"))
    place = str(tmp_path / "shop.duckdb")
    with clew.open(place, settings=settings) as workspace:
        first = workspace.session(user="ana").ask("total amount in 2023", now=NOW)
    assert first.thread
    with clew.open(place, settings=settings) as workspace:
        again = workspace.session(user="ana", thread=first.thread)
        assert again.ask("and last month?", now=NOW).table.to_pylist()[0]["sum_amount"] is not None
        assert again.thread == first.thread


@pytest.mark.parametrize("thread", ["", "nonsense", "000000000000"])
def test_a_thread_that_is_not_there_is_named(shop: Workspace, thread: str) -> None:
    with pytest.raises(UsageError, match=f"no thread '{thread}'"):
        shop.session(thread=thread)


def test_another_users_thread_does_not_exist(shop: Workspace) -> None:
    answer = shop.session(user="ana").ask("how many orders?")
    assert answer.thread and answer.run
    with pytest.raises(UsageError, match="no thread"):
        shop.session(user="ben", thread=answer.thread)
    ben = shop.session(user="ben")
    assert ben.thread != answer.thread
    assert shop.store.events(ben.principal, answer.run) == ()
    assert shop.store.messages(ben.principal, answer.thread) == ()


def test_closing_twice_is_harmless(tmp_path: Path, settings: Settings) -> None:
    make_shop(str(tmp_path / "shop.duckdb"))
    workspace = clew.open(str(tmp_path / "shop.duckdb"), settings=settings)
    workspace.close()
    workspace.close()


def test_a_closed_workspace_says_that_it_is_closed(shop: Workspace) -> None:
    session = shop.session()
    shop.close()
    with pytest.raises(UsageError, match="The workspace is closed"):
        session.ask("how many orders?")
    with pytest.raises(UsageError, match="The workspace is closed"):
        shop.session()
