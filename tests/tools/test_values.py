"""Are the values found that people name, spelled right or nearly right?"""

import time
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew_core.deadline import Budget, Deadline
from clew_core.errors import BudgetEnded
from clew_core.principal import Principal
from clew_tools.database.open import open_source
from clew_tools.database.source import ValueIndex
from clew_tools.database.values import TextValues, edit_distance, edits_allowed, normal

ANA = Principal()


def index_of(tmp_path: Path, **columns: str) -> ValueIndex:
    """Index a table t of 60 000 rows whose columns are SQL over ``range``."""
    sql = ", ".join(f"{expression} AS {name}" for name, expression in columns.items())
    duckdb.sql(f"SELECT {sql} FROM range(60000)").write_parquet(str(tmp_path / "t.parquet"))
    source = open_source(tmp_path / "t.parquet")
    try:
        return source.values(ANA, Deadline())
    finally:
        source.close()


CITIES = "['New York', 'Zürich', 'Stratford-upon-Avon', 'São Paulo', NULL, ' ', 'LYON']"


def test_values_are_found_whatever_their_case_and_hyphens(tmp_path: Path) -> None:
    values = index_of(tmp_path, city=f"({CITIES})[range % 7 + 1]", n="range")
    for phrase in ("new york", "NEW  YORK", "ZÜRICH", "stratford upon avon", "são paulo", "lyon"):
        (hit,) = values.find(phrase)
        assert (hit.table, hit.column) == ("t", "city")
    assert values.find("new york")[0].value == "New York"
    assert values.longest == 3
    assert values.find("york") == values.find("") == values.find("  ") == values.find("7") == ()


@pytest.mark.parametrize(
    ("typo", "meant"),
    [
        ("new yrok", "New York"), ("zurich", "Zürich"), ("lion", "LYON"), ("lyons", "LYON"),
        ("stratfrd upon avvon", "Stratford-upon-Avon"), ("sao paolo", "São Paulo"),
        ("mew york", "New York"),
    ],
)  # fmt: skip
def test_a_typo_is_near_what_was_meant(tmp_path: Path, typo: str, meant: str) -> None:
    values = index_of(tmp_path, city=f"({CITIES})[range % 7 + 1]")
    assert [hit.value for hit in values.near(typo)] == [meant]


@pytest.mark.parametrize("phrase", ["new york", "nwe yrok city", "ly", "", "lyr", "paris"])
def test_another_word_is_not_near(tmp_path: Path, phrase: str) -> None:
    values = index_of(tmp_path, city=f"({CITIES})[range % 7 + 1]")
    assert values.near(phrase) == ()


def test_another_number_is_not_a_typo(tmp_path: Path) -> None:
    values = index_of(tmp_path, name="'Brand#' || (range % 40)")
    assert values.near("brand#99") == ()
    assert [hit.value for hit in values.near("brnd#12")] == ["Brand#12"]


def test_free_text_and_too_many_values_are_left_out(tmp_path: Path) -> None:
    values = index_of(
        tmp_path,
        comment="repeat('long text ', 8) || (range % 5)",
        code="'x' || range",
        kind="'kind ' || (range % 5)",
    )
    assert values.find("kind 3") and not values.find("x17")
    assert not values.find("long text " * 8 + "3")


def test_the_nearest_come_first_and_at_most_five() -> None:
    words = "abcdefgh abcdefgx abcdefyx abcdefghi bbcdefgh abcdefg abcdeffh".split()
    places = {word: [("t", "c", word)] for word in words}
    found = [hit.value for hit in TextValues(places).near("abcdefgh")]
    assert len(found) == 5 and "abcdefgh" not in found
    distances = [edit_distance("abcdefgh", word, 2) for word in found]
    assert distances == sorted(distances)


def test_an_index_stops_with_its_deadline(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a\nx\n")
    source = open_source(tmp_path / "t.csv")
    with pytest.raises(BudgetEnded):
        source.values(ANA, Deadline(Budget(seconds=0)))
    assert source.values(ANA, Deadline()).find("x")
    source.close()


def test_near_is_quick_among_many() -> None:
    letters = "abcdefghij"
    names = ("".join(letters[int(d)] for d in f"{i:05}") for i in range(50_000))
    places = {f"name {name} of it": [("t", "c", "x")] for name in names}
    values = TextValues(places)
    values.near("warm up please")
    start = time.process_time()
    for _ in range(10):
        values.near("name aabac of it")
    assert (time.process_time() - start) / 10 < 0.5


def slow_distance(a: str, b: str) -> int:
    """Count edits with neighbours swapped, by the plain table."""
    d = [[i + j if i * j == 0 else 0 for j in range(len(b) + 1)] for i in range(len(a) + 1)]
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            d[i][j] = min(
                d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1])
            )
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                d[i][j] = min(d[i][j], d[i - 2][j - 2] + 1)
    return d[-1][-1]


TEXT = st.text("abc", max_size=8)


@given(TEXT, TEXT, st.sampled_from([1, 2]))
def test_the_quick_distance_is_the_plain_one(a: str, b: str, most: int) -> None:
    assert min(edit_distance(a, b, most), most + 1) == min(slow_distance(a, b), most + 1)


@given(st.text(max_size=20))
def test_normal_forms_stay_as_they_are(text: str) -> None:
    assert normal(normal(text)) == normal(text)
    assert 0 <= edits_allowed(text) <= 2


def test_columns_of_nothing_but_0_and_1_are_told_apart(tmp_path: Path) -> None:
    values = index_of(
        tmp_path, paid="range % 2", once="1", kids="range % 3", n="range", city="'Oslo'"
    )
    assert values.binary == {("t", "paid")}
