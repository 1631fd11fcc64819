"""A swimming pool in a DuckDB or SQLite file: visits with lines, complaints about lines."""

import sqlite3
from pathlib import Path

import duckdb

SCHEMA = """
CREATE TABLE members (member_id INTEGER PRIMARY KEY, name VARCHAR, level VARCHAR, left_on DATE);
CREATE TABLE visits (
    visit_id INTEGER PRIMARY KEY, member_id INTEGER REFERENCES members (member_id),
    began_on DATE, ended_on DATE, promised INTEGER, kept DECIMAL(12, 2), full_price DECIMAL(12, 2),
    channel VARCHAR, came_back BOOLEAN);
CREATE TABLE visit_lines (
    line_id INTEGER PRIMARY KEY, visit_id INTEGER REFERENCES visits (visit_id),
    pieces INTEGER, price DECIMAL(12, 2), cost DECIMAL(12, 2));
CREATE TABLE complaints (
    complaint_id INTEGER PRIMARY KEY, line_id INTEGER REFERENCES visit_lines (line_id),
    reason VARCHAR);
CREATE TABLE weather (day DATE, degrees INTEGER);
"""
ROWS = {
    "members": [
        (1, "Ada", "whale", None), (2, "Bo", "crab", "2023-05-01"), (3, "Cy", "whale", None),
    ],
    "visits": [
        (1, 1, "2022-03-01", "2022-03-03", 2, 10.00, 12.00, "door", True),
        (2, 1, "2023-01-10", "2023-01-12", 1, 20.00, 20.00, "phone", False),
        (3, 2, "2023-02-01", "2023-02-01", 1, 30.00, 60.00, "door", True),
        (4, 3, "2023-07-31", "2023-08-02", 2, 40.00, 41.00, "door", None),
        (5, 3, "2023-09-01", None, 2, 50.00, 99.00, "phone", True),
    ],
    "visit_lines": [
        (1, 1, 2, 6.00, 1.00), (2, 2, 1, 10.00, 5.00), (3, 2, 1, 10.00, 4.00),
        (4, 3, 3, 20.00, 10.00), (5, 4, 1, 41.00, 1.00), (6, 5, 9, 11.00, 2.00),
        (7, 5, 0, 1.00, 1.00), (8, 5, 1, 1.00, 1.00),
    ],
    "complaints": [(1, 1, "cold"), (2, 3, "cold"), (3, 3, "loud"), (4, 4, "loud")],
    "weather": [("2023-01-10", 21)],
}  # fmt: skip
METRICS = """\
kept money:
  expression: sum(visits.kept)
  unit: EUR
  meaning: what stays with us after reductions
  aliases: [net takings]
  time: visits.began_on
bill of a visit:
  expression: sum(visits.kept) / count(visits.visit_id)
  unit: EUR
complaint rate:
  expression: count(complaints.complaint_id) / count(visit_lines.line_id)
  unit: fraction
  time: visits.began_on
paper gain:
  expression: "(sum(pieces * price) - sum(pieces * visit_lines.cost)) / sum(pieces * price)"
return rate:
  expression: avg(CASE WHEN visits.came_back THEN 1.0 ELSE 0.0 END)
  filter: visits.came_back IS NOT NULL
punctuality:
  expression: avg(CASE WHEN visits.ended_on - visits.began_on <= visits.promised THEN 1 ELSE 0 END)
  filter: visits.ended_on IS NOT NULL
"""
GLOSSARY = """\
big-fish member:
  condition: "members.level = 'whale'"
  aliases: [golden guest]
half-price visit:
  condition: visits.kept <= 0.5 * visits.full_price OR visits.kept < 15
  meaning: more was let go than we like
gone member:
  condition: members.left_on IS NOT NULL
boomerang:
  condition: visits.came_back
lido: {meaning: the pool outside}
"""


def make_pool(folder: Path, engine: str = "duckdb", *, knowledge: bool = True) -> Path:
    """Write the pool, its source.yaml and its knowledge into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"pool.{engine}"
    db = duckdb.connect(str(file)) if engine == "duckdb" else sqlite3.connect(str(file))
    for statement in SCHEMA.split(";\n"):
        if statement.strip():
            db.execute(statement)
    for table, rows in ROWS.items():
        marks = ", ".join("?" * len(rows[0]))
        db.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
    db.commit()
    db.close()
    (folder / "source.yaml").write_text(f"name: pool\nlocation: {file.name}\n", encoding="utf-8")
    if knowledge:
        write_knowledge(folder)
    return folder


def write_knowledge(folder: Path, metrics: str = METRICS, glossary: str = GLOSSARY) -> None:
    """Write the files of the knowledge folder."""
    (folder / "knowledge").mkdir(exist_ok=True)
    (folder / "knowledge" / "metrics.yaml").write_text(metrics, encoding="utf-8")
    (folder / "knowledge" / "glossary.yaml").write_text(glossary, encoding="utf-8")
