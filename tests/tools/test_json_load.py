"""Does JSON become tables as people mean it, and does bad JSON fail in one clear line?"""

import gzip
import json
from pathlib import Path

import pytest

from clew_core.deadline import Deadline
from clew_core.errors import SourceError
from clew_core.principal import Principal
from clew_tools.database.open import open_source

ANA = Principal()


def read(path: Path) -> tuple[list[dict[str, object]], tuple[str, ...]]:
    source = open_source(path)
    try:
        name = source.catalog(ANA).tables[0].name
        table = source.run(f'SELECT * FROM "{name}"', ANA, Deadline()).table
        rows: list[dict[str, object]] = table.to_pylist()
        return rows, source.warnings
    finally:
        source.close()


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.json", '[{"x": 1, "y": "a"}, {"x": 2}]', [{"x": 1, "y": "a"}, {"x": 2, "y": None}]),
        ("a.jsonl", '{"x": 1}\n\n{"x": 2}\n', [{"x": 1}, {"x": 2}]),
        ("a.ndjson", '{"x": 1}\n{"x": 2.5}', [{"x": 1.0}, {"x": 2.5}]),
        ("a.json", '{"data": [{"x": 1}, {"x": 2}]}', [{"x": 1}, {"x": 2}]),
        ("a.json", '[{"id": "007"}]', [{"id": "007"}]),
        ("a.json", '[{"a": {"b": {"c": 1}, "d": "q"}}]', [{"a_b_c": 1, "a_d": "q"}]),
        ("a.json", '[{"a": {"b": 1}, "a_b": 2}]', [{"a_b": 1, "a_b_2": 2}]),
        ("a.json", '[{"l": [1, 2]}, {"l": null}]', [{"l": "[1,2]"}, {"l": None}]),
        ("a.json", '[{"m": 1}, {"m": "x"}, {"m": null}]', [{"m": "1"}, {"m": "x"}, {"m": None}]),
        ("a.json", '[{"m": {"a": 1}}, {"m": "x"}]', [{"m": '{"a":1}'}, {"m": "x"}]),
    ],
)
def test_json_is_read_as_people_mean_it(
    tmp_path: Path, name: str, text: str, expected: list[dict[str, object]]
) -> None:
    assert read(write(tmp_path / name, text))[0] == expected


def test_lists_are_kept_as_text_and_said(tmp_path: Path) -> None:
    _, warnings = read(write(tmp_path / "a.json", '[{"l": [1]}]'))
    assert warnings == ("'a.json': column 'l' holds lists or mixed values, kept as JSON text.",)


def test_packed_and_otherwise_encoded_json_opens(tmp_path: Path) -> None:
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(b'[{"x": 1}]'))
    assert read(tmp_path / "a.json.gz")[0] == [{"x": 1}]
    rows, warnings = read(write(tmp_path / "b.json", '[{"x": "Größe"}]', "utf-16"))
    assert rows == [{"x": "Größe"}] and "UTF-16" in warnings[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"x": 1}\n{"x": 2\n{"x": 3}\n', "no valid JSON"),
        ('[{"x": 1}, {"x"', "no valid JSON"),
        ("[]", "empty list"),
        ("[1, 2]", "holds no objects"),
        ("", "is empty"),
        ("x,y\n1,2\n", "is not a JSON file"),
    ],
)
def test_what_is_no_json_fails_in_words(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SourceError) as caught:
        open_source(write(tmp_path / "a.json", text))
    assert said in str(caught.value) and len(str(caught.value)) < 400


def test_a_table_of_2000_columns_opens(tmp_path: Path) -> None:
    record = {f"c{number}": number for number in range(2_000)}
    source = open_source(write(tmp_path / "wide.json", json.dumps([record, record])))
    try:
        assert len(source.catalog(ANA).tables[0].columns) == 2_000
        assert (
            source.run("SELECT c1999 FROM wide", ANA, Deadline()).table.to_pylist()
            == [{"c1999": 1999}] * 2
        )
    finally:
        source.close()


@pytest.mark.parametrize("megabytes", [8, pytest.param(200, marks=pytest.mark.soak)])
def test_a_large_json_file_needs_little_memory(tmp_path: Path, megabytes: int) -> None:
    record = {
        "id": 1,
        "name": "x" * 60,
        "nested": {"a": 1.5, "tags": ["p", "q"]},
        "d": "2024-01-02",
    }
    line = json.dumps(record)
    count = megabytes * 1_000_000 // (len(line) + 2)
    with (tmp_path / "big.json").open("w") as file:
        file.write("[")
        for number in range(count):
            file.write((",\n" if number else "") + line)
        file.write("]")
    rows = _count_elsewhere(tmp_path / "big.json")
    assert rows == count


@pytest.mark.soak
def test_two_million_small_records_fit_as_well(tmp_path: Path) -> None:
    """With room for a record of 64 MB they did not."""
    with (tmp_path / "small.json").open("w") as file:
        file.write("[")
        for n in range(2_100_000):
            record = {"id": n, "name": f"name {n % 997}", "amount": n / 8,
                      "address": {"city": f"city {n % 50}", "zip": str(n % 9999)}}  # fmt: skip
            file.write((",\n" if n else "") + json.dumps(record))
        file.write("]")
    assert _count_elsewhere(tmp_path / "small.json") == 2_100_000


def _count_elsewhere(path: Path) -> int:
    """Count rows in a process that may have 1.5 GB."""
    import subprocess
    import sys

    code = (
        "import sys, resource\n"
        "from clew_tools.database.open import open_source\n"
        "from clew_core.principal import Principal\n"
        "source = open_source(sys.argv[1])\n"
        "rows = source.catalog(Principal()).tables[0].row_count\n"
        "source.close()\n"
        "print(rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, timeout=600
    )
    assert ran.returncode == 0, ran.stderr
    rows, peak_kb = map(int, ran.stdout.split())
    assert peak_kb < 1_500_000, peak_kb
    return rows
