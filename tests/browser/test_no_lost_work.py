"""Nothing that was acknowledged is lost, whatever breaks; and the harness sees it if it is.

In the environment, each behind CLEW_TEST_LOST_WORK_: SEQUENCES says how many `make soak` runs
(10 000), SEED the first seed, MINUTES when to stop, STATE a file that remembers what ran, so that
runs add up.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browser.conftest import running_lab
from browser.lost_work import SIDE_BY_SIDE, Desk, Lost, run_batch

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SEQUENCES = int(os.environ.get("CLEW_TEST_LOST_WORK_SEQUENCES", "10000"))
SEED = int(os.environ.get("CLEW_TEST_LOST_WORK_SEED", "100"))
MINUTES = float(os.environ.get("CLEW_TEST_LOST_WORK_MINUTES", "600"))
STATE = os.environ.get("CLEW_TEST_LOST_WORK_STATE", "")
BATCHES = 4  # of ten: forty sequences

# Each takes one part of the protection away, from outside.
WITHOUT = {
    "a journal": "IDBObjectStore.prototype.put = function () { return this.count(); };",
    "haste": "const later = window.setTimeout; window.setTimeout = (work, ms, ...more) =>"
    " later(work, ms === 800 ? 8000 : ms, ...more);",
    "an entry for each tab": "const put = IDBObjectStore.prototype.put;"
    "IDBObjectStore.prototype.put = function (entry) {"
    " return put.call(this, { ...entry, key: entry.path }); };",
}


@pytest.fixture(scope="module")
def desk_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Run a lab that may be killed, and whose disk can be full."""
    words = "--ServerApp.contents_manager_class=full_disk.FullDisk"
    with running_lab(tmp_path_factory.mktemp("desk"), words) as lab:
        yield lab


@pytest.mark.parametrize("seed", range(BATCHES))
def test_what_was_acknowledged_survives(
    seed: int, playwright: Any, desk_lab: Any, tmp_path: Path
) -> None:
    run_batch(playwright, desk_lab, tmp_path / "profile", seed)


@pytest.mark.parametrize("missing", WITHOUT)
def test_the_sequences_fail_without(
    missing: str, playwright: Any, desk_lab: Any, tmp_path: Path
) -> None:
    desk = Desk(playwright, desk_lab, tmp_path / "profile", 9000, init=WITHOUT[missing])
    try:
        desk.start(1)
        (book,) = desk.books
        for tab in "ab":
            desk.edit(book, tab, desk.pages[tab])
            desk.wait()
        with pytest.raises(Lost):
            desk.check()
    finally:
        desk.close()


@pytest.mark.soak
def test_ten_thousand_sequences_lose_nothing(
    playwright: Any, desk_lab: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    end = time.monotonic() + 60 * MINUTES
    state = Path(STATE or tmp_path / "state")
    done = {int(line) for line in state.read_text().split()} if state.exists() else set()
    seeds = range(SEED, SEED + SEQUENCES // SIDE_BY_SIDE)
    for seed in seeds:
        if seed not in done and time.monotonic() < end:
            run_batch(playwright, desk_lab, tmp_path / f"profile-{seed}", seed)
            done.add(seed)
            with state.open("a") as file:
                file.write(f"{seed}\n")
    ran = len(done & set(seeds)) * SIDE_BY_SIDE
    with capsys.disabled():
        print(f"\n{ran} of {SEQUENCES} sequences ran from seed {SEED}: nothing lost")  # noqa: T201
