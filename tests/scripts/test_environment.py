"""Environments are made from what is really there, and from where pip is set to look."""

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "environment.py"
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture
def environment() -> ModuleType:
    spec = importlib.util.spec_from_file_location("environment", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def program(path: Path, lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{lines}\n", encoding="utf-8")
    path.chmod(0o755)


def test_a_shim_that_fails_is_passed_over(
    environment: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "shims" / f"python{HERE}", "echo 'command not found' >&2; exit 127")
    program(tmp_path / "pyenv/versions" / f"{HERE}.1" / "bin/python", f'exec {sys.executable} "$@"')
    monkeypatch.setenv("PATH", str(tmp_path / "shims"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    assert environment.find_python(HERE) == sys.executable


def test_a_python_of_another_version_is_passed_over(
    environment: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "shims" / "python3.99", f'exec {sys.executable} "$@"')
    monkeypatch.setenv("PATH", str(tmp_path / "shims"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    assert environment.find_python("3.99") is None


def test_uv_is_told_where_pip_looks(
    environment: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_INDEX_URL", "http://localhost/c")
    monkeypatch.setenv("PIP_DEFAULT_TIMEOUT", "77")
    monkeypatch.setenv("UV_HTTP_TIMEOUT", "88")
    # As `pip config list` prints them; the tests' own environment may have no pip.
    program(
        tmp_path / "python",
        "echo \"global.index-url='http://localhost/a'\"\n"
        "echo \"global.extra-index-url='http://localhost/b'\"",
    )
    said = environment.uv_environment(environment.pip_settings(str(tmp_path / "python")))
    assert said["UV_DEFAULT_INDEX"] == "http://localhost/c", "the environment wins over files"
    assert said["UV_INDEX"] == "http://localhost/b"
    assert said["UV_HTTP_TIMEOUT"] == "88", "what uv was told already stands"


def test_a_ready_environment_is_left_alone(
    environment: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    calls: list[str] = []

    class Counting(environment.Installer):  # type: ignore[name-defined, misc]
        def create(self) -> None:
            calls.append("create")
            program(self.folder / "bin" / "python", f'exec {sys.executable} "$@"')

        def install(self, *what: str | Path) -> None:
            calls.append("install")

    monkeypatch.setattr(environment, "Installer", Counting)
    lock = tmp_path / "lock.txt"
    lock.write_text("a==1\n", encoding="utf-8")
    for _ in range(2):
        environment.make(tmp_path / "venv", sys.executable, lock, "")
    assert calls == ["create", "install"]
    lock.write_text("a==2\n", encoding="utf-8")
    environment.make(tmp_path / "venv", sys.executable, lock, "")
    assert calls == ["create", "install"] * 2
    assert "made venv" in capsys.readouterr().out


def test_an_environment_that_could_not_be_filled_is_not_taken_for_ready(
    environment: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failing(environment.Installer):  # type: ignore[name-defined, misc]
        def create(self) -> None:
            program(self.folder / "bin" / "python", f'exec {sys.executable} "$@"')

        def install(self, *what: str | Path) -> None:
            raise SystemExit("no such version")

    monkeypatch.setattr(environment, "Installer", Failing)
    lock = tmp_path / "lock.txt"
    lock.write_text("a==1\n", encoding="utf-8")
    with pytest.raises(SystemExit):
        environment.make(tmp_path / "venv", sys.executable, lock, "")
    assert not (tmp_path / "venv" / environment.STAMP).exists()
