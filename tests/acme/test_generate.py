"""Is what the key says true, are the bytes the same, and is wrong use refused?"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
import yaml

from acme.confirm import MUST_DEFECTS, MUST_KINDS, complaints, key_of
from clew_acme import generate
from clew_acme.defects import KINDS as DEFECT_KINDS
from clew_acme.effects import KINDS
from clew_acme.naming import christen
from clew_acme.schema import tables
from clew_acme.world import imagine
from clew_core.errors import OutputNotWritten, UsageError
from conftest import Unprivileged

DIGESTS = Path(__file__).parent / "digests.yaml"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate(tmp_path_factory.mktemp("acme") / "small", seed=5, scale=0.02)


# ------------------------------------------------------------------------------ what is planted


@pytest.mark.slow
@pytest.mark.parametrize("seed", [3, 14])
def test_all_that_the_key_says_is_confirmed_from_the_key_alone(seed: int, tmp_path: Path) -> None:
    folder = generate(tmp_path / "acme", seed=seed, forms=["duckdb"])
    assert list(complaints(folder)) == []


def drawn_from_the_date() -> list[int]:
    today = int.from_bytes(hashlib.sha256(date.today().isoformat().encode()).digest()[:4], "big")
    return [today % 1_000_000 + 7 * n for n in range(20)]


@pytest.mark.soak
def test_twenty_companies_drawn_from_the_date_are_confirmed(tmp_path: Path) -> None:
    seeds = drawn_from_the_date()
    sys.stderr.write(f"seeds: {seeds}\n")
    found = {}
    for seed in seeds:
        folder = generate(tmp_path / "acme", seed=seed, forms=["duckdb"])
        found[seed] = list(complaints(folder))
    assert found == {seed: [] for seed in seeds}


@pytest.mark.parametrize("first", [0, 1000])
def test_every_seed_has_every_kind_and_no_two_share_place_size_and_date(first: int) -> None:
    seen: dict[object, int] = {}
    for seed in range(first, first + 20):
        world = imagine(seed, 1.0)
        assert {e.kind for e in world.effects} == set(KINDS) >= MUST_KINDS
        assert {f.kind for f in world.defects.flaws} == set(DEFECT_KINDS) == MUST_DEFECTS
        for effect in world.effects:
            place = (effect.kind, tuple(effect.place.items()), effect.size, effect.starts)
            assert seen.setdefault(place, seed) == seed
        for flaw in world.defects.flaws:
            # The place alone may come back, with as many rows on the same days it may not.
            if flaw.starts:
                assert seen.setdefault((flaw.table, flaw.starts, flaw.ends), seed) == seed


def test_cryptic_names_change_with_the_seed_and_meanings_do_not() -> None:
    first, second = christen(1), christen(2)
    assert set(first.columns) == set(second.columns)
    assert {first.columns[k] for k in first.cryptic()} != {
        second.columns[k] for k in second.cryptic()
    }
    for names in (christen(seed) for seed in range(40)):
        assert len(names.cryptic()) >= 8
        for table in tables().values():
            real = [names.of(table.name, column.name).lower() for column in table.columns]
            assert len(set(real)) == len(real)
        hidden = [names.documented[k] for k in names.cryptic()]
        assert hidden.count("source") > 0 and hidden.count("source") < len(hidden)


def test_the_checker_notices_what_is_not_true(small: Path) -> None:
    path = small / "key" / "answers.json"
    right = path.read_text("utf-8")
    honest = set(complaints(small))
    try:
        for break_it in (
            lambda key: key["effects"][0]["result"]["rows"][0].__setitem__(0, 99),
            lambda key: key["defects"][0]["rows"][0].__setitem__("found", "other"),
            lambda key: key["questions"][5]["result"]["rows"].append([1]),
            lambda key: key["documents"][0].__setitem__("passage", "nobody wrote this"),
            lambda key: key["logs"]["clock_skew"].__setitem__("seconds", 4000),
            lambda key: key["logs"]["rare_error"].__setitem__("code", "NO-0000"),
            lambda key: key["jargon"][0].__setitem__("word", "unheard-of"),
            lambda key: key["unanswerable"][0].__setitem__("words", "unheard-of"),
        ):
            key = json.loads(right)
            break_it(key)
            path.write_text(json.dumps(key), "utf-8")
            assert set(complaints(small)) - honest
    finally:
        path.write_text(right, "utf-8")


# ------------------------------------------------------------------------------- the same bytes


def groups(folder: Path) -> dict[str, str]:
    """Hash all files but those of DuckDB and SQLite, which differ by themselves."""
    sums: dict[str, hashlib._Hash] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix not in (".duckdb", ".sqlite"):
            place = path.relative_to(folder).as_posix()
            group = place.split("/")[1] if "/" in place else place
            digest = sums.setdefault(group, hashlib.sha256())
            digest.update(place.encode() + b"\0" + path.read_bytes())
    return {group: digest.hexdigest()[:16] for group, digest in sums.items()}


def test_the_bytes_are_the_same_on_every_python_and_machine(small: Path) -> None:
    # Changed the generator on purpose? Write the new digests: python -m acme.renew (in tests/).
    kept = yaml.safe_load(DIGESTS.read_text("utf-8"))
    assert groups(small) == kept


def test_time_zone_locale_hash_seed_and_place_change_nothing(small: Path, tmp_path: Path) -> None:
    code = (
        "import locale, pathlib, sys; locale.setlocale(locale.LC_ALL, '');"
        "from clew_acme import generate;"
        "generate(pathlib.Path(sys.argv[1]), seed=5, scale=0.02)"
    )
    env = {**os.environ, "TZ": "Pacific/Auckland", "PYTHONHASHSEED": "77", "LC_ALL": "C.UTF-8"}
    place = tmp_path / "another place"
    subprocess.run([sys.executable, "-c", code, place], check=True, env=env, timeout=120)
    assert groups(place) == groups(small)


def test_another_seed_gives_other_files(small: Path, tmp_path: Path) -> None:
    other = groups(generate(tmp_path / "other", seed=6, scale=0.02))
    mine = groups(small)
    assert not [name for name in mine if other.get(name) == mine[name]]


# ------------------------------------------------------------------- wrong use, and interruptions


def test_a_folder_with_other_things_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("three years of work")
    with pytest.raises(UsageError, match="not empty"):
        generate(tmp_path, seed=1, scale=0.02)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_notebook_beside_the_data_is_never_lost(tmp_path: Path) -> None:
    folder = generate(tmp_path / "acme", seed=1, scale=0.02, forms=["csv"])
    (folder / "company" / "analysis.ipynb").write_text("{}")
    with pytest.raises(UsageError, match="analysis.ipynb"):
        generate(folder, seed=2, scale=0.02, forms=["csv"])
    assert key_of(folder)["seed"] == 1


def test_the_folder_that_one_stands_in_stays_the_same_folder(tmp_path: Path) -> None:
    before = tmp_path.stat().st_ino
    generate(tmp_path, seed=1, scale=0.02, forms=["csv"])
    generate(tmp_path, seed=2, scale=0.02, forms=["csv"])
    assert (tmp_path.stat().st_ino, key_of(tmp_path)["seed"]) == (before, 2)


def test_an_older_acme_comes_back_when_the_new_one_cannot_be_put(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = generate(tmp_path / "acme", seed=1, scale=0.02, forms=["csv"])
    before = groups(folder)
    real, moved = shutil.move, []

    def move(source: Path, target: Path) -> object:
        moved.append(target)
        if len(moved) == 5:
            raise OSError(28, "No space left on device")
        return real(source, target)

    monkeypatch.setattr(shutil, "move", move)
    with pytest.raises(OutputNotWritten, match="No space left"):
        generate(folder, seed=2, scale=0.02, forms=["csv"])
    assert groups(folder) == before
    assert [p.name for p in tmp_path.iterdir()] == ["acme"]


def test_a_place_that_cannot_be_written_is_named(unprivileged: Unprivileged) -> None:
    closed = unprivileged.folder / "closed"
    closed.mkdir(mode=0o555)
    os.chown(closed, unprivileged.uid, -1)
    code = (
        "import pathlib, sys; from clew_acme import generate\n"
        "from clew_core.errors import OutputNotWritten\n"
        "try: generate(pathlib.Path(sys.argv[1]), scale=0.02)\n"
        "except OutputNotWritten as error: print(error)"
    )
    run = unprivileged.run(sys.executable, "-c", code, closed / "acme")
    assert "can't be written: Permission denied" in run.stdout, run.stderr


def test_an_older_acme_is_replaced(tmp_path: Path) -> None:
    folder = generate(tmp_path / "acme", seed=1, scale=0.02, forms=["csv"])
    generate(folder, seed=2, scale=0.02, forms=["duckdb"])
    assert key_of(folder)["seed"] == 2
    assert not (folder / "company" / "csv").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["acme"]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"forms": ["oracle"]}, "oracle"),
        ({"forms": []}, "no form"),
        ({"scale": 0.0}, "0.0"),
        ({"scale": 1e9}, "out of range"),
        ({"scale": float("nan")}, "nan"),
        ({"seed": -1}, "-1"),
    ],
)
def test_wrong_use_is_said_before_anything_is_written(
    wrong: dict[str, object], says: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=says):
        generate(tmp_path / "acme", **wrong)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "acme").write_text("")
    with pytest.raises(UsageError, match="is a file"):
        generate(tmp_path / "acme", scale=0.02)


@pytest.mark.parametrize("step", ["reference tables", "acme.sqlite", "scripts and wiki", "key"])
def test_an_interruption_leaves_nothing_behind(step: str, tmp_path: Path) -> None:
    def stop(said: str) -> None:
        if said == step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate(tmp_path / "acme", scale=0.02, progress=stop)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.soak
def test_ten_times_the_size_takes_under_five_minutes_and_two_gigabytes(tmp_path: Path) -> None:
    code = (
        "import pathlib, resource, sys, time; from clew_acme import generate; t = time.time();"
        "generate(pathlib.Path(sys.argv[1]), seed=2, scale=10);"
        "print(time.time() - t, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "acme"], check=True, capture_output=True, text=True
    )
    seconds, kilobytes = (float(x) for x in run.stdout.split())
    assert sum(key_of(tmp_path / "acme")["tables"].values()) > 5_000_000
    assert seconds < 300
    assert kilobytes < 2_000_000
