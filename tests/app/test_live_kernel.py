"""Which questions are about live variables."""

import pytest

from clew.live_kernel import ask_for_leave, frames_meant
from clew_core.events import Attachment, Request, Variable

VARIABLES = tuple(
    Variable(name=name, type=type_)
    for name, type_ in (("trips", "DataFrame"), ("orders", "Table"), ("n", "int"),
                        ("data", "DataFrame"), ("My_Frame", "DataFrame"))
)  # fmt: skip


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("total price of the Trips", ("trips",)),
        ("trips and my_frame side by side", ("trips", "My_Frame")),
        ("how many orders", ()),  # a table of the sources has that name
        ("show the data", ()),  # a word of any question
        ("what is n", ()),  # no table
        ("roundtrips by city", ()),
    ],
)
def test_a_frame_is_meant_by_its_name(question: str, names: tuple[str, ...]) -> None:
    request = Request(question=question, variables=VARIABLES)
    assert frames_meant(request, question, ["main.orders", "customers"]) == names


def test_an_attached_frame_is_meant_whatever_the_question_says() -> None:
    attached = (Attachment(kind="variable", name="orders"), Attachment(kind="cell", name="trips"))
    request = Request(question="how many", variables=VARIABLES, attachments=attached)
    assert frames_meant(request, "how many trips", ["orders"]) == ("orders",)


def test_leave_is_asked_with_the_question_kept() -> None:
    answer = ask_for_leave("total of trips", ["trips"])
    assert answer.clarification is not None
    (option,) = answer.clarification.options
    assert option.question == "total of trips" and option.spec is None
