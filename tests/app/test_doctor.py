"""The doctor: what it always says, what makes it fail, and what it may not do."""

import json
from pathlib import Path

import pytest

from backend.fake_endpoint import FakeEndpoint
from clew import doctor
from clew.cli import main


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _found(name: str) -> list[doctor.Finding]:
    return [finding for finding in doctor.examine() if finding.name == name]


def test_it_is_content_while_only_optional_parts_are_missing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert " panel: " in out
    assert out.endswith("All that Clew needs is there.\n")


def test_json_is_one_object_with_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["status"] == "done"
    assert "panel" in {finding["name"] for finding in found["findings"]}


def test_it_says_which_half_of_the_panel_jupyter_does_not_find(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jupyter_core.paths.jupyter_config_path", lambda: [str(tmp_path)])
    monkeypatch.setattr("jupyter_core.paths.jupyter_path", lambda *_: [str(tmp_path)])
    (panel,) = _found("panel")
    assert panel.state == "optional" and "the panel and its server" in panel.detail
    (tmp_path / "clew-notebook-ext").mkdir()
    (tmp_path / "clew-notebook-ext" / "package.json").write_text("{}", encoding="utf-8")
    (panel,) = _found("panel")
    assert panel.state == "optional" and "find its server" in panel.detail and panel.todo
    (tmp_path / "jupyter_server_config.d").mkdir()
    (tmp_path / "jupyter_server_config.d" / "clew.json").write_text("{}", encoding="utf-8")
    (panel,) = _found("panel")
    assert panel.state == "ok"


def test_a_package_that_is_missing_is_named_with_its_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "NEEDED", ("duckdb", "no-such-package"))
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "missing   no-such-package: not installed → pip install no-such-package" in out
    assert out.endswith("Missing: no-such-package.\n")


def test_what_it_needs_is_what_the_package_declares() -> None:
    import tomllib

    root = Path(__file__).resolve().parents[2]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {text.split(">=")[0] for text in project["dependencies"]}
    assert set(doctor.NEEDED) == declared


def test_the_sources_of_the_settings_are_opened(tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text("a\n1\n", encoding="utf-8")
    (tmp_path / "clew.toml").write_text('sources = ["good.csv", "gone.csv"]', encoding="utf-8")
    good, gone = _found("source")
    assert good.state == "ok"
    assert gone.state == "missing" and "gone.csv" in gone.detail


def test_wrong_settings_do_not_hide_the_rest(tmp_path: Path) -> None:
    (tmp_path / "clew.toml").write_text("modell = 'x'", encoding="utf-8")
    (settings,) = _found("settings")
    assert settings.state == "missing" and "'modell'" in settings.detail
    assert _found("panel") and _found("duckdb")


def test_a_variable_with_a_typing_error_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEW_RUN_SECOND", "5")
    assert any("CLEW_RUN_SECOND" in finding.detail for finding in _found("settings"))


def test_a_home_that_cannot_be_made_is_a_warning_and_none_is_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("CLEW_HOME", str(tmp_path / "file" / "home"))
    (threads,) = _found("threads")
    assert threads.state == "warning" and "memory only" in threads.detail
    monkeypatch.setenv("CLEW_HOME", str(tmp_path / "new"))
    (threads,) = _found("threads")
    assert threads.state == "ok"
    assert not (tmp_path / "new").exists()


def test_no_secret_of_a_setting_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CLEW_SOURCES", "postgresql://ana:hunter2@localhost:1/db")
    monkeypatch.setenv("CLEW_MODEL", "openai:http://ana:hunter2@localhost:1/v1#m")
    main(["doctor"])
    printed = capsys.readouterr()
    assert "hunter2" not in printed.out + printed.err


def test_views_that_cant_be_read_are_mentioned(tmp_path: Path) -> None:
    import duckdb

    with duckdb.connect(str(tmp_path / "s.duckdb")) as maker:
        maker.execute("CREATE TABLE t AS SELECT 1 AS n")
        for name in ("one", "two"):
            maker.execute(f"CREATE TABLE gone_{name} AS SELECT 1 AS n")
            maker.execute(f"CREATE VIEW {name} AS SELECT * FROM gone_{name}")
            maker.execute(f"DROP TABLE gone_{name}")
    (tmp_path / "clew.toml").write_text('sources = ["s.duckdb"]\n', encoding="utf-8")
    found = [f for f in doctor.examine(tmp_path) if f.name == "source"]
    assert [f.state for f in found] == ["warning"]
    assert "'one' can't be read" in found[0].detail and "(and 1 more)" in found[0].detail


@pytest.mark.parametrize(
    ("name", "state", "says"), [("tiny", "ok", "answers: tiny"), ("big", "warning", "it has tiny")]
)
def test_a_model_of_the_settings_is_asked_what_it_has(name: str, state: str, says: str) -> None:
    pytest.importorskip("langchain_openai", reason="the extra models is not installed")
    with FakeEndpoint() as fake:
        text = f'model = "openai:{fake.url}#{name}"'
        Path("clew.toml").write_text(text, encoding="utf-8")
        (found,) = _found("model")
    assert found.state == state and says in found.detail
    (gone,) = _found("model")
    assert gone.state == "warning" and "can't be reached" in gone.detail
