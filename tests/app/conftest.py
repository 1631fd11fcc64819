"""What the tests of the front doors share: a shop to ask about, programs of this checkout."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import clew
from app.shop import make_shop
from clew.session import Session
from clew.settings import Settings
from clew.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("core", "tools", "backend", "agents", "app", "examples")


@pytest.fixture
def python_env() -> dict[str, str]:
    """Give the environment in which another Python finds the packages of this checkout."""
    paths = [*(str(ROOT / part) for part in PARTS), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in paths if path)}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Write the shop."""
    make_shop(str(tmp_path / "shop.duckdb"))
    return tmp_path / "shop.duckdb"


@pytest.fixture
def workspace(place: Path, tmp_path: Path) -> Iterator[Workspace]:
    """Open the shop."""
    with clew.open(str(place), settings=Settings(home=tmp_path / "home")) as workspace:
        yield workspace


@pytest.fixture
def session(workspace: Workspace) -> Session:
    """Ask the shop in one thread."""
    return workspace.session()
