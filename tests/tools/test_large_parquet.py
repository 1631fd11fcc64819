"""Is a Parquet file of 3 GB looked at and asked within 1.5 GB of memory?"""

import json
from pathlib import Path

import data as program
import pytest

MOST_MB = 1_500


def shown(folder: Path, rows: int) -> tuple[dict[str, object], dict[str, object], int]:
    file = folder / "sales.parquet"
    program.write_sales(file, rows)
    size = file.stat().st_size
    try:
        looked = program.measured(program.INSPECT, str(file))
        asked = program.measured(
            program.ASK, str(file), str(folder / "home"), json.dumps(program.QUESTIONS)
        )
    finally:
        file.unlink()
    return looked, asked, size


def test_the_questions_of_the_large_file_are_answered_on_a_small_one(tmp_path: Path) -> None:
    looked, asked, _ = shown(tmp_path, 20_000)
    assert looked["tables"] == 1
    answers = asked["answers"]
    assert isinstance(answers, list)
    assert [status for _, status, _ in answers] == ["answered"] * len(program.QUESTIONS), answers


@pytest.mark.soak
def test_a_parquet_file_of_3_gb_needs_little_memory(tmp_path: Path) -> None:
    looked, asked, size = shown(tmp_path, program.ROWS)
    assert size > 3_000_000_000
    answers = asked["answers"]
    assert isinstance(answers, list)
    assert [status for _, status, _ in answers] == ["answered"] * len(program.QUESTIONS), answers
    for found in (looked, asked):
        assert isinstance(found["peak"], int) and found["peak"] < MOST_MB
