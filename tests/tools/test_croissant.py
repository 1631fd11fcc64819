"""Has an exported description the shape that Croissant asks for, and only what may be seen?"""

import json
from pathlib import Path

import duckdb

from clew_core.principal import Policy, Principal
from clew_tools.database.croissant import croissant
from clew_tools.database.declaration import read_declaration
from clew_tools.database.open import open_source


def test_a_source_is_described_with_meanings_keys_and_references(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
        connection.execute(
            "CREATE TABLE people (id INT PRIMARY KEY, email TEXT);"
            "CREATE TABLE orders (person INT REFERENCES people (id), paid DECIMAL(9,2))"
        )
    (tmp_path / "source.yaml").write_text(
        "name: shop\nlocation: shop.duckdb\nlicence: CC0-1.0\nmeaning: a shop\n"
        "tables: {orders: {meaning: one row per order, fields: {paid: {unit: NOK}}}}\n"
    )
    source = open_source(tmp_path)
    policy = Policy(hide=("people.email",))
    declared = read_declaration(tmp_path / "source.yaml")
    data = croissant(source, Principal(policy=policy), declaration=declared)
    source.close()
    assert data["@type"] == "sc:Dataset" and data["license"] == "CC0-1.0"
    assert data["conformsTo"] == "http://mlcommons.org/croissant/1.0"
    assert data["distribution"][0]["@type"] == "cr:FileObject"
    assert "email" not in json.dumps(data)
    sets = {found["name"]: found for found in data["recordSet"]}
    assert sets["people"]["key"] == [{"@id": "people/id"}]
    person, paid = sets["orders"]["field"]
    assert person["references"] == {"field": {"@id": "people/id"}}
    assert paid["dataType"] == "sc:Float" and paid["description"] == "Unit: NOK."
    ids = [
        data["distribution"][0]["@id"],
        *sets,
        *(f["@id"] for s in sets.values() for f in s["field"]),
    ]
    assert len(ids) == len(set(ids))
