"""What is quoted when a question is asked back, and which prices are told apart."""

import pytest

from agents.reading import candidates_of, context_of
from clew_agents.proposer import CannotAnswer
from clew_agents.sql.builtin import SqlContext
from clew_agents.sql.open_words import phrase_around
from clew_agents.sql.vocabulary import Vocabulary
from clew_tools.database.values import TextValues, normal
from tools.semantic import catalog_of


@pytest.mark.parametrize(
    ("question", "words", "quoted"),
    [
        ("Refunds in May 2023", "refunds", "Refunds in May 2023"),
        ("revenue for the year 2024, by region", "revenue", "revenue for the year 2024"),
        ("how many customers did we have in 2024?", "2024", "have in 2024"),
        ("orders by region", "region", "region"),
    ],
)
def test_ambiguous_words_are_quoted_with_what_belongs_to_them(question, words, quoted):
    assert phrase_around(question, words) == quoted


def test_of_several_prices_none_is_taken_for_the_price():
    tables = {
        "kinds": {"columns": "id integer *, name text"},
        "goods": {
            "columns": "id integer *, name text, list_price decimal, kind_id integer",
            "keys": ["kind_id > kinds"],
        },
        "lines": {
            "columns": "id integer *, price decimal, goods_id integer",
            "keys": ["goods_id > goods"],
        },
    }
    told = {
        name: {"rows": [], **table, "columns": table["columns"].split(", ")}
        for name, table in tables.items()
    }
    context = SqlContext(
        source="bikes",
        vocabulary=Vocabulary(catalog=catalog_of(told)),
        values=TextValues({normal("Lamps"): [("kinds", "name", "Lamps")]}),
        today=context_of("bikes").today,
    )
    with pytest.raises(CannotAnswer, match="list_price of goods or price of lines"):
        candidates_of("what is the average price of Lamps?", context)
    (only,) = candidates_of("what is the average list price of Lamps?", context)
    assert only.spec.table == "goods"
