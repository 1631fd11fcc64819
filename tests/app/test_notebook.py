"""Notebooks on disk: their form, what is never lost, and how results of one keep their names."""

import json
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest

from app.fakes import SQL, answered, asked_back
from clew.notebook import read_notebook, write_notebook
from clew_core.cells import sha256
from clew_core.errors import OutputNotWritten, UsageError
from clew_core.json_form import from_json
from clew_core.query_spec import QuerySpec
from clew_core.receipts import Receipt


def _load(path: Path) -> Any:
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    return notebook


def _clew(cell: Any) -> Any:
    return cell.metadata["clew"]


def test_the_layout_is_that_of_the_design(tmp_path: Path) -> None:
    answer = answered()
    write_notebook(tmp_path / "out.ipynb", [answer], {"gap": str(tmp_path / "gap.csv")})
    notebook = _load(tmp_path / "out.ipynb")
    load, sources, text, sql, chart = notebook.cells
    assert load.source == "%load_ext clew"
    assert sources.source == "%clew source gap gap.csv"
    assert text.cell_type == "markdown"
    assert text.source.startswith("## how many per continent?\n\nAfrica has the most: 1,052.")
    assert sql.source == f"%%sql --source gap --name per_continent\n{SQL}"
    assert chart.source.startswith("import plotly")
    assert notebook.metadata["clew"]["sources"] == {"gap": "gap.csv"}
    for cell, kind in zip(notebook.cells[2:], ("markdown", "sql", "chart"), strict=True):
        about = _clew(cell)
        assert set(about) == {"v", "id", "kind", "spec", "provenance", "receipts"}
        assert (about["v"], about["kind"]) == (1, kind)
        assert about["provenance"]["question"] == "q"
    assert from_json(QuerySpec, _clew(sql)["spec"]) == answer.spec
    assert _clew(chart)["spec"]["mark"] == "bar"
    receipts = [from_json(Receipt, receipt) for receipt in _clew(text)["receipts"]]
    assert tuple(receipts) == answer.receipts
    assert {ref.sql_sha256 for receipt in receipts for ref in receipt.refs} == {sha256(SQL)}


def test_reading_gives_back_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "out.ipynb"
    write_notebook(path, [answered()], {"my gap": str(tmp_path / "data" / "my gap.csv")})
    notebook = read_notebook(path)
    assert notebook.sources == {"my gap": "data/my gap.csv"}
    assert notebook.location("my gap") == str(tmp_path / "data" / "my gap.csv")
    cell = notebook.cell("q1")
    assert cell is not None
    assert (cell.sql, cell.data_source) == (SQL, "gap")
    assert notebook.cell("text1").receipts == answered().receipts  # type: ignore[union-attr]


def test_two_answers_with_the_same_names_do_not_meet(tmp_path: Path) -> None:
    second = answered(question="and in 2008?")
    write_notebook(tmp_path / "out.ipynb", [answered(), second], {"gap": "gap.csv"})
    notebook = _load(tmp_path / "out.ipynb")
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    text, sql, chart = notebook.cells[-3:]
    assert "--name per_continent_2\n" in sql.source
    assert "px.bar(per_continent_2, " in chart.source
    assert _clew(chart)["spec"]["data"] == "per_continent_2"
    refs = [ref for receipt in _clew(text)["receipts"] for ref in receipt["refs"]]
    assert {ref["cell"] for ref in refs} == {_clew(sql)["id"]} == {sql.id}


def test_only_variables_are_renamed_in_a_chart(tmp_path: Path) -> None:
    source = (
        "t = per_continent.copy()\nfigure = px.bar(per_continent, title='per_continent',\n"
        "    per_continent=1, x=t.per_continent)\nper_continent = per_continent"
    )
    answer = answered()
    cells = (*answer.cells[:2], replace(answer.cells[2], source=source))
    write_notebook(tmp_path / "o.ipynb", [answered(), answered(cells=cells)], {})
    assert _load(tmp_path / "o.ipynb").cells[-1].source == (
        "t = per_continent_2.copy()\nfigure = px.bar(per_continent_2, title='per_continent',\n"
        "    per_continent=1, x=t.per_continent)\nper_continent_2 = per_continent_2"
    )


def test_an_answer_without_cells_is_a_note(tmp_path: Path) -> None:
    refused = answered(status="refused", text="", reason="No.", cells=(), receipts=())
    write_notebook(tmp_path / "out.ipynb", [asked_back(), refused], {"gap": "gap.csv"})
    notebook = _load(tmp_path / "out.ipynb")
    asked, no = notebook.cells[2:]
    assert "1\\. the most rows" in asked.source
    assert no.source == "## how many per continent?\n\nNo."


def test_text_of_the_data_is_neither_html_nor_an_image_nor_a_formula(tmp_path: Path) -> None:
    evil = "<img src=x onerror=a()> ![x](https://evil.example/p.png) $x$ [a](b)\x1b[31m"
    answer = answered(text=evil, question=f"{evil}\n# not a heading", warnings=(evil,))
    write_notebook(tmp_path / "out.ipynb", [answer], {})
    source = _load(tmp_path / "out.ipynb").cells[1].source
    assert source.count("\n#") == 0
    bare = source.replace("\\\\", "")
    for sign in "<![$":
        places = [i for i, char in enumerate(bare) if char == sign]
        assert places and all(bare[i - 1] == "\\" for i in places), sign
    assert "https://" not in source and "\x1b" not in source


@pytest.mark.parametrize(
    ("location", "written"),
    [
        ("postgresql://ana:hunter2@db:5432/sales", "postgresql://db:5432/sales"),
        ("postgresql://db/sales?user=ana&password=hunter2", "postgresql://db/sales?user=ana"),
        ("sqlite:///chinook.sqlite", "sqlite:///chinook.sqlite"),
    ],
)
def test_no_credentials_reach_the_notebook(tmp_path: Path, location: str, written: str) -> None:
    path = tmp_path / "out.ipynb"
    write_notebook(path, [answered()], {"gap": location})
    assert read_notebook(path).sources == {"gap": written}
    assert "hunter2" not in path.read_text(encoding="utf-8")


def test_a_file_that_clew_did_not_write_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "mine.ipynb"
    for content in (b"", b"diary", b"{}", b'{"cells": [], "metadata": {}}'):
        path.write_bytes(content)
        with pytest.raises(OutputNotWritten, match=r"mine\.ipynb.*Name another"):
            write_notebook(path, [answered()], {})
        assert path.read_bytes() == content
    assert [file.name for file in tmp_path.iterdir()] == ["mine.ipynb"]


def test_a_notebook_that_was_run_is_replaced_and_one_that_was_edited_is_not(
    tmp_path: Path,
) -> None:
    path = tmp_path / "out.ipynb"
    write_notebook(path, [answered()], {"gap": "gap.csv"})
    notebook = _load(path)
    notebook.cells[-1].outputs = [nbformat.v4.new_output("stream", text="ran")]
    notebook.metadata["language_info"]["version"] = "3.11"
    nbformat.write(notebook, path)
    write_notebook(path, [answered(question="another")], {"gap": "gap.csv"})
    notebook = _load(path)
    assert "another" in notebook.cells[2].source

    notebook.cells.append(nbformat.v4.new_code_cell("my own work"))
    nbformat.write(notebook, path)
    with pytest.raises(OutputNotWritten, match="changed after Clew wrote it"):
        write_notebook(path, [answered()], {"gap": "gap.csv"})
    assert "my own work" in path.read_text(encoding="utf-8")


def test_a_failed_write_leaves_the_old_notebook_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.ipynb"
    write_notebook(path, [answered()], {})
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputNotWritten, match="No space left"):
        write_notebook(path, [answered(question="another")], {})
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["out.ipynb"]


def test_a_link_stays_a_link_and_rights_are_the_usual_ones(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "out.ipynb"
    link.symlink_to(tmp_path / "real" / "out.ipynb")
    write_notebook(link, [answered()], {"gap": str(tmp_path / "gap.csv")})
    assert link.is_symlink()
    assert read_notebook(link).sources == {"gap": "../gap.csv"}
    old = os.umask(0o022)
    os.umask(old)
    mode = stat.S_IMODE((tmp_path / "real" / "out.ipynb").stat().st_mode)
    assert mode == 0o666 & ~old


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "There is no notebook"),
        (b"\xff\xfe", "is no notebook"),
        (b"[]", "format 4"),
        (b'{"cells": [], "metadata": {}}', "no notebook of Clew"),
        (b'{"cells": [{}], "metadata": {"clew": {"sources": {}}}}', "can't be read"),
    ],
)
def test_what_is_no_notebook_of_clew_is_said_so(
    tmp_path: Path, content: bytes | None, says: str
) -> None:
    path = tmp_path / "x.ipynb"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=says):
        read_notebook(path)


def test_a_notebook_is_plain_json_that_compares_well(tmp_path: Path) -> None:
    path = tmp_path / "out.ipynb"
    write_notebook(path, [answered(text="Zürich has 3.")], {})
    text = path.read_text(encoding="utf-8")
    data = json.loads(text)
    assert text == json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    assert "Zürich" in text
