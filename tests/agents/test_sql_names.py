"""Which tables and columns do everyday words mean, where the schema says it in its own way?"""

import pytest

from clew_agents.sql.vocabulary import Vocabulary
from clew_tools.database.catalog import Catalog, Column, ForeignKey, Table
from clew_tools.database.source import ValueHit


def _table(name: str, columns: str, meaning: str | None = None, **meanings: str) -> Table:
    made = []
    for told in columns.split(", "):
        column, _, type_ = told.partition(" ")
        made.append(Column(name=column, type=type_ or "text", meaning=meanings.get(column)))  # type: ignore[arg-type]
    keys = (
        ForeignKey(columns=(c.name,), table=f"{c.name[:-3]}s", other_columns=(c.name,))
        for c in made
        if c.name.endswith("_id") and c.name != f"{name[:-1]}_id"
    )
    return Table(
        name=name, columns=tuple(made), row_count=9, primary_key=(made[0].name,),
        foreign_keys=tuple(keys), meaning=meaning,
    )  # fmt: skip


CATALOG = Catalog(
    source="mill",
    tables=(
        _table("consignments", "consignment_id integer, carrier, num_7 integer, sent_on date",
               "one row per parcel", num_7="promised days"),
        _table("goods", "good_id integer, name, weight_g integer, lead_time_days integer",
               "one row per article that was ever sold"),
        _table("good_lines", "good_line_id integer, good_id integer, discount_amount decimal",
               "one row per article in a consignment"),
        _table("bookings", "booking_id integer, sPlace, nSeats integer, dBookedOn date",
               "one row per seat and evening"),
        _table("bookings_202301", "booking_id integer, sPlace, nSeats integer, dBookedOn date"),
        _table("fx_rates", "rate_date date, currency, rate number"),
        _table("visits", "visit_id integer, attr_3, coupon_code", "each row is a visit to the shop",
               attr_3="channel through which they came"),
    ),
)  # fmt: skip
VOCABULARY = Vocabulary(catalog=CATALOG)
FOUND = [
    # A row is called what its meaning says, one of two things together is called by neither.
    ("parcels", ["consignments"]),
    ("articles", ["goods"]),
    ("seats", ["bookings.nSeats"]),
    ("evenings", []),
    ("visits", ["visits"]),
    # A column's meaning; its name without unit, type letter or a word that says nothing.
    ("promised days", ["consignments.num_7"]),
    ("channel", ["visits.attr_3"]),
    ("weight", ["goods.weight_g"]),
    ("lead time", ["goods.lead_time_days"]),
    ("place", ["bookings.sPlace"]),
    ("discount", ["good_lines.discount_amount"]),
    ("coupon", ["visits.coupon_code"]),
    # A snapshot is meant by its own name only.
    ("bookings", ["bookings"]),
    ("bookings_202301", ["bookings_202301"]),
]


@pytest.mark.parametrize(("words", "names"), FOUND, ids=[words for words, _ in FOUND])
def test_everyday_words_find_what_they_mean(words: str, names: list[str]) -> None:
    found = VOCABULARY.match(tuple(words.split()))
    assert [
        f"{m.name.table}.{m.name.column}" if m.name.column else m.name.table for m in found
    ] == (names)


def test_a_word_that_a_table_s_short_name_stands_for_is_a_hint() -> None:
    assert ("fx_rates", "rate") in VOCABULARY.hints("exchange")
    assert ("fx_rates", "rate") not in VOCABULARY.hints("growth")


def test_values_of_snapshots_count_only_where_nothing_else_has_them() -> None:
    now = ValueHit(table="bookings", column="sPlace", value="Lyon")
    then = ValueHit(table="bookings_202301", column="sPlace", value="Lyon")
    assert VOCABULARY.without_copies((now, then)) == (now,)
    assert VOCABULARY.without_copies((then,)) == (then,)


def test_a_cryptic_column_that_nothing_explains_is_not_guessed() -> None:
    bare = Vocabulary(
        catalog=Catalog(source="mill", tables=(_table("visits", "visit_id integer, attr_3"),))
    )
    for word in ("channel", "attr", "country"):
        assert not [m for m in bare.match((word,)) if m.name.column]


def test_a_column_says_what_the_rows_that_it_points_at_are_called() -> None:
    people = Table(
        name="people", row_count=2, primary_key=("person_id",),
        columns=(Column(name="person_id", type="integer"), Column(name="name", type="text")),
    )  # fmt: skip

    def shelves(*columns: str) -> Table:
        return Table(
            name="shelves", row_count=2, primary_key=("shelf_id",),
            columns=tuple(Column(name=name, type="integer") for name in ("shelf_id", *columns)),
            foreign_keys=tuple(
                ForeignKey(columns=(name,), table="people", other_columns=("person_id",))
                for name in columns
            ),
        )  # fmt: skip

    one = Vocabulary(catalog=Catalog(source="s", tables=(people, shelves("keeper_id"))))
    [match] = one.match(("keepers",))
    assert (match.name.table, match.name.role) == ("people", ("shelves", "keeper_id"))
    # Two ways lead there: which one "keepers" follows would be a guess.
    two = Vocabulary(catalog=Catalog(source="s", tables=(people, shelves("keeper_id", "owner_id"))))
    assert not [found for found in two.match(("keepers",)) if found.name.role]
