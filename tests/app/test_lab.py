"""Does `clew lab` start JupyterLab on the right data, and end it?"""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from clew.cli.entry import main, parser
from clew.cli.lab import QUIET, command
from clew.cli.terminal import print_json


def status(url: str, token: str) -> dict[str, Any]:
    """Ask the panel's server how it is, until its sources are open."""
    until = time.monotonic() + 60
    request = urllib.request.Request(
        f"{url}clew/v1/status", headers={"Authorization": f"token {token}"}
    )
    while True:
        with urllib.request.urlopen(request, timeout=20) as reply:
            found: dict[str, Any] = json.load(reply)
        if found["state"] != "opening" or time.monotonic() > until:
            return found
        time.sleep(0.1)


@pytest.mark.slow
def test_lab_opens_its_sources_and_one_signal_ends_all(
    place: Path, tmp_path: Path, python_env: dict[str, str]
) -> None:
    words = [sys.executable, "-m", "clew.cli", "lab", "../shop.duckdb", "--json", "--allow-root"]
    (tmp_path / "notes").mkdir()
    with subprocess.Popen(
        words, cwd=tmp_path / "notes", env=python_env, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            about = json.loads(process.stdout.readline())
            assert about["sources"] == [str(place)]
            assert about["root_dir"] == str(tmp_path / "notes")
            found = status(about["url"], about["token"])
            assert found["state"] == "ready" and [s["id"] for s in found["sources"]] == ["shop"]
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 130
        finally:
            process.kill()
    with pytest.raises(OSError):
        os.kill(about["pid"], 0)
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(about["url"], timeout=2)


def test_lab_starts_jupyter_without_news_and_with_the_panels_server(tmp_path: Path) -> None:
    args = parser().parse_args(["lab", "--port", "9000", "--no-browser"])
    words = command(tmp_path, args)
    assert {*QUIET} <= {*words}
    assert "--ServerApp.jpserver_extensions=clew_notebook_ext=True" in words
    assert "--ServerApp.port=9000" in words and "--no-browser" in words
    assert "--allow-root" not in words


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["nothing.duckdb"], 4, "no file or folder 'nothing.duckdb'"),
        (["--folder", "nowhere"], 2, "no folder"),
        (["--port", "99999"], 2, "out of range"),
    ],
)
def test_what_is_wrong_is_said_before_jupyter_starts(
    words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lab", *words]) == code
    assert said in capsys.readouterr().err


def test_without_sources_the_example_is_made_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made: list[Path] = []

    def generate(folder: Path, **_: Any) -> Path:
        made.append(folder)
        (folder / "company").mkdir(parents=True)
        return folder

    class Ended:
        """Stands in for Jupyter, and is over at once."""

        def __init__(self, words: list[str], **named: Any) -> None:
            self.sources = json.loads(named["env"]["CLEW_SOURCES"])
            print_json(self.sources)

        def wait(self) -> int:
            return 0

        poll = wait

    monkeypatch.setattr("clew_acme.generate", generate)
    monkeypatch.setattr("clew.cli.lab.subprocess.Popen", Ended)
    monkeypatch.setenv("CLEW_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert main(["lab"]) == 0 and main(["lab"]) == 0
    out = capsys.readouterr()
    company = tmp_path / "examples" / "acme" / "company"
    assert [json.loads(line) for line in out.out.splitlines()] == [[str(company)]] * 2
    assert len(made) == 1 and "acme" in out.err
