"""Is a reading that takes risks less sure than one that takes none?"""

from pathlib import Path

import pytest

import clew
from clew_agents.sql.confidence import WEIGHTS, with_risk

TABLES = {
    "customers.csv": "customer_id,name,city\n1,Ann,Riga\n2,Bo,Oslo\n3,Cy,Riga\n",
    "orders.csv": "order_id,customer_id,amount,status\n1,1,10,open\n2,1,20,closed\n3,2,20,open\n",
}


@pytest.fixture
def workspace(tmp_path: Path) -> clew.Workspace:
    for name, text in TABLES.items():
        (tmp_path / name).write_text(text)
    return clew.open(str(tmp_path))


def _sure(workspace: clew.Workspace, question: str) -> float:
    answer = workspace.session().ask(question)
    assert answer.status == "answered", answer.reason
    assert answer.confidence is not None
    return answer.confidence


# The first of each pair is read with fewer risks than the second.
PAIRS = """
How many orders are there? | How many orders with status open are there in Riga?
How many orders have the status open? | How many orders are open?
What is the total amount of the orders? | What is the total amount of the purchases?
What is the average amount of orders? | Which customer has the largest total amount of orders?
"""


@pytest.mark.parametrize("pair", PAIRS.strip().splitlines())
def test_what_takes_more_risks_is_less_sure(workspace: clew.Workspace, pair: str) -> None:
    plain, risky = (text.strip() for text in pair.split("|"))
    first = _sure(workspace, plain)
    assert _sure(workspace, risky) < first


def test_an_arbitrary_choice_between_equals_is_less_sure(workspace: clew.Workspace) -> None:
    tied = _sure(workspace, "Which order has the highest amount?")
    alone = _sure(workspace, "Which order has the lowest amount?")
    assert tied < alone


@pytest.mark.parametrize("risk", sorted(WEIGHTS))
def test_each_risk_lowers_a_confidence(risk: str) -> None:
    assert with_risk(0.9, risk) < 0.9
    assert 0 < with_risk(0.06, risk) < 1
    assert with_risk(1.0, risk) < 1
