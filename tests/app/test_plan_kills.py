"""A run of several steps that is killed at any moment is taken up again, to the same answer."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def killed(folder: Path, kills: int, seed: int, env: dict[str, str]) -> dict[str, Any]:
    path = f"{ROOT / 'tests'}:{env['PYTHONPATH']}"
    done = subprocess.run(
        [sys.executable, ROOT / "tests/app/plan_kills.py", folder, str(kills), str(seed)],
        env={**env, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=30 * kills + 120,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.slow
def test_ten_kills_come_to_the_same_answers(tmp_path: Path, python_env: dict[str, str]) -> None:
    found = killed(tmp_path, 10, 7, python_env)
    assert found["kills"] == 10 and not found["differences"]
    assert found["half_way"] >= 1, found


@pytest.mark.soak
def test_a_hundred_kills_come_to_the_same_answers(
    tmp_path: Path, python_env: dict[str, str]
) -> None:
    found = killed(tmp_path, 100, 20261125, python_env)
    assert found["kills"] == 100 and not found["differences"]
    assert found["half_way"] >= 20 and found["steps_kept"] >= 20, found
