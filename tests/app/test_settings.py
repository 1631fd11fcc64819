"""Settings: the order in which they are read, what is wrong with them, and their page."""

import ast
import re
from dataclasses import fields
from pathlib import Path

import pytest

from clew.settings import Settings, document, load_settings, variable
from clew_core.errors import UsageError

ROOT = Path(__file__).resolve().parents[2]


def test_without_file_and_variables_the_defaults_hold(tmp_path: Path) -> None:
    assert load_settings(tmp_path, {}) == Settings()
    assert load_settings(tmp_path, {"CLEW_HOME": ""}) == Settings()


def test_the_file_is_read_and_variables_win(tmp_path: Path) -> None:
    (tmp_path / "clew.toml").write_text(
        'model = "builtin"\nsources = ["a.csv", "/b.csv", "sqlite:///c.db"]\n'
        "[run]\nseconds = 7\nrows = 100\n",
        encoding="utf-8",
    )
    settings = load_settings(tmp_path, {"CLEW_RUN_SECONDS": "1.5", "CLEW_HOME": "/somewhere"})
    assert settings.run_seconds == 1.5
    assert settings.budget.rows == 100
    assert settings.home == Path("/somewhere")
    assert settings.sources == (str(tmp_path / "a.csv"), "/b.csv", "sqlite:///c.db")


def test_sources_in_the_environment_are_one_location_or_a_list(tmp_path: Path) -> None:
    assert load_settings(tmp_path, {"CLEW_SOURCES": "a b.csv"}).sources == ("a b.csv",)
    assert load_settings(tmp_path, {"CLEW_SOURCES": '["a", "b"]'}).sources == ("a", "b")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("modell = 'x'", ["clew.toml", "'modell'"]),
        ("[run]\nsecond = 3", ["clew.toml", "'run.second'"]),
        ("run = 3", ["clew.toml", "'run'", "[run]"]),
        ("sources = 'a.csv'", ["clew.toml", "sources", "'a.csv'"]),
        ("[run]\nseconds = '3'", ["clew.toml", "run.seconds", "'3'"]),
        ("[run]\nseconds = 0", ["clew.toml", "run.seconds", "0"]),
        ("[run]\nrows = true", ["clew.toml", "run.rows", "True"]),
        ("[run]\nrows = 1.5", ["clew.toml", "run.rows", "1.5"]),
        ("time_zone = 'Mars/Olympus'", ["clew.toml", "time_zone", "Mars/Olympus"]),
        ("time_zone = '../etc'", ["clew.toml", "time_zone"]),
        ("model = ", ["clew.toml", "Invalid value"]),
    ],
)
def test_a_wrong_file_is_an_error_that_names_file_and_key(
    tmp_path: Path, text: str, names: list[str]
) -> None:
    (tmp_path / "clew.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load_settings(tmp_path, {})
    assert all(name in str(caught.value) for name in names), str(caught.value)


def test_a_file_in_another_encoding_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "clew.toml").write_bytes("model = 'Zürich'".encode("latin-1"))
    with pytest.raises(UsageError, match=r"clew\.toml"):
        load_settings(tmp_path, {})


def test_a_wrong_variable_is_named() -> None:
    with pytest.raises(UsageError, match="CLEW_RUN_ROWS: .*'many'"):
        load_settings(Path("/nowhere"), {"CLEW_RUN_ROWS": "many"})


def test_the_page_is_what_the_program_prints() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert page == document(), "python -m clew.settings > docs/settings.md"
    for row in fields(Settings):
        assert f"`{variable(row.metadata['name'])}`" in page


def test_every_setting_is_read_by_something() -> None:
    read = set()
    for path in (ROOT / "app" / "clew").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and path.name != "settings.py":
                read.add(node.attr)
    if "budget" in read:
        read |= {row.name for row in fields(Settings) if row.name.startswith("run_")}
    assert {row.name for row in fields(Settings)} <= read


def test_names_are_words_that_a_person_can_type() -> None:
    for row in fields(Settings):
        assert re.fullmatch(r"[a-z_]+(\.[a-z_]+)?", row.metadata["name"])
        assert row.metadata["help"].endswith(".")
