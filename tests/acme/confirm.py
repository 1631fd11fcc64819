"""Which planted facts of an acme can be confirmed from its key alone, by plain SQL and search?

Nothing of the generator is imported: the checker knows the form of the key (docs/acme.md) only.
"""

import json
import re
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

import duckdb

MUST_KINDS = {
    "stock_out", "campaign_lift", "price_change", "churn_wave", "supplier_returns", "simpson",
    "definition_change",
}  # fmt: skip
MUST_DEFECTS = {
    "typo", "near_duplicate", "broken_fd_unary", "broken_fd_binary", "orphan", "outlier", "cents",
    "time_zone", "mixed_dates", "snapshot_drift",
}  # fmt: skip


def key_of(folder: Path) -> dict[str, Any]:
    key: dict[str, Any] = json.loads((folder / "key" / "answers.json").read_text("utf-8"))
    return key


def complaints(folder: Path) -> Iterator[str]:
    """Say everything in the key that the company does not show."""
    key = key_of(folder)
    with duckdb.connect(str(folder / "company" / "acme.duckdb"), read_only=True) as db:
        yield from _tables(db, key)
        yield from _effects(db, key)
        yield from _defects(db, key)
        yield from _questions(db, key)
        yield from _roles(db, key)
        yield from _orders_in_logs(db, folder)
    yield from _documents(folder, key)
    yield from _scripts(folder, key)
    yield from _logs(folder, key)
    yield from _secrets(folder, key)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return value.isoformat() if hasattr(value, "isoformat") else value


def _rows(db: duckdb.DuckDBPyConnection, sql: str) -> list[list[Any]]:
    return [[_plain(value) for value in row] for row in db.execute(sql).fetchall()]


def _same(db: duckdb.DuckDBPyConnection, what: str, sql: str, result: Any) -> Iterator[str]:
    rows = _rows(db, sql)
    if len(rows) != result["row_count"] or rows[:500] != result["rows"]:
        yield f"{what}: {rows[:3]} is not {result['rows'][:3]}"


def _tables(db: duckdb.DuckDBPyConnection, key: dict[str, Any]) -> Iterator[str]:
    if len(key["tables"]) < 14:
        yield "fewer than 14 tables"
    for table, rows in key["tables"].items():
        if _rows(db, f"SELECT count(*) FROM {table}") != [[rows]]:
            yield f"{table}: not {rows} rows"
    found = {tuple(x) for x in _rows(
        db, "SELECT table_name, column_name FROM information_schema.columns")}  # fmt: skip
    for column in key["columns"]:
        if (column["table"], column["column"]) not in found:
            yield f"column {column['table']}.{column['column']} is missing"
    if sum(column["cryptic"] for column in key["columns"]) < 8:
        yield "fewer than eight cryptic names"


def _effects(db: duckdb.DuckDBPyConnection, key: dict[str, Any]) -> Iterator[str]:
    kinds = {effect["kind"] for effect in key["effects"]}
    if kinds < MUST_KINDS or len(key["effects"]) < 10:
        yield f"effects are missing: {MUST_KINDS - kinds}"
    for effect in key["effects"]:
        yield from _same(db, effect["id"], effect["sql"], effect["result"])
        values = [float(row[-1] or 0) for row in effect["result"]["rows"]]
        if effect["kind"] == "simpson":
            good = values[0] < 0 < min(values[1:]) and len(values) >= 4
        elif effect["kind"] == "definition_change":
            old_before, new_before, old_after, new_after = values
            good = min(old_before, new_after) > 0.98 > max(new_before, old_after)
        else:
            good = abs(values[0] - effect["size"]) <= effect["tolerance"]
            good = good and abs(values[0]) > 0.04
        if not good and key["scale"] >= 1:
            yield f"{effect['id']}: measured {values}, planted {effect['size']}"


def _defects(db: duckdb.DuckDBPyConnection, key: dict[str, Any]) -> Iterator[str]:
    kinds = {defect["kind"] for defect in key["defects"]}
    if kinds != MUST_DEFECTS:
        yield f"defects are missing: {MUST_DEFECTS - kinds}"
    for defect in key["defects"]:
        yield from _same(db, defect["id"], defect["sql"], defect["result"])
        rows, found = defect["rows"], float(defect["result"]["rows"][0][0] or 0)
        if not rows:
            yield f"{defect['id']}: no row"
            continue
        if defect["kind"] == "snapshot_drift":
            if found < 0.3:
                yield f"{defect['id']}: drift of {found} only"
            continue
        # A shifted hour may still be an hour of work; families share a telephone.
        exact = defect["kind"] not in ("time_zone", "cents", "near_duplicate")
        least = 0.03 if defect["kind"] == "time_zone" else 0.9
        if (exact and found != len(rows)) or not least * len(rows) <= found <= 1.1 * len(rows) + 2:
            yield f"{defect['id']}: {found} found, {len(rows)} planted"
        yield from _cells(db, defect)


def _cells(db: duckdb.DuckDBPyConnection, defect: dict[str, Any]) -> Iterator[str]:
    table, column = defect["table"], defect["column"]
    (key,) = defect["rows"][0]["key"]
    wanted = {row["key"][key]: row["found"] for row in defect["rows"]}
    listed = ", ".join(str(k) for k in wanted)
    there = dict(_rows(db, f"SELECT {key}, {column} FROM {table} WHERE {key} IN ({listed})"))
    wrong = [k for k, value in wanted.items() if str(there.get(k)) != str(value)]
    if wrong:
        yield f"{defect['id']}: {len(wrong)} cells, such as {wrong[0]}: {there.get(wrong[0])!r}"
    if any(row["found"] == row["should_be"] for row in defect["rows"]):
        yield f"{defect['id']}: a planted value is the right one"


def _questions(db: duckdb.DuckDBPyConnection, key: dict[str, Any]) -> Iterator[str]:
    if len(key["questions"]) < 150:
        yield f"only {len(key['questions'])} questions"
    if {q["grade"] for q in key["questions"]} != {1, 2, 3, 4, 5}:
        yield "not all grades"
    if len({(q["follows"], q["question"]) for q in key["questions"]}) != len(key["questions"]):
        yield "a question is asked twice"
    ids = [q["id"] for q in key["questions"]]
    for place, question in enumerate(key["questions"]):
        yield from _same(db, question["question"], question["sql"], question["result"])
        if question["follows"] and question["follows"] not in ids[:place]:
            yield f"{question['id']} follows nothing"
    if len(key["unanswerable"]) < 15 or len(key["ambiguous"]) < 10:
        yield "too few unanswerable or ambiguous questions"
    for question in key["unanswerable"]:
        if question["words"].lower() not in question["question"].lower():
            yield f"{question['question']}: does not hold {question['words']!r}"
    for question in key["ambiguous"]:
        if question["words"].lower() not in question["question"].lower():
            yield f"{question['question']}: does not hold {question['words']!r}"
        for reading in question["readings"]:
            yield from _same(db, question["question"], reading["sql"], reading["result"])
        if len({json.dumps(r["result"]["rows"]) for r in question["readings"]}) < 2:
            yield f"{question['question']}: all readings give the same"


def _roles(db: duckdb.DuckDBPyConnection, key: dict[str, Any]) -> Iterator[str]:
    for case in key["roles"]:
        if "sql_under_policy" in case:
            yield from _same(db, case["asks"], case["sql_under_policy"], case["result"])
        if "sql" in case:
            db.execute(case["sql"])
    if {case["allowed"] for case in key["roles"]} != {True, False}:
        yield "roles without allowed and forbidden examples"


def read(path: Path) -> str:
    """Read the words of a document with the standard library alone."""
    if path.suffix == ".docx":
        with zipfile.ZipFile(path) as archive:
            xml = archive.read("word/document.xml").decode()
        text = re.sub(r"<[^>]+>", "", re.sub(r"</w:p>", " ", xml))
    elif path.suffix == ".pdf":
        text = _pdf(path.read_bytes().decode("ascii"))
    else:
        text = path.read_text("utf-8")
    if path.suffix == ".html":
        text = re.sub(r"<[^>]+>", "", text)
    for entity, letter in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#x27;", "'"),
                           ("&amp;", "&")):  # fmt: skip
        if path.suffix in (".html", ".docx"):
            text = text.replace(entity, letter)
    if path.suffix == ".md":
        text = re.sub(r"\*\*|`|(?<!\w)\*(?=\S)|(?<=\S)\*(?!\w)", "", text)
    return squeeze(text)


def squeeze(text: str) -> str:
    return " ".join(text.split())


def _pdf(text: str) -> str:
    letters = {int(a, 16): chr(int(b, 16)) for a, b in re.findall(
        r"^<(\w\w)> <(\w{4})>$", text, flags=re.M)}  # fmt: skip
    out = []
    for string in re.findall(r"Td \((.*?)(?<!\\)\) Tj", text):
        string = re.sub(
            r"\\(\d{3})", lambda m: letters.get(int(m[1], 8), chr(int(m[1], 8))), string
        )
        out.append(re.sub(r"\\([()\\])", r"\1", string))
    return " ".join(out)


def _documents(folder: Path, key: dict[str, Any]) -> Iterator[str]:
    if len(key["documents"]) < 20:
        yield "fewer than 20 document questions"
    company = folder / "company"
    pages = [p for p in (company / "wiki").rglob("*") if p.is_file() and p.suffix != ".yaml"]
    if len(pages) < 80 or {p.suffix for p in pages} != {".md", ".html", ".docx", ".pdf", ".eml"}:
        yield f"{len(pages)} pages of {sorted({p.suffix for p in pages})}"
    outdated = 0
    for asked in key["documents"]:
        holds = {"document": asked["document"], "passage": asked["passage"]}
        for told in (holds, *asked["outdated"]):
            if told["passage"] and squeeze(told["passage"]) not in read(company / told["document"]):
                yield f"{told['document']}: does not say {told['passage']!r}"
        for old in asked["outdated"]:
            outdated += old["why"] == "older"
            if old["why"] == "older" and old["date"] >= asked["date"]:
                yield f"{old['document']}: not older than {asked['document']}"
            if old["document"] == asked["document"]:
                yield f"{old['document']} holds and does not hold"
    if outdated < 8:
        yield f"only {outdated} outdated passages"


def _scripts(folder: Path, key: dict[str, Any]) -> Iterator[str]:
    scripts = key["scripts"]
    if len(scripts) < 60 or {s["status"] for s in scripts} != {"current", "wrong", "outdated"}:
        yield f"{len(scripts)} scripts"
    text = "\n".join(
        p.read_text("utf-8") for p in (folder / "company" / "scripts").rglob("*") if p.is_file()
    )
    for script in scripts:
        if not (folder / "company" / script["path"]).is_file():
            yield f"{script['path']} is missing"
    for told in key["columns_explained_in_scripts"]:
        if not re.search(rf"{re.escape(told['column'])}\b.*{re.escape(told['meaning'])}", text):
            yield f"no script explains {told['column']}"
    wiki = "\n".join(
        read(p) for p in (folder / "company" / "wiki").rglob("*") if p.suffix != ".yaml"
        and p.is_file()
    )  # fmt: skip
    glossary = (folder / "company" / "knowledge" / "glossary.yaml").read_text("utf-8")
    for word in key["jargon"]:
        where = {"scripts": text, "wiki": wiki, "glossary": glossary}[word["written_in"]]
        if word["word"] not in where:
            yield f"{word['word']!r} is not in the {word['written_in']}"


_TIMES = (
    (re.compile(r"(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d):(\d\d):(\d\d)"), "ymd"),
    (re.compile(r"(\d\d)\.(\d\d)\.(\d{4}) (\d\d):(\d\d):(\d\d)"), "dmy"),
    (re.compile(r"(\d\d)/(\w{3})/(\d{4}):(\d\d):(\d\d):(\d\d)"), "dby"),
)
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def time_of(line: str) -> datetime | None:
    for pattern, order in _TIMES:
        if found := pattern.search(line):
            a, b, c, *clock = found.groups()
            if order == "ymd":
                year, month, day = int(a), int(b), int(c)
            else:
                year, day = int(c), int(a)
                month = int(b) if order == "dmy" else _MONTHS.index(b) + 1
            return datetime(year, month, day, *(int(x) for x in clock))
    return None


def _logs(folder: Path, key: dict[str, Any]) -> Iterator[str]:
    told = key["logs"]
    lines = {
        service: [
            line
            for path in sorted((folder / "company" / "logs" / service).glob("*.log"))
            for line in path.read_text("utf-8").splitlines()
        ]
        for service in told["lines"]
    }
    for service, count in told["lines"].items():
        if len(lines[service]) != count:
            yield f"{service}: {len(lines[service])} lines, not {count}"
    if key["scale"] >= 1 and sum(told["lines"].values()) < 95_000:
        yield f"only {sum(told['lines'].values())} lines of logs"
    for burst in told["bursts"]:
        hits = [x for x in lines[burst["service"]] if burst["text"] in x]
        low, high = (datetime.fromisoformat(burst[x]) for x in ("from", "to"))
        inside = [
            x for x in hits if (at := time_of(x)) and low <= at <= high + timedelta(seconds=1)
        ]
        if len(inside) != burst["lines"]:
            yield f"burst {burst['text']}: {len(inside)} of {burst['lines']} lines"
    error, effect = told["rare_error"], None
    hits = [x for x in lines[error["service"]] if error["code"] in x]
    days = sorted({at.date().isoformat() for x in hits if (at := time_of(x))})
    if len(hits) != error["lines"] or not hits or len(hits) > 0.03 * sum(told["lines"].values()):
        yield f"{error['code']}: {len(hits)} lines, not {error['lines']}"
    elif days[0] < error["from"] or days[-1] > error["to"]:
        yield f"{error['code']} appears from {days[0]} to {days[-1]}"
    effect = next((e for e in key["effects"] if e["id"] == error["explains"]), None)
    if effect is None or effect["from"] != error["from"]:
        yield "the rare error explains nothing"
    yield from _skew(lines, told["clock_skew"])


def _orders_in_logs(db: duckdb.DuckDBPyConnection, folder: Path) -> Iterator[str]:
    """Each order that was paid in the logs is in the database, and there are some."""
    logs = sorted((folder / "company" / "logs" / "fulfilment").glob("*.log"))
    lines = [x for path in logs for x in path.read_text("utf-8").splitlines() if "reserved" in x]
    told = {int(m[1]) for x in lines if (m := re.search(r"order\W+(\d+)", x))}
    listed = ", ".join(str(number) for number in told) or "0"
    key, at = (c["column"] for c in key_of(folder)["columns"]
               if c["table"] == "orders" and c["plain"] in ("order_id", "ordered_at"))  # fmt: skip
    there = dict(db.execute(f"SELECT {key}, {at} FROM orders WHERE {key} IN ({listed})").fetchall())
    if not told or set(there) != told:
        yield f"{len(told - set(there))} of {len(told)} orders in the logs are not in the database"


def _skew(lines: dict[str, list[str]], skew: dict[str, Any]) -> Iterator[str]:
    sure = re.compile(r"\b[0-9a-f]{12}\b")
    gateway = {m[0]: time_of(x) for x in lines["gateway"] if (m := sure.search(x))}
    inside, outside = [], []
    for line in lines[skew["service"]]:
        found, at = sure.search(line), time_of(line)
        there = gateway.get(found[0]) if found else None
        if found and at and there:
            here = skew["from"] <= there.date().isoformat() <= skew["to"]
            (inside if here else outside).append((at - there).total_seconds())
    if not inside or abs(median(inside) - skew["seconds"]) > 15:
        yield f"clock skew of {median(inside) if inside else None}, not {skew['seconds']}"
    if not outside or abs(median(outside)) > 15:
        yield "the clock is off outside of the days told"


def _secrets(folder: Path, key: dict[str, Any]) -> Iterator[str]:
    """No file of the company may lead to the key, by name, link or content."""
    company = folder / "company"
    for path in company.rglob("*"):
        if path.is_symlink():
            yield f"{path.name} is a link"
        elif path.suffix in (".yaml", ".md", ".html", ".sql", ".py", ".eml") and path.name != (
            "postgres.sql"
        ):
            text = path.read_text("utf-8")
            if "answers.json" in text or "../key" in text or "planted" in text:
                yield f"{path.name} points to the key"
    if any(path.name == "answers.json" for path in company.rglob("*")):
        yield "the key lies in the company"
