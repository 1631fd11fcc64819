"""One server for the tests of a module, with the shop to ask about."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.shop import make_shop
from notebook_ext.server import Server, running


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the shop."""
    path = tmp_path_factory.mktemp("shop") / "shop.duckdb"
    make_shop(str(path))
    return path


@pytest.fixture(scope="module")
def server(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server that nobody but its owner logs into."""
    with running(tmp_path_factory.mktemp("server"), [str(shop)]) as server:
        yield server
