"""What else lies in a wiki: onboarding, runbooks, metrics, notes, mails, and what is secret?"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from clew_acme.company import MONTHS
from clew_acme.effects import of_kind
from clew_acme.schema import tables
from clew_acme.streams import Stream
from clew_acme.tables_reference import Campaign
from clew_acme.vocabulary import Vocabulary, facts
from clew_acme.wiki.weave import Page, Weaver, working_day
from clew_acme.words import text
from clew_acme.world import World

__all__ = ["general_facts", "general_pages"]

_QUESTIONS = {
    "fiscal": ("When does our fiscal year start?", "1 <fiscal_name>"),
    "returncount": ("How often does a line count that comes back in two parcels?", "once"),
    "target": ("What is the target margin of <cat>?", "<cat_margin> percent"),
    "lateload": ("What do we do when the nightly load is not through by 08:30?",
                 "call IT and do not start it by hand after nine"),
    "code": ("What do we do when the checkout shows <code>?",
             "roll back the payment script to the last tagged version"),
    "count": ("When is the weekly stock count done?", "Monday before the first truck leaves"),
    "claims": ("Until when must claims for lost parcels reach the carrier?",
               "<claim_days> days after dispatch"),
    "alarm": ("When does the office alarm go on?", "22:00"),
    "bands": ("What is the range of salary level 2?", "<band2> to <band3> <cur>"),
    "merger": ("What is the working title of the merger talks?", "Project <codename>"),
    "walkaway": ("What is our walk-away point in the talks with <supplier>?", "<walk> percent"),
    "claim": ("How much money is in dispute in file <file_no>?", "<claim_amount> <cur>"),
    "pentest": ("What was the serious finding of the security test?",
                "the export page of the returns portal shows other customers' names"),
    "dwh": ("Who looks after the reporting database?", "<who2:Data>"),
    "lead": ("Which lead time did <supplier> confirm?", "<lead> days"),
    "p1": ("Which tickets are P1?", "a customer who needs a working article now"),
    "buyer": ("Who buys <cat>?", "<cat_buyer>"),
    "forecast": ("Which growth does next year's budget assume?", "<growth> percent"),
    "fxsource": ("Which exchange rates do we use on weekends?", "Friday's reference rate"),
    "temps": ("How many temps are there per shift from Black Week on?", "two"),
    "council": ("What does the works council expect for <wh_city>?",
                "a written plan before the end of the quarter"),
    "paper": ("What is void fill to be by the end of next year?", "paper"),
}  # fmt: skip


def general_facts(
    world: World, words: Vocabulary, running: list[Campaign], snapshot_names: list[str]
) -> dict[str, str]:
    """Collect what fragments may mention."""
    c, draw, n = world.company, Stream(world.seed, "general facts"), world.names.of
    category = draw.pick(c.categories)
    buyers = [p for p in c.people if p.department == "Buying" and p.left is None]
    band = draw.between(24, 34) * 1000
    early = c.day(c.days * 3 // 4)
    quiet = [x for x in running if not x.lifts and x.channel != "internal" and x.ends < early]
    supplier = draw.pick(c.suppliers)
    checkout = of_kind(world.effects, "checkout_error")[0]
    heads = {p.department: p for p in reversed(c.people) if p.left is None}
    carriers = "\n".join(
        f"| {x.name} | {next(iter(x.promised.values()))} | "
        + draw.pick(("ok", "slow on Mondays", "call, don't mail", "new contract", "fair"))
        + " |"
        for x in c.carriers
    )
    words_listed = "\n".join(
        f"- **{t.name}**: `{t.condition}`"
        + (f" (also: {', '.join(t.aliases)})" if t.aliases else "")
        for t in words.terms.values()
        if t.documented == "wiki" or draw.chance(0.2)
    )
    columns = "\n".join(
        f"| {table} | {n(table, column)} | {tables()[table].column(column).meaning} |"
        for (table, column), where in world.names.documented.items()
        if where == "wiki"
    )
    snaps = [*snapshot_names, "the first", "the second"][:2]
    return {
        **facts(world),
        "cur": c.currency,
        "city": c.city,
        "fiscal_name": MONTHS[c.fiscal_month - 1],
        "cat": category.name,
        "cat_margin": f"{category.target_margin * 100:.0f}",
        "cat_buyer": draw.pick(buyers).name,
        "terms": words_listed,
        "columns": f"| table | column | what it seems to be |\n|---|---|---|\n{columns}",
        "snap1": f"`{snaps[0]}`",
        "snap2": f"`{snaps[1]}`",
        "snap_detail": "The second was taken after somebody changed the export, don't compare "
        "them column by column without looking.",
        "old_year": str(c.start.year - 1),
        "code": str(checkout.detail["code"]),
        "carriers": carriers,
        "claim_days": str(draw.pick((7, 10, 14, 20))),
        "heads": "\n".join(f"| {d} | {heads[d].name}, {heads[d].job} |" for d in sorted(heads)),
        "band1": str(band),
        "band2": str(band + draw.between(6, 10) * 1000),
        "band3": str(band + draw.between(15, 22) * 1000),
        "band4": str(band + draw.between(30, 44) * 1000),
        "codename": draw.pick(("Heron", "Larch", "Basalt", "Sextant", "Marzipan", "Tundra")),
        "wh_city": draw.pick(c.warehouses[1:]).city,
        "supplier": supplier.name,
        "walk": draw.pick(("2.5", "3", "3.5", "2.75")),
        "lead": str(supplier.lead_days),
        "file_no": f"{draw.between(11, 98)}/{c.end.year - 1}",
        "claim_amount": str(draw.between(6, 90) * 500),
        "dup_count": str(next(f.rows for f in world.defects.flaws if f.kind == "near_duplicate")),
        "dq1": _defect_line(world, 0),
        "dq2": _defect_line(world, 1),
        "dq3": _defect_line(world, 2),
        "camp": draw.pick(quiet).name if quiet else "the last one",
        "teams": ", ".join(c.teams),
        "departments": ", ".join(sorted({x.department for x in c.categories})),
        "growth": draw.pick(("4", "5.5", "6", "7.5", "9")),
        "carrier": draw.pick(c.carriers).name,
        "dept": draw.pick(("Finance", "Marketing", "IT", "Buying")),
    }


_HINTS = {
    "cents": "{t}.{c}: some amounts a hundred times too high, looks like cents. Action: IT",
    "time_zone": "{t}.{c}: a few weeks are hours off, probably a server in another zone",
    "outlier": "{t}.{c}: impossible values, somebody's elbow on the keyboard",
    "orphan": "{t}.{c} points to things that don't exist, not many, but every month",
    "broken_fd_unary": "{t}.{c} does not fit to {d} in a handful of rows",
    "broken_fd_binary": "{t}.{c} should follow from {d}, mostly does",
    "typo": "{t}.{c}: spelling. A list of allowed values would help",
    "mixed_dates": "{t}.{c}: several date formats in one column",
}


def _defect_line(world: World, place: int) -> str:
    flaws = [f for f in world.defects.flaws if f.kind in _HINTS]
    flaw = Stream(world.seed, "dq").shuffled(flaws)[place]
    n = world.names.of
    return _HINTS[flaw.kind].format(
        t=flaw.table,
        c=n(flaw.table, flaw.column),
        d=" and ".join(n(flaw.table, x) for x in flaw.determinant),
    )


def general_pages(world: World, weaver: Weaver) -> tuple[list[Page], list[dict[str, Any]]]:
    """Write all other pages and the questions that they answer."""
    c, draw = world.company, Stream(world.seed, "general pages")
    pages: list[Page] = []
    asked: list[dict[str, Any]] = []
    for part in ("\n" + text("wiki_pages.txt")).split("\n=== ")[1:]:
        head, _, body = part.partition("\n")
        name, department, access, kind, span = (x.strip() for x in head.split("|"))
        low, high = (int(x) for x in span.split("-"))
        author = c.who(department, draw.below(3))
        day = c.day(draw.between(c.days * low // 100, c.days * high // 100 - 1))
        if "<code>" in body:
            # Nobody writes a runbook for an error that has not happened yet.
            error = of_kind(world.effects, "checkout_error")[0]
            day = (error.ends or error.starts) + timedelta(days=draw.between(8, 40))
        woven, passages = weaver.weave(body, draw, author, {})
        first = woven.strip().splitlines()[0]
        page = Page(
            name=name,
            kind=kind,
            title=first.removeprefix("Subject:").lstrip("#* ").strip(),
            author=author,
            day=working_day(min(day, c.now.date() - timedelta(days=1)), draw),
            access=None if access == "-" else access,
            department=department,
            text=woven,
            passages=passages,
        )
        pages.append(page)
        for mark in passages:
            question, answer = _QUESTIONS[mark]
            plain = replace(author, voice="plain")
            asked.append(
                {
                    "question": weaver.weave(question, draw, plain, {})[0],
                    "answer": weaver.weave(answer, draw, plain, {})[0],
                    "mark": mark,
                    "holds": page,
                    "outdated": [],
                }
            )
    return pages, asked
