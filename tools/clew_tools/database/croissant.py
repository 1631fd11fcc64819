"""How is a source described in Croissant, the JSON-LD form in which data sets are catalogued?

Covers what a principal may see: tables, columns, types, meanings, keys. Does not cover the rows.

Source: MLCommons, Croissant format specification 1.0.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from clew_core.deadline import Deadline
from clew_core.principal import Principal
from clew_tools.database.catalog import ColumnType, Table
from clew_tools.database.declaration import Declaration
from clew_tools.database.source import Source

_TYPES: dict[ColumnType, str] = {
    "text": "sc:Text", "integer": "sc:Integer", "number": "sc:Float", "decimal": "sc:Float",
    "date": "sc:Date", "timestamp": "sc:DateTime", "time": "sc:Time", "boolean": "sc:Boolean",
    "other": "sc:Text",
}  # fmt: skip
_FORMATS = {
    ".csv": "text/csv", ".tsv": "text/tab-separated-values", ".json": "application/json",
    ".jsonl": "application/jsonlines", ".ndjson": "application/jsonlines",
    ".parquet": "application/x-parquet", ".sqlite": "application/vnd.sqlite3",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip
_CHUNK = 1 << 20
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def croissant(
    source: Source,
    principal: Principal,
    *,
    declaration: Declaration | None = None,
    deadline: Deadline | None = None,
) -> dict[str, Any]:
    """Describe a source.

    Args:
        source: open.
        principal: what this one may not see is not described.
        declaration: of the source, for licence and meaning.
        deadline: of looking at the source.
    """
    catalog = source.catalog(principal, deadline)
    shown = {table.name for table in catalog.tables}
    data: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": source.name,
        "description": (declaration and declaration.meaning) or f"The source {source.name}.",
        "distribution": [_file(source.location)],
        "recordSet": [_record_set(table, shown) for table in catalog.tables],
    }
    if declaration and declaration.licence:
        data["license"] = declaration.licence
    if declaration and declaration.owner:
        data["creator"] = {"@type": "sc:Person", "name": declaration.owner}
    return data


def _file(location: str) -> dict[str, Any]:
    path = Path(location)
    found: dict[str, Any] = {
        "@type": "cr:FileObject",
        "@id": "data",
        "name": "data",
        "contentUrl": location if "://" in location else path.name,
        "encodingFormat": _FORMATS.get(path.suffix.lower(), "application/octet-stream"),
    }
    if "://" not in location and path.is_file():
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
        found["sha256"] = digest.hexdigest()
    else:
        # What is on a server, or in a folder, has no hash that stays.
        found["sha256"] = hashlib.sha256(location.encode()).hexdigest()
        found["description"] = "A folder or a server; the hash is that of its address."
    return found


def _record_set(table: Table, shown: set[str]) -> dict[str, Any]:
    fields = []
    for column in table.columns:
        meaning = [column.meaning or "", f"Unit: {column.unit}." if column.unit else ""]
        field: dict[str, Any] = {
            "@type": "cr:Field",
            "@id": f"{_id(table.name)}/{_id(column.name)}",
            "name": column.name,
            "dataType": _TYPES[column.type],
            "source": {"fileObject": {"@id": "data"}, "extract": {"column": column.name}},
        }
        if any(meaning):
            field["description"] = " ".join(part for part in meaning if part)
        for key in table.foreign_keys:
            if key.columns == (column.name,) and key.table in shown:
                other = f"{_id(key.table)}/{_id(key.other_columns[0])}"
                field["references"] = {"field": {"@id": other}}
        fields.append(field)
    found: dict[str, Any] = {
        "@type": "cr:RecordSet", "@id": _id(table.name), "name": table.name, "field": fields
    }  # fmt: skip
    if table.meaning:
        found["description"] = table.meaning
    if table.primary_key:
        found["key"] = [{"@id": f"{_id(table.name)}/{_id(part)}"} for part in table.primary_key]
    return found


def _id(name: str) -> str:
    return re.sub(r"[^\w.-]", "_", name)
