"""Where do the three data sets of the questions come from?

Two are made from installed packages, Chinook is found through the folder in CLEW_BENCH_DATA.
Other tests import these functions, so they are plain functions and know nothing of pytest.
"""

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

TPCH_TABLES = (
    "customer",
    "lineitem",
    "nation",
    "orders",
    "part",
    "partsupp",
    "region",
    "supplier",
)


def gapminder_csv(folder: Path) -> Path:
    """Write plotly's gapminder table to `gapminder.csv` in folder.

    Args:
        folder: made when it is missing; a file that is already there is kept.
    """
    path = folder / "gapminder.csv"
    if not path.exists():
        from plotly.data import gapminder

        folder.mkdir(parents=True, exist_ok=True)
        gapminder().to_csv(path, index=False)
    return path


def tpch_parquet(folder: Path, scale: float = 0.1) -> Path:
    """Fill folder with the eight TPC-H tables as Parquet files and return it.

    Args:
        folder: made when it is missing; generated only when a table is missing.
        scale: TPC-H scale factor; 0.1 is 150 000 orders, 32 MB and two seconds.

    Raises:
        FileNotFoundError: tpchgen-cli is not installed.
    """
    if all((folder / f"{table}.parquet").exists() for table in TPCH_TABLES):
        return folder
    # The interpreter's own scripts first: a virtual environment need not be on PATH.
    program = shutil.which("tpchgen-cli", path=sysconfig.get_path("scripts"))
    program = program or shutil.which("tpchgen-cli")
    if program is None:
        raise FileNotFoundError("'tpchgen-cli' is not installed: pip install tpchgen-cli")
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [program, "parquet", "-s", str(scale), "--output-dir", str(folder)],
        check=True,
        capture_output=True,
    )
    return folder


def chinook_sqlite() -> Path | None:
    """Find Chinook under CLEW_BENCH_DATA; None where the variable or the file is absent."""
    root = os.environ.get("CLEW_BENCH_DATA")
    if not root:
        return None
    path = Path(root) / "chinook" / "Chinook_Sqlite.sqlite"
    return path if path.is_file() else None
