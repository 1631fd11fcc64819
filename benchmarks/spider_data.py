"""Which questions, databases and recorded predictions are in the folder of Spider data?

Nothing of it is copied into the repository. The dev part is for reporting, the train part for
development; SParC and CoSQL are here with their dev parts only.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Part = Literal["train", "dev"]
# How a question that names no year of its own dates "this year"; the data are older.
NOW = "2020-06-01"


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question with its gold query.

    Attributes:
        id: of the question, unique in its set: the place, or dialogue and turn.
        text: as it is asked.
        gold: SQL.
        db: name of the database.
        before: the texts of the turns before it in the same thread.
    """

    id: str
    text: str
    gold: str
    db: str
    before: tuple[str, ...] = ()


def bench_folder() -> Path | None:
    """Find the folder of benchmark data; None where it is not on this machine."""
    named = os.environ.get("CLEW_BENCH_DATA")
    folder = Path(named) if named else None
    return folder if folder and (folder / "spider" / "database").is_dir() else None


def database(folder: Path, name: str) -> Path:
    """Give the path of a database, which may be absent."""
    return folder / "spider" / "database" / name / f"{name}.sqlite"


def spider(folder: Path, part: Part) -> list[Question]:
    """Read the questions of a part whose databases are here."""
    file = "dev.json" if part == "dev" else "slim/data/train_spider.json"
    cases = json.loads((folder / "spider" / file).read_text(encoding="utf-8"))
    questions = [
        Question(id=str(place), text=case["question"], gold=case["query"], db=case["db_id"])
        for place, case in enumerate(cases)
    ]
    return [question for question in questions if database(folder, question.db).is_file()]


def dialogues(folder: Path, name: Literal["sparc", "cosql"]) -> list[Question]:
    """Read the turns of SParC or CoSQL that have a gold query; both are dev parts."""
    file = folder / "sparc_cosql" / name / "dev.json"
    found = []
    for number, case in enumerate(json.loads(file.read_text(encoding="utf-8"))):
        texts: list[str] = []
        for turn, said in enumerate(case["interaction"]):
            if said.get("query") and database(folder, case["database_id"]).is_file():
                found.append(
                    Question(
                        id=f"{number}.{turn}",
                        text=said["utterance"],
                        gold=said["query"].rstrip("; "),
                        db=case["database_id"],
                        before=tuple(texts),
                    )
                )
            texts.append(said["utterance"])
    return found


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines()


def _first_field(file: Path) -> list[str]:
    return [line.split("\t")[0] for line in _lines(file)]


def _csv(file: Path) -> list[str]:
    with file.open(encoding="utf-8", newline="") as text:
        return [row["PREDICTED SQL"] for row in csv.DictReader(text)]


# Name → file and how it is read; the order is that of dev.json.
REPLAYS: dict[str, tuple[str, Callable[[Path], list[str]]]] = {
    "dail": ("dail-sql/results/DAIL-SQL+GPT-4.txt", _lines),
    "dail-sc": ("dail-sql/results/DAIL-SQL+GPT-4+self-consistency.txt", _lines),
    "din-gpt4": ("din-sql/GPT4_results/DIN-SQL.csv", _csv),
    "gpt4-few-shot": ("din-sql/GPT4_results/GPT4_few_shot.csv", _csv),
    "gpt4-zero-shot": ("din-sql/GPT4_results/GPT4_zero_shot.csv", _csv),
    "codes-1b": ("codes/results/pred_sqls-codes-1b-spider.txt", _lines),
    "codes-3b": ("codes/results/pred_sqls-codes-3b-spider.txt", _lines),
    "codes-7b": ("codes/results/pred_sqls-codes-7b-spider.txt", _lines),
    "codes-15b": ("codes/results/pred_sqls-codes-15b-spider.txt", _lines),
    "graphix": ("graphix/graphix/dev_result/predict.sql", _first_field),
}
# What the README beside the data says of them on the 972 questions of dev that run.
KNOWN = {
    "dail": 83.2,
    "dail-sc": 83.8,
    "din-gpt4": 83.2,
    "gpt4-few-shot": 76.1,
    "gpt4-zero-shot": 73.0,
    "codes-1b": 78.4,
    "codes-3b": 83.5,
    "codes-7b": 85.6,
    "codes-15b": 84.9,
    "graphix": 81.0,
}


def predictions(folder: Path, name: str) -> list[str]:
    """Read the recorded predictions of a system on all of dev."""
    file, read = REPLAYS[name]
    return read(folder / "predictions" / file)
