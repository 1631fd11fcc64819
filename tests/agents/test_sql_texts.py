"""Are parts of texts, full names and last sentences that name columns read as they are meant?"""

import pytest

import clew

PEOPLE = """person_id,first_name,last_name,city,height
1,Ann,Lee,Riga,170
2,Bo,Steel,Oslo,181
3,Cy,Annan,Riga,165
"""
BOATS = """boat_id,name,length,owner_id
1,Annabel,12,1
2,Bella,9,2
3,Carina,15,1
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> clew.Workspace:
    folder = tmp_path_factory.mktemp("harbour")
    (folder / "people.csv").write_text(PEOPLE)
    (folder / "boats.csv").write_text(BOATS)
    return clew.open(str(folder))


def _rows(workspace: clew.Workspace, question: str) -> list[str]:
    answer = workspace.session().ask(question)
    assert answer.status == "answered" and answer.table is not None, answer.reason
    shown = answer.table.select(answer.spec.asked) if answer.spec else answer.table
    return sorted(" ".join(map(str, row.values())) for row in shown.to_pylist())


CASES = """
Which boats have a name that starts with 'A'? | Annabel
names of boats whose name ends with 'a' | Bella, Carina
Which boats have 'bel' in their name? | Annabel, Bella
boats whose name contains 'bel' | Annabel, Bella
boats whose name does not contain 'bel' | Carina
How many boats have a name beginning with the letter C? | 1
Which boat has the largest length? Return the name. | Carina
What are the full names of the people? | Ann Lee, Bo Steel, Cy Annan
Show the first and last name of the people in Oslo. | Bo Steel
Tell me how many boats there are. | 3
"""


@pytest.mark.parametrize("case", CASES.strip().splitlines())
def test_the_answer_is_what_was_meant(workspace: clew.Workspace, case: str) -> None:
    question, expected = (text.strip() for text in case.split("|"))
    assert _rows(workspace, question) == expected.split(", ")


def test_a_part_of_a_text_without_a_column_is_asked_back(workspace: clew.Workspace) -> None:
    answer = workspace.session().ask("How many boats start with 'A'?")
    assert answer.status != "answered"
