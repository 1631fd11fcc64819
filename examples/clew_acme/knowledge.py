"""What do source.yaml, roles.yaml, metrics.yaml and glossary.yaml say about the company?"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clew_acme.database import Made
from clew_acme.schema import Table, tables
from clew_acme.streams import Stream
from clew_acme.vocabulary import Vocabulary
from clew_acme.world import World

__all__ = ["draw_roles", "write_knowledge", "yaml_text"]


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    text = str(value)
    plain = (
        text
        and text[0].isalpha()
        and not any(x in text for x in (": ", " #", "'", '"', "\n"))
        and text[-1] != ":"
        and text.lower() not in ("yes", "no", "on", "off", "true", "false", "null", "y", "n")
    )
    return text if plain else json.dumps(text, ensure_ascii=False)


def yaml_text(value: Any, indent: int = 0) -> str:
    """Write mappings as blocks and lists of words in one line, in the given order."""
    out = []
    for key, item in value.items():
        head = f"{' ' * indent}{_scalar(key)}:"
        if isinstance(item, Mapping) and item:
            out.append(f"{head}\n{yaml_text(item, indent + 2)}")
        elif isinstance(item, Mapping):
            out.append(f"{head} {{}}\n")
        elif isinstance(item, (list, tuple)):
            # Inside brackets a comma or a bracket would end the word.
            words = [_scalar(x) if not set(",[]{}") & set(str(x)) else json.dumps(x) for x in item]
            out.append(f"{head} [{', '.join(words)}]\n")
        else:
            out.append(f"{head} {_scalar(item)}\n")
    return "".join(out)


_LOCATION = {"duckdb": "acme.duckdb", "sqlite": "acme.sqlite", "parquet": "parquet", "csv": "csv"}


def _fields(world: World, table: Table, draw: Stream) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for column in table.columns:
        key = (table.name, column.name)
        if world.names.documented[key] != "source":
            if column.references and draw.chance(0.8):
                target, _, other = column.references.partition(".")
                real = world.names.of(target, other)
                fields[world.names.of(*key)] = {"references": f"{target}.{real}"}
            continue
        field: dict[str, Any] = {"meaning": column.meaning}
        if column.unit:
            field["unit"] = world.company.currency if column.unit == "BASE" else column.unit
        if column.references:
            target, _, other = column.references.partition(".")
            field["references"] = f"{target}.{world.names.of(target, other)}"
        if column.name == "condition":
            field["values"] = {"A": "as new", "B": "opened", "C": "cannot be sold"}
        fields[world.names.of(*key)] = field
    return fields


def _source(world: World, made: Made, forms: tuple[str, ...]) -> dict[str, Any]:
    draw = Stream(world.seed, "source")
    location = next((_LOCATION[f] for f in _LOCATION if f in forms), "postgresql:///acme")
    listed: dict[str, Any] = {}
    for name in made.tables:
        table = tables()[made.like[name]]
        if name != table.name:
            # Old copies lie around; nobody wrote down what they are.
            if draw.chance(0.4):
                listed[name] = {"meaning": f"copy of {table.name}, made for a migration"}
            continue
        entry: dict[str, Any] = {"meaning": table.meaning}
        if draw.chance(0.9):
            entry["key"] = [world.names.of(name, column) for column in table.key]
        fields = _fields(world, table, draw)
        if fields:
            entry["fields"] = fields
        listed[name] = entry
    return {
        "name": "acme",
        "location": location,
        "meaning": f"reporting copy of {world.company.name}, loaded every night",
        "freshness": f"orders.{world.names.of('orders', 'loaded_at')}",
        "licence": "CC0-1.0 (generated, no real persons or companies)",
        "owner": world.company.who("Data").name,
        "tables": listed,
    }


def draw_roles(world: World, made: Made) -> dict[str, dict[str, Any]]:
    """Draw the roles: what each sees of tables, columns, rows and documents."""
    c, draw = world.company, Stream(world.seed, "roles")
    n = world.names.of
    people = [p for p in c.people if p.left is None]
    region = draw.pick(c.regions).name
    slug = "".join(x if x.isalnum() else "_" for x in region.lower().replace("& ", ""))
    personal = [f"customers.{n('customers', x)}" for x in ("email", "phone", "birth_date")]
    salary = f"employees.{n('employees', 'annual_salary')}"
    main = [t for t in made.tables if made.like[t] == t]
    safe = [t for t in main if t not in ("employees", "suppliers")]

    def users(department: str, count: int) -> list[str]:
        team = [p.email.split("@")[0] for p in people if p.department == department]
        return draw.sample(team, count)

    quoted = region.replace("'", "''")
    trade = ["orders", "order_lines", "returns", "shipments", "products", "categories",
             "warehouses", "holidays", "customers"]  # fmt: skip
    orders_of_region = (
        f"{{0}} IN (SELECT {n('orders', 'order_id')} FROM orders "
        f"WHERE {n('orders', 'region')} = '{quoted}')"
    )
    team = draw.pick(c.teams)
    return {
        "analyst": {
            "meaning": "sees all trade, no personal data",
            "members": users("Data", 3),
            "tables": safe,
            "hide": [*personal, f"customers.{n('customers', 'full_name')}"],
            "documents": ["data", "operations", "marketing"],
            "budget": {"rows": 1_000_000, "seconds": 120},
        },
        f"analyst_{slug}": {
            "meaning": f"sees the trade of {region} only",
            "members": users("Marketing", 1),
            "tables": trade,
            "hide": personal,
            "rows": {
                "customers": f"{n('customers', 'region')} = '{quoted}'",
                "orders": f"{n('orders', 'region')} = '{quoted}'",
                "order_lines": orders_of_region.format(n("order_lines", "order_id")),
                "returns": orders_of_region.format(n("returns", "order_id")),
                "shipments": orders_of_region.format(n("shipments", "order_id")),
            },
            "documents": ["marketing"],
            "budget": {"rows": 100_000, "seconds": 30},
        },
        "service_desk": {
            "meaning": f"answers customers, {team}",
            "members": users("Customer Service", 3),
            "tables": ["tickets", "customers", "orders", "shipments", "returns"],
            "hide": [f"customers.{n('customers', 'birth_date')}",
                     f"orders.{n('orders', 'net_amount')}"],
            "rows": {"tickets": f"{n('tickets', 'team')} = '{team}'"},
            "documents": ["service"],
            "budget": {"rows": 5_000, "seconds": 10},
        },
        "buying": {
            "meaning": "sees articles, prices, stock and suppliers",
            "members": users("Buying", 2),
            "tables": ["products", "categories", "suppliers", "price_list", "inventory",
                       "warehouses", "fx_rates"],
            "documents": ["buying", "operations"],
        },
        "finance": {
            "meaning": "sees all money but no salaries and no personal data",
            "members": users("Finance", 2),
            "tables": main,
            "hide": [salary, *personal],
            "documents": ["finance", "buying", "data"],
        },
        "people_team": {
            "meaning": "HR",
            "members": users("People", 2),
            "tables": ["employees", "holidays"],
            "documents": ["people"],
        },
        "board": {
            "meaning": "sees everything",
            "members": users("Board", 2),
            "tables": "*",
            "documents": ["board", "finance", "people", "legal", "buying", "operations",
                          "marketing", "service", "data", "it"],
        },
    }  # fmt: skip


def write_knowledge(
    world: World,
    made: Made,
    words: Vocabulary,
    roles: Mapping[str, Mapping[str, Any]],
    company: Path,
    forms: tuple[str, ...],
) -> None:
    """Write the four files of the workspace."""
    folder = company / "knowledge"
    folder.mkdir()
    owner = {"sla": "Customer Service", "csat": "Customer Service", "ontime": "Operations",
             "conversion": "Marketing"}  # fmt: skip
    metrics: dict[str, Any] = {}
    for metric in words.metrics.values():
        entry: dict[str, Any] = {"expression": metric.expression, "unit": metric.unit,
                                 "meaning": metric.meaning}  # fmt: skip
        if metric.filter:
            entry["filter"] = metric.filter
        if metric.aliases:
            entry["aliases"] = list(metric.aliases)
        entry["time"] = metric.time
        entry["owner"] = world.company.who(owner.get(metric.key, "Finance")).name
        metrics[metric.name] = entry
    glossary: dict[str, Any] = {}
    for term in words.terms.values():
        if term.documented == "glossary":
            glossary[term.name] = {"condition": term.condition}
            if term.aliases:
                glossary[term.name]["aliases"] = list(term.aliases)
    files = {
        company / "source.yaml": _source(world, made, forms),
        company / "roles.yaml": roles,
        folder / "metrics.yaml": metrics,
        folder / "glossary.yaml": glossary,
    }
    for path, content in files.items():
        path.write_text(yaml_text(content), encoding="utf-8")
