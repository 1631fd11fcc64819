"""What completes in `%%sql`, `%%ask` and `%clew`, asked as a front end asks IPython."""

import time
from collections.abc import Iterator

import pandas as pd
import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from app.shop import make_shop
from clew.magics import load_ipython_extension, unload_ipython_extension


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InteractiveShell]:
    """Load the extension in a shell that knows the shop and a frame."""
    folder = tmp_path_factory.mktemp("completion")
    make_shop(str(folder / "shop.duckdb"))
    patch = pytest.MonkeyPatch()
    patch.setenv("CLEW_HOME", str(folder / "home"))
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config)
    load_ipython_extension(shell)
    shell.run_cell(f"%clew source shop '{folder / 'shop.duckdb'}'", store_history=False)
    shell.run_cell("%clew source 'my shop' gone.csv", store_history=False)
    shell.user_ns["trips"] = pd.DataFrame({"city": ["Bern"], "Trip Cost": [1.0]})
    _complete(shell, "%%sql --source shop\nSELECT * FROM |")  # opens it
    end = time.monotonic() + 20
    while not _complete(shell, "%%sql --source shop\nSELECT * FROM |"):
        assert time.monotonic() < end
        time.sleep(0.05)
    yield shell
    unload_ipython_extension(shell)
    InteractiveShell.clear_instance()
    patch.undo()


def _complete(shell: InteractiveShell, cell: str) -> list[str]:
    """Give what the cell would be after each completion at `|`."""
    at, text = cell.index("|"), cell.replace("|", "", 1)
    with provisionalcompleter():
        found = list(shell.Completer.completions(text, at))
    return [text[: one.start] + one.text + text[one.end :] for one in found]


CASES = """
%%sql --so| => %%sql --source
%%sql --source sh| => %%sql --source shop
%%sql --source my| => %%sql --source 'my shop'
%%sql --source ker| => %%sql --source kernel
%%sql --as po| => %%sql --as polars
%%sql --source shop\\nSELECT * FROM cust| => %%sql --source shop\\nSELECT * FROM customers
%%sql --source shop\\nSELECT na| FROM customers => %%sql --source shop\\nSELECT name FROM customers
%%sql --source shop\\nSELECT * FROM customers c WHERE c.na| => \
%%sql --source shop\\nSELECT * FROM customers c WHERE c.name
%%sql --source shop\\nSELECT * FROM customers gro| => \
%%sql --source shop\\nSELECT * FROM customers GROUP BY
%%sql --source kernel\\nSELECT * FROM tr| => %%sql --source kernel\\nSELECT * FROM trips
%%sql --source kernel\\nSELECT tri| FROM trips => \
%%sql --source kernel\\nSELECT "Trip Cost" FROM trips
%%ask --source sh| => %%ask --source shop
%ask --n| => %ask --name
%clew so| => %clew source
"""


@pytest.mark.parametrize("case", CASES.strip().split("\n"))
def test_a_name_is_completed(shell: InteractiveShell, case: str) -> None:
    cell, _, expected = case.replace("\\n", "\n").partition(" => ")
    assert expected in _complete(shell, cell)


@pytest.mark.parametrize(
    "cell",
    [
        "%%sql --source shop\nSELECT 'cust|",
        "%%sql --source shop\nSELECT 1 -- cust|",
        "%%sql --source nope\nSELECT * FROM cust|",
        "%%sql --source 'my shop'\nSELECT * FROM cust|",
        "%%ask\ncust|",
        "%%sql --source 'sh|",
    ],
)
def test_nothing_is_made_up(shell: InteractiveShell, cell: str) -> None:
    assert not [text for text in _complete(shell, cell) if "customers" in text]


def test_python_cells_complete_as_before(shell: InteractiveShell) -> None:
    assert "import" in _complete(shell, "impo|")
    assert not [text for text in _complete(shell, "x = cust|") if "customers" in text]


def test_columns_of_the_tables_at_hand_come_first(shell: InteractiveShell) -> None:
    cell = "%%sql --source shop\nSELECT | FROM customers"
    first = _complete(shell, cell)[0]
    assert "customers.name" not in first and "SELECT id FROM" in first or "name" in first
    everything = "\n".join(_complete(shell, cell))
    assert "SELECT customers FROM customers" in everything
