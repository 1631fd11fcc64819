"""Which scripts did the company's people leave behind, and which of them can be trusted?

The bodies are data (`words/scripts.txt`). Authors format and sign as they like; copies of copies
lie around with other constants; columns that only scripts explain are explained in a comment.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from clew_acme.company import MONTHS, Company
from clew_acme.effects import of_kind
from clew_acme.key_questions import Asker
from clew_acme.people import Person
from clew_acme.policies import policy
from clew_acme.schema import tables
from clew_acme.streams import Stream
from clew_acme.vocabulary import fill
from clew_acme.words import text
from clew_acme.world import World

__all__ = ["write_scripts"]


@dataclass(frozen=True, kw_only=True)
class _Body:
    file: str
    department: str
    status: str
    derives: tuple[str, ...]
    code: str


def _bodies() -> list[_Body]:
    out = []
    for part in text("scripts.txt").split("\n=== ")[1:]:
        head, _, code = part.partition("\n")
        file, department, status, derives = (x.strip() for x in (head + " ").split("|"))
        out.append(
            _Body(
                file=file,
                department=department,
                status=status,
                derives=tuple(d.strip() for d in derives.split(";") if d.strip()),
                code=code.rstrip() + "\n",
            )
        )
    return out


_KEYWORDS = (
    "select from where group by order having join left on and or as with case when then else end "
    "sum count avg max min distinct limit union all not exists null is in between filter using"
).split()
_WORD = re.compile(r"\b(" + "|".join(_KEYWORDS) + r")\b(?=[^']*(?:'[^']*'[^']*)*$)", re.IGNORECASE)


def _recase(code: str, upper: bool) -> str:
    lines = []
    for line in code.splitlines():
        body, mark, comment = line.partition("--")
        body = _WORD.sub(lambda m: m[0].upper() if upper else m[0].lower(), body)
        lines.append(body + mark + comment)
    return "\n".join(lines) + "\n"


class _Desk:
    """Write the scripts of one world."""

    def __init__(self, world: World, asker: Asker) -> None:
        self.world, self.asker = world, asker
        self.company: Company = world.company
        self.draw = Stream(world.seed, "scripts")
        self.values = self._constants()
        self.pending = [k for k, where in world.names.documented.items() if where == "scripts"]
        self.notes: list[dict[str, Any]] = []

    def _constants(self) -> dict[str, str]:
        c = self.company
        out = {"phone": c.sales_channels[3]}
        for p in self.world.policies:
            out |= {
                f"policy.{p.id}.old": str(p.old),
                f"policy.{p.id}.new": str(p.new),
                f"policy.{p.id}.day": p.changed.isoformat(),
            }
        out["fiscal_name"] = MONTHS[c.fiscal_month - 1]
        return out

    def author(self, department: str) -> Person:
        """Pick who wrote a script."""
        team = [p for p in self.company.people if p.department in (department, "Data")]
        return self.draw.pick(team[:9])

    def code(self, body: _Body, name: str) -> str:
        """Fill a body with names, values, words and people."""
        values = {**self.values, **self.asker.values(self.draw)}
        code = re.sub(r"%net_id%", self.asker.words.word("net").replace(" ", "_"), body.code)
        code = re.sub(r"%who:([\w ]+)%", lambda m: self.company.who(m[1]).first, code)
        code = re.sub(r"%(\w+)%", self._word, code)
        code = self._quoted(code, name)
        return fill(self.world.names.sql(code), values)

    def _word(self, match: re.Match[str]) -> str:
        words = self.asker.words
        known = match[1] in words.metrics or match[1] in words.terms
        return words.word(match[1]) if known else match[0]

    def _quoted(self, code: str, name: str) -> str:
        """Explain a column or two that nobody explains elsewhere."""
        used = set(re.findall(r"\{(\w+)\.(\w+)\}", code))
        mark = "--" if name.endswith(".sql") else "#"
        told = [key for key in self.pending if key in used][:2]
        lines = [self._note(key, name, mark) for key in told]
        if not lines:
            return code
        if code.startswith('"""') or code.startswith("#!"):
            first, _, rest = code.partition("\n")
            return "\n".join([first, *lines, rest])
        return "\n".join([*lines, code])

    def _note(self, key: tuple[str, str], name: str, mark: str) -> str:
        self.pending.remove(key)
        real = self.world.names.of(*key)
        meaning = tables()[key[0]].column(key[1]).meaning
        self.notes.append(
            {"table": key[0], "column": real, "meaning": meaning, "written_in": f"scripts/{name}"}
        )
        asked = self.company.who(self.draw.pick(("IT", "Finance", "Data", "Operations"))).first
        form = self.draw.pick(
            ("{m} {c}: {w}", "{m} {c} = {w} ({a} says)", "{m} NB {t}.{c} is the {w}",
             "{m} note to self, {c} -> {w}")
        )  # fmt: skip
        return form.format(m=mark, c=real, t=key[0], w=meaning, a=asked)

    def written(self, body: _Body) -> date:
        """Draw the day of a script: after what it tells of, and before a rule that it misses."""
        c = self.company
        low, high = 60, c.days - 5
        changed = c.offset(policy(self.world.policies, "active_customer").changed)
        if "policy.active_customer.day" in body.code:
            low = min(changed + 3, high)
        elif "policy.active_customer.old" in body.code:
            low, high = min(60, changed - 30), changed - 5
        if "<leak_code>" in body.code:
            leak = of_kind(self.world.effects, "coupon_leak")[0]
            low = c.offset(leak.starts) + 25
        return c.day(self.draw.between(low, high))

    def signed(self, code: str, name: str, who: Person, day: date) -> tuple[str, str]:
        """Add the author's way of signing; gives the text and the date."""
        stamp = day.isoformat()
        mark = "--" if name.endswith(".sql") else "#"
        style = {
            "formal": f"{mark} Author: {who.name}\n{mark} Last change: {stamp}\n",
            "plain": f"{mark} {who.name}, {day:%d.%m.%Y}\n",
            "terse": f"{mark} {who.handle} {stamp}\n",
            "chatty": f"{mark} {who.first} here ({day:%m/%Y}), ask me before you change it\n",
            "sloppy": f"{mark} {who.first.lower()} {day:%d/%m/%y}\n",
            "lowercase": f"{mark} {who.handle}\n",
        }[who.voice]
        if name.endswith(".sql"):
            if who.voice in ("formal", "plain"):
                code = _recase(code, True)
            elif who.voice in ("lowercase", "sloppy"):
                code = _recase(code, False)
        if code.startswith("#!"):
            first, _, rest = code.partition("\n")
            return f"{first}\n{style}{rest}", stamp
        return style + code, stamp


_COPIES = ("{s}_v2{e}", "{s} (copy){e}", "{s}_final{e}", "{s}_{h}{e}", "tmp_{s}{e}", "{s}_new2{e}")


_LEFT_BEHIND = {
    "sql": ("", "-- limit 100\n", "-- checked against the old report: 2 off, fine\n",
            "/* older try\nselect count(*) from orders;\n*/\n", "-- TODO as a view?\n"),
    "py": ("", "# print(len(df))\n", "# runs 40 s on my machine\n", "# TODO argparse\n",
           "# df.to_excel('for_the_board.xlsx')\n"),
}  # fmt: skip


def write_scripts(world: World, asker: Asker, folder: Path) -> dict[str, Any]:
    """Write all scripts and tell the key which are right and what they define."""
    desk = _Desk(world, asker)
    draw, bodies = desk.draw, _bodies()
    listed: list[dict[str, Any]] = []

    def put(path: str, body: _Body, who: Person, code: str, status: str, copy_of: str) -> None:
        target = folder / path
        if target.exists():
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        full, day = desk.signed(code, path, who, desk.written(body))
        target.write_text(full, encoding="utf-8")
        derives = [fill(d, {**desk.values, **asker.facts}) for d in body.derives]
        state, _, why = status.partition(": ")
        listed.append(
            {
                "path": f"scripts/{path}",
                "author": who.name,
                "date": day,
                "status": state,
                "reason": fill(why, desk.values) or None,
                "near_copy_of": copy_of or None,
                "derives": derives,
                "tables": sorted({t for t, _ in re.findall(r"\{(\w+)\.(\w+)\}", body.code)}),
            }
        )

    for body in draw.shuffled(bodies):
        who = desk.author(body.department)
        home = who.handle if draw.chance(0.6) else body.department.lower().replace(" ", "_")
        path = f"{home}/{body.file}"
        put(path, body, who, desk.code(body, path), body.status, "")
        if draw.chance(0.5) and body.file.count(".") == 1:
            stem, _, end = body.file.rpartition(".")
            other = desk.author(body.department)
            name = draw.pick(_COPIES).format(s=stem, e=f".{end}", h=other.handle)
            copy = f"{draw.pick((other.handle, 'archive', 'shared'))}/{name}"
            code = desk.code(body, copy) + draw.pick(_LEFT_BEHIND[end])
            if draw.chance(0.3):
                mark = "--" if end == "sql" else "#"
                code = f"{mark} TODO does not match the deck, check\n{code}"
            put(copy, body, other, code, body.status, f"scripts/{path}")
    _leftovers(world, desk, folder)
    terms = [
        {"word": t.name, "condition": t.condition, "aliases": list(t.aliases)}
        for t in asker.words.terms.values()
        if t.documented == "scripts"
    ]
    return {"scripts": listed, "columns": desk.notes, "terms": terms}


def _leftovers(world: World, desk: _Desk, folder: Path) -> None:
    """Explain what no script happened to use in somebody's list of columns."""
    if not desk.pending:
        return
    who = world.company.who("Data", 2)
    day = world.company.end - timedelta(days=desk.draw.between(30, 300))
    lines = [f"-- {who.first}'s list of what the odd columns are ({day:%m/%Y}), not complete", ""]
    name = "shared/columns.sql"
    for key in list(desk.pending):
        lines.append(desk._note(key, name, "--"))
        lines.append(f"SELECT {world.names.of(*key)}, count(*) FROM {key[0]} GROUP BY 1 LIMIT 20;")
        lines.append("")
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("\n".join(lines), encoding="utf-8")
