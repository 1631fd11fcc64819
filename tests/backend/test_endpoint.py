"""Addresses of models and roles, as people write them."""

import pytest

from clew_backend.model.endpoint import Address, parse_model, parse_roles
from clew_core.errors import UsageError


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("openai:http://host:8000/v1#qwen", Address(url="http://host:8000/v1", model="qwen")),
        ("http://host:8000#org/name:tag", Address(url="http://host:8000/v1", model="org/name:tag")),
        ("clew:https://host/v1/", Address(url="https://host/v1", chunks=True)),
        ("http://[::1]:8000/v1", Address(url="http://[::1]:8000/v1")),
        ("openai:unix:/run/v.sock#m", Address(url="http://localhost/v1", model="m",
                                              socket="/run/v.sock")),
    ],
)  # fmt: skip
def test_an_address_is_read(text: str, found: Address) -> None:
    assert parse_model(text) == found


@pytest.mark.parametrize(
    "text", ["", "gpt-4", "openai:", "openai:ftp://x/v1", "http://", "http://x:port/v1"]
)
def test_what_is_no_address_is_named_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match="Such as openai:http"):
        parse_model(text)


def test_a_key_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(UsageError) as raised:
        parse_model("http://me:hunter2@host/v1#m")
    assert "hunter2" not in str(raised.value)
    assert "models.key" in str(raised.value)


@pytest.mark.parametrize("item", ["coder", "writer=x", "coder="])
def test_a_role_without_a_model_is_named(item: str) -> None:
    with pytest.raises(UsageError, match="ROLE=MODEL"):
        parse_roles((item,))
