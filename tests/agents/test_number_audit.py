"""Has every number of every answer something to stand on? And does the auditor see what has not?"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import yaml
from question_sets import FOLDER, NOW, SETS, locate

import clew
from clew_core.cells import sha256
from clew_core.receipts import Receipt, Ref
from number_audit import Audits, audit, audit_all, key_stated, read_numbers, survivors, unsupported
from worlds.gate import EACH, drawn_seeds, fixed_seeds
from worlds.score import ask_worlds

Asked = tuple[clew.Answer, Sequence[str]]

# ------------------------------------------------------------------------------- the auditor itself


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("There are 1,234 orders.", [1234]),
        ("It fell from 12.5 to 7, by -44%.", [12.5, 7, 44]),
        ("Twice as many; two of three, a dozen.", [2, 2, 3, 12]),
        ("No one, each one and one another: none.", []),
        ("Half of them, and half-yearly figures.", [0.5]),
        ("Q3 2024", [3, 2024]),
        ("Often, weight and tension", []),
    ],
)
def test_numbers_are_read_in_digits_and_in_words(text: str, values: list[float]) -> None:
    assert [number.value for number in read_numbers(text)] == values


def _receipt(text: str, **more: Any) -> Receipt:
    value = float(text.replace(",", ""))
    expression = {"op": "value", "ref": 0}
    ref = Ref(cell="c1", sql_sha256=sha256("SELECT 1"), row=0, column="n")
    kept = {"id": "r1", "value": value, "expression": expression, "refs": (ref,), **more}
    return Receipt(text=text, **kept)


@pytest.mark.parametrize(
    ("text", "receipts", "quoted", "names", "left"),
    [
        ("There are 12 orders.", ["12"], [], [], []),
        ("There are 12 orders.", [], [], [], ["12"]),
        ("There are 13 orders.", ["12"], [], [], ["13"]),
        ("There are 112 orders.", ["12"], [], [], ["112"]),
        ("There are 12.5 orders.", ["12"], [], [], ["12.5"]),
        ("There are 1,012 orders.", ["012"], [], [], ["1,012"]),
        ("12 of 12 orders.", ["12"], [], [], ["12"]),
        ("12 of 12 orders.", ["12", "12"], [], [], []),
        ("There are twelve orders.", ["12"], [], [], ["twelve"]),
        ("There are 12 orders above 1,000.", ["12"], ["orders above 1000?"], [], []),
        ("Three of them are late.", [], ["the top 3?"], [], []),
        ("Above 400,000 there are 2.", ["2"], ["more than 400k?"], [], []),
        ("2 orders in Q1.", ["2"], ["in the first quarter?"], [], []),
        ("The best is Terminal 2.", [], [], ["Terminal 2"], []),
        ("The best is Terminal 22.", [], [], ["Terminal 2"], ["22"]),
        ("The best is 2 years old.", [], [], ["Terminal 2"], ["2"]),
        ("Twice as many.", [], [], [], ["Twice"]),
    ],
)
def test_only_a_receipt_a_quotation_or_a_name_excuses_a_number(
    text: str, receipts: list[str], quoted: list[str], names: list[str], left: list[str]
) -> None:
    assert unsupported(text, [_receipt(one) for one in receipts], quoted, names) == left


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> clew.Answer:
    """A true answer with several numbers."""
    file = tmp_path_factory.mktemp("shop") / "shop.csv"
    rows = [
        "city,amount",
        *(f"Oslo,{n}" for n in range(9)),
        *(f"Bergen,{n}" for n in range(40, 43)),
    ]
    file.write_text("\n".join(rows) + "\n")
    with clew.open(str(file)) as workspace:
        found = workspace.ask("total amount by city")
    assert found.status == "answered"
    return found


def test_a_true_answer_passes(answer: clew.Answer) -> None:
    found = audit(answer, ["total amount by city"])
    assert found.unsupported == ()
    assert found.numbers >= 2
    assert found.key_stated
    assert survivors(answer) == []


def test_a_planted_number_is_caught(answer: clew.Answer) -> None:
    planted = replace(answer, text=f"{answer.text} That is 37 more than last week.")
    assert audit(planted, ["total amount by city"]).unsupported == ("37",)
    planted = replace(answer, text=f"{answer.text} That is twice as much.")
    assert audit(planted, ["total amount by city"]).unsupported == ("twice",)


def test_a_date_is_a_name_where_the_clock_gave_it(answer: clew.Answer) -> None:
    sql = "SELECT 1 WHERE d >= '2026-01-01' AND d < '2026-04-01' AND kind = '1-URGENT'"
    dated = replace(answer, sql=sql, text="It was so for 1-URGENT in Q1 2026.")
    assert audit(dated, ["what was it last quarter?"]).unsupported == ()
    assert audit(dated, ["what was it?"]).unsupported == ("1", "2026")
    assert audit(replace(dated, text="It was 1."), ["last quarter?"]).unsupported == ("1",)


def test_a_lost_receipt_is_caught(answer: clew.Answer) -> None:
    lost = replace(answer, receipts=answer.receipts[1:])
    assert audit(lost, ["total amount by city"]).unsupported == (answer.receipts[0].text,)


def test_a_text_without_its_number_is_caught(answer: clew.Answer) -> None:
    assert key_stated(replace(answer, text="Oslo and Bergen differ.")) is False
    assert key_stated(replace(answer, table=None)) is None


def test_a_receipt_that_does_not_notice_a_change_is_caught(answer: clew.Answer) -> None:
    blind = replace(answer.receipts[0], expression={"op": "count", "ref": 0}, value=2)
    assert answer.table is not None
    blind = replace(blind, value=answer.table.num_rows)
    assert len(survivors(replace(answer, receipts=(blind,)))) == 1


def test_a_left_out_sentence_is_counted(answer: clew.Answer) -> None:
    warned = replace(answer, warnings=("A sentence was left out: its number has no receipt.",))
    assert audit(warned, ["total amount by city"]).dropped == 1


def test_a_list_of_names_states_how_many(answer: clew.Answer) -> None:
    table = pa.table({"name": ["Ana", "Bo"]})
    named = replace(answer, table=table, text="There are 2: Ana and Bo.", receipts=())
    assert key_stated(named) is False
    counted = _receipt("2", refs=(Ref(cell="c1", sql_sha256=sha256(answer.sql or "")),), value=2)
    assert key_stated(replace(named, receipts=(counted,))) is True


# ----------------------------------------------------- conditions in the user's own words


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[clew.Workspace]:
    """Weights in grams, counts of stock, a column whose name is a code, and years."""
    file = tmp_path_factory.mktemp("stock") / "stock.duckdb"
    with duckdb.connect(str(file)) as db:
        db.execute(
            "CREATE TABLE products (product_id INT PRIMARY KEY, product_name VARCHAR, "
            "weight_g INT, attr_25 VARCHAR, model_year INT, is_waterproof INT)"
        )
        db.execute(
            "INSERT INTO products SELECT i, 'Tent ' || chr(65 + i::INT), 1000 * i, "
            "CASE WHEN i % 2 = 0 THEN 'newsletter' ELSE 'direct' END, 1960 + i, i % 2 "
            "FROM range(1, 12) AS t(i)"
        )
        db.execute(
            "CREATE TABLE inventory (product_id INT REFERENCES products (product_id), "
            "week_start DATE, on_hand INT)"
        )
        db.execute(
            "INSERT INTO inventory SELECT i, DATE '2024-01-01' + (7 * w)::INT, "
            "CASE WHEN w = 3 AND i < 4 THEN 0 ELSE 10 + i END "
            "FROM range(1, 12) AS t(i), range(8) AS u(w)"
        )
    with clew.open(str(file)) as workspace:
        yield workspace


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Which products weigh more than 3 kg?", "weight above 3 kg"),
        ("How many products are heavier than 4 kg?", "weight above 4 kg"),
        ("How many weeks was at least one product out of stock?", "out of stock"),
        ("How many products with newsletter?", "with newsletter"),
        ("How many products have a model year before 1970?", "before 1970"),
        ("number of products with model year after 1965", "after 1965"),
        ("How many products are waterproof?", "waterproof"),
    ],
)
def test_a_condition_is_told_in_the_words_of_the_question(
    stock: clew.Workspace, question: str, said: str
) -> None:
    found = stock.ask(question)
    assert found.status == "answered"
    assert said in found.text
    assert audit(found, [question]).unsupported == ()


# --------------------------------------------------------------------------------- all the answers


def _of_worlds(seeds: list[int], folder: Path) -> Iterator[Asked]:
    for outcome in ask_worlds(seeds, EACH, folder):
        if outcome.answer is not None and outcome.status == "answered":
            yield outcome.answer, (*outcome.question.before, outcome.question.text)


def _of_sets(folder: Path) -> Iterator[Asked]:
    for name in SETS:
        own = folder / name
        own.mkdir()
        location = locate(name, own, 0.05)
        if location is None:
            continue
        cases = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))["questions"]
        with clew.open(str(location)) as workspace:
            for case in cases:
                for place, question in enumerate(case["phrasings"]):
                    session, before = workspace.session(), []
                    if follows := case.get("follows"):
                        earlier = next(other for other in cases if other["id"] == follows)
                        before = [earlier["phrasings"][place]]
                        session.ask(before[0], now=NOW)
                    found = session.ask(question, now=NOW)
                    if found.status == "answered":
                        yield found, (*before, question)


def _hold(found: Audits) -> None:
    assert found.answers > 0
    assert found.unsupported == ()
    assert found.survivors == ()
    assert found.dropped <= 0.01 * found.sentences
    assert len(found.unstated) <= 0.05 * found.keyed, found.unstated


@pytest.mark.slow
def test_no_number_of_the_worlds_answers_is_without_a_receipt(tmp_path: Path) -> None:
    _hold(audit_all(_of_worlds(fixed_seeds(6)[:4], tmp_path)))


@pytest.mark.slow
def test_no_number_of_the_fixed_sets_answers_is_without_a_receipt(tmp_path: Path) -> None:
    _hold(audit_all(_of_sets(tmp_path)))


@pytest.mark.soak
def test_no_number_of_thirty_worlds_answers_is_without_a_receipt(tmp_path: Path) -> None:
    seeds = drawn_seeds(30)
    found = audit_all(_of_worlds(seeds, tmp_path))
    assert found.unsupported == (), f"worlds {seeds}"
    _hold(found)
