"""What the tests of the front doors share: a way to start programs of this checkout."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("core", "tools", "agents", "app", "examples")


@pytest.fixture
def python_env() -> dict[str, str]:
    """Give the environment in which another Python finds the packages of this checkout."""
    paths = [*(str(ROOT / part) for part in PARTS), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in paths if path)}
