"""The committed schemas are those of the classes, and cover every word of the design."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from clew_core import schema as schemas
from clew_core.errors import UsageError
from clew_core.json_form import from_json, to_json
from clew_core.query_spec import QuerySpec
from clew_core.receipts import Receipt, Ref
from clew_core.schema import FOLDER, GENERATED, generate, schema

WORDS: dict[str, dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "query_spec_words.yaml").read_text("utf-8")
)
BASE = {"source": "s", "table": "t", "version": 1}


@pytest.mark.parametrize("name", GENERATED)
def test_a_committed_schema_is_that_of_its_class(name: str) -> None:
    assert (FOLDER / f"{name}.json").read_text(encoding="utf-8") == generate(name), (
        "run: python -m clew_core.schema"
    )


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_each_schema_is_a_schema_and_has_a_title(path: Path) -> None:
    found = schema(path.stem)
    jsonschema.Draft202012Validator.check_schema(found)
    assert found["title"]


def test_a_changed_class_is_seen_in_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Other(Ref):
        page: int = 0

    before = generate("receipt.v1")
    monkeypatch.setitem(schemas.GENERATED, "receipt.v1", (Other, "Receipt, version 1"))
    monkeypatch.setattr(schemas, "FOLDER", tmp_path)
    schemas.main()
    after = (tmp_path / "receipt.v1.json").read_text(encoding="utf-8")
    assert after != before and '"page"' in after


def test_an_unknown_schema_is_named_with_those_that_there_are() -> None:
    with pytest.raises(UsageError, match=r"'query_spec\.v9'.*Known: .*query_spec\.v1"):
        schema("query_spec.v9")


@pytest.mark.parametrize("word", WORDS)
def test_each_word_of_the_design_can_be_said_in_a_query_spec(word: str) -> None:
    data = {**BASE, **WORDS[word]}
    jsonschema.validate(data, schema("query_spec.v1"))
    # Read and written again nothing is lost: no word is merely let through.
    assert to_json(from_json(QuerySpec, data)) == json.loads(json.dumps(data))


def test_the_words_use_every_field_of_the_schema() -> None:
    said: set[str] = set()

    def look(data: Any) -> None:
        if isinstance(data, dict):
            said.update(data)
            for item in data.values():
                look(item)
        elif isinstance(data, list):
            for item in data:
                look(item)

    look([{**BASE, **spec} for spec in WORDS.values()])
    known = {
        name for defined in schema("query_spec.v1")["$defs"].values()
        for name in defined["properties"]
    }  # fmt: skip
    assert known - said == set()


def test_a_receipt_is_valid_and_one_without_refs_is_not() -> None:
    receipt = Receipt(
        id="r1", text="5", value=5, expression={"op": "count", "ref": 0},
        refs=(Ref(cell="c", sql_sha256="ab"),),
    )  # fmt: skip
    data = to_json(receipt)
    jsonschema.validate(data, schema("receipt.v1"))
    del data["refs"]
    with pytest.raises(jsonschema.ValidationError, match="refs"):
        jsonschema.validate(data, schema("receipt.v1"))
