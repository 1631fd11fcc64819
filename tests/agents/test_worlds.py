"""Is what nobody prepared answered, and what has no answer declined? Worlds drawn at test time."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from worlds.gate import EACH, FULL, QUICK, drawn_seeds, faults, fixed_seeds, told
from worlds.score import ask_worlds

ROOT = Path(__file__).resolve().parent.parent.parent
WORLDS = ROOT / "tests" / "worlds"
PROPOSER = ROOT / "agents" / "clew_agents"
# A list counts as shared when it has this many words of another and most of both are the same.
SHARED_WORDS, SHARED_PART = 12, 0.5


@pytest.mark.slow
def test_120_questions_of_six_worlds_are_answered_well_enough(tmp_path: Path) -> None:
    seeds = fixed_seeds(120 // EACH)
    outcomes = ask_worlds(seeds, EACH, tmp_path)
    assert faults(outcomes, QUICK) == [], f"worlds {seeds}:\n{told(outcomes)}"


@pytest.mark.soak
def test_600_questions_of_thirty_worlds_pass_the_gate(tmp_path: Path) -> None:
    seeds = drawn_seeds(30)
    outcomes = ask_worlds(seeds, EACH, tmp_path)
    assert faults(outcomes, FULL) == [], f"worlds {seeds}:\n{told(outcomes)}"


# --------------------------------------------------- grammar and proposer are written apart


def _imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_grammar_and_proposer_import_nothing_of_each_other() -> None:
    for file in WORLDS.glob("*.py"):
        parts = {name.partition(".")[0] for name in _imported(file)}
        # score.py asks through the public door; nothing else knows of the product.
        allowed = {"clew"} if file.name == "score.py" else set()
        assert {part for part in parts if part.startswith("clew")} <= allowed, file.name
    for file in PROPOSER.rglob("*.py"):
        parts = {name.partition(".")[0] for name in _imported(file)}
        assert not parts & {"worlds", "tests"}, file


def _words_of(value: object) -> list[str]:
    if isinstance(value, str):
        return [value.strip().lower()]
    if isinstance(value, dict):
        return [word for pair in value.items() for part in pair for word in _words_of(part)]
    if isinstance(value, list | tuple | set):
        return [word for part in value for word in _words_of(part)]
    return []


def _word_lists(folder: Path) -> Iterator[tuple[str, set[str]]]:
    """Give the lists of words in a folder: literals of its modules, lines of its data files."""
    for file in sorted(folder.rglob("*")):
        if file.suffix == ".py" and not file.name.startswith("test_"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                words: set[str] = set()
                if isinstance(node, ast.List | ast.Tuple | ast.Set | ast.Dict):
                    try:
                        words = set(_words_of(ast.literal_eval(node)))
                    except ValueError:
                        continue
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    words = set(re.split(r"[\s|,/]+", node.value.lower()))
                yield f"{file.name}:{getattr(node, 'lineno', 0)}", words - {""}
        elif file.suffix in (".yaml", ".yml", ".json"):
            loaded = yaml.safe_load(file.read_text(encoding="utf-8"))
            entries = loaded.items() if isinstance(loaded, dict) else enumerate(loaded or ())
            for key, value in entries:
                yield f"{file.name}:{key}", set(_words_of(value))
        elif file.suffix in (".txt", ".csv", ".tsv"):
            yield file.name, set(re.split(r"[\s,|]+", file.read_text(encoding="utf-8").lower()))


def _is_docstring(words: set[str]) -> bool:
    return len(words & {"a", "the", "of", "is", "and"}) >= 3


def _shared(ours: Path, theirs: Path) -> list[str]:
    others = [(at, words) for at, words in _word_lists(theirs) if len(words) >= SHARED_WORDS]
    found = []
    for at, words in _word_lists(ours):
        if len(words) < SHARED_WORDS or _is_docstring(words):
            continue
        for other_at, other in others:
            same = words & other
            if len(same) >= SHARED_WORDS and len(same) / len(words | other) >= SHARED_PART:
                found.append(f"{at} and {other_at}: {sorted(same)[:5]} …")
    return found


def test_grammar_and_proposer_share_no_list_of_words() -> None:
    assert _shared(WORLDS, PROPOSER) == []


def test_a_shared_list_would_be_seen(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    words = [f"word{number}" for number in range(15)]
    (one / "a.py").write_text(f"WORDS = {words!r}\n")
    (other / "b.yaml").write_text(yaml.safe_dump({"synonyms": words[:13]}))
    assert len(_shared(one, other)) == 1
    (other / "b.yaml").write_text(yaml.safe_dump({"synonyms": words[:5]}))
    assert _shared(one, other) == []
