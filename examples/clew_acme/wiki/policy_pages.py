"""Who wrote down the company's rules, in the old and in the new version, and in which form?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from clew_acme.people import Person
from clew_acme.policies import Policy
from clew_acme.streams import Stream
from clew_acme.wiki.weave import Page, Weaver
from clew_acme.words import text
from clew_acme.world import World

__all__ = ["policy_pages"]

_ACCESS = {"IT": "it", "Buying": "buying"}


@dataclass(frozen=True, kw_only=True)
class _Prose:
    ask: str
    titles: list[str]
    old: list[str]
    new: list[str]
    why: list[str]
    detail: list[str]


def _prose() -> dict[str, _Prose]:
    out: dict[str, _Prose] = {}
    for part in text("wiki_policies.txt").split("\n== ")[1:]:
        name, *lines = part.splitlines()
        found: dict[str, list[str]] = {
            k: [] for k in ("ask", "title", "old", "new", "why", "detail")
        }
        for line in lines:
            key, _, value = line.partition(": ")
            if key in found:
                found[key].append(value)
        out[name] = _Prose(
            ask=found["ask"][0],
            titles=found["title"][0].split("|"),
            old=found["old"],
            new=found["new"],
            why=found["why"],
            detail=found["detail"],
        )
    return out


class _Rules:
    """Write the pages of all rules of one world."""

    def __init__(self, world: World, weaver: Weaver) -> None:
        self.world, self.weaver, self.company = world, weaver, world.company
        self.draw = Stream(world.seed, "policy pages")
        self.prose = _prose()
        self.small_talk = [
            x for x in text("wiki_meetings.txt").splitlines() if x and not x.startswith("#")
        ]

    def author(self, department: str) -> Person:
        """Pick a writer of a department."""
        return self.company.who(department, self.draw.below(3))

    def page(
        self, rule: Policy, name: str, kind: str, title: str, day: date, author: Person,
        fragment: str, more: Mapping[str, str | date] | None = None,
    ) -> Page:  # fmt: skip
        """Weave one page about a rule."""
        values: dict[str, str | date] = {
            "old": str(rule.old), "new": str(rule.new), "day": rule.changed, **(more or {}),
        }  # fmt: skip
        woven, passages = self.weaver.weave(fragment, self.draw, author, values)
        return Page(
            name=name,
            kind=kind,
            title=self.weaver.weave(title, self.draw, author, values)[0],
            author=author,
            day=min(day, self.company.now.date() - timedelta(days=1)),
            access=_ACCESS.get(rule.department),
            department=rule.department,
            text=woven,
            passages=passages,
        )

    def old_page(self, rule: Policy) -> Page:
        """Write the page that held before."""
        p, draw = self.prose[rule.id], self.draw
        day = rule.changed - timedelta(days=draw.between(150, 900))
        details = draw.sample(p.detail, draw.between(1, 3))
        passage = f"⟦{rule.id}|{draw.pick(p.old)}⟧"
        title = draw.pick(p.titles)
        form = draw.below(4)
        if form == 0:
            body = f"# {title}\n\n{passage}\n\n" + "\n".join(f"- {d}" for d in details)
        elif form == 1:
            asked = p.ask
            body = f"# {title}\n\n**{asked}** {passage}\n\n" + "\n\n".join(details)
        elif form == 2:
            body = f"# {title}\n\n" + " ".join([*details[:1], passage, *details[1:]])
        else:
            rows = "\n".join(f"| {d.split('.')[0].split(',')[0]} | see lead |" for d in details)
            body = (
                f"# {title}\n\n{passage}\n\n## Special cases\n\n| case | what to do |\n|---|---|\n"
                f"{rows}\n\n?60 Questions to <who:{rule.department}>."
            )
        kind = draw.pick(("page", "page", "memo"))
        return self.page(rule, f"{rule.id}", kind, title, day, self.author(rule.department), body)

    def new_page(self, rule: Policy) -> Page:
        """Write the page, mail or minutes that brought the change."""
        p, draw = self.prose[rule.id], self.draw
        passage = f"⟦{rule.id}|{draw.pick(p.new)}⟧"
        why = draw.pick(p.why)
        details = draw.sample(p.detail, draw.between(1, 2))
        title = draw.pick(p.titles)
        form = draw.weighted(("mail", "minutes", "page", "memo"), (3, 3, 2, 2))
        lead = draw.between(2, 25)
        if form == "mail":
            greeting = draw.pick(("Hello all,", "Dear colleagues,", "Hi,", "All -", "Morning!"))
            body = (
                f"Subject: {draw.pick((title, 'Change: ' + title, 'please read: ' + title))}\n"
                f"{greeting}\n\n{passage}\n\n{why}\n\n" + "\n".join(details)
            )
        elif form == "minutes":
            talk = draw.sample(self.small_talk, draw.between(3, 6))
            place = draw.below(len(talk))
            talk.insert(place, f"**decided:** {passage} {why}")
            body = (
                f"# {draw.pick(('Weekly', 'Jour fixe', 'Monday round', 'Sync', 'Notes'))} "
                f"{rule.department}\n\n"
                f"{draw.pick(('Present: most', 'There:', 'With'))} <who:{rule.department}>, "
                f"<who2:{rule.department}>\n\n" + "\n".join(f"- {line}" for line in talk)
            )
            title = f"{rule.department}, notes"
        elif form == "page":
            body = f"# {title} (new)\n\n{passage}\n\n## Why\n\n{why}\n\n## Also\n\n" + "\n".join(
                f"- {d}" for d in details
            )
        else:
            body = f"# {title}\n\n{why} Therefore:\n\n{passage}\n\n" + "\n\n".join(details)
        day = rule.changed - timedelta(days=lead)
        author = self.author(rule.department)
        name = f"{rule.id}-{draw.pick(('update', 'change', 'new', 'neu', 'v2', f'{day.year}'))}"
        return self.page(rule, name, form, title, day, author, body)

    def proposal(self, rule: Policy) -> Page:
        """Write minutes in which somebody wants a third value and nothing is decided."""
        draw = self.draw
        third = rule.old + rule.new - min(rule.old, rule.new) // 2
        if third in (rule.old, rule.new):
            third += 1
        talk = draw.sample(self.small_talk, draw.between(2, 4))
        subject = self.prose[rule.id].titles[0].lower()
        line = draw.pick(
            (
                "<who2:{d}> would like {n} {u} for {s}. no decision, comes back next time",
                "{s}: why not {n} {u}? discussed at length, left as it is",
                "idea from <who3:{d}>: {n} {u} ({s}). <who:{d}> wants numbers first",
            )
        ).format(d=rule.department, n=third, u=rule.unit, s=subject)
        talk.insert(draw.below(len(talk)), line)
        body = f"# Notes {rule.department}\n\n" + "\n".join(f"- {x}" for x in talk)
        day = rule.changed + timedelta(days=draw.between(20, 120))
        return self.page(rule, f"notes-{rule.id}", "minutes", f"Notes {rule.department}", day,
                         self.author(rule.department), body)  # fmt: skip

    def handbooks(self, rules: list[Policy]) -> Iterator[Page]:
        """Write long handbooks that repeat old rules; nobody updates a handbook."""
        staff = [r for r in rules if r.department in ("People", "Finance", "IT")]
        shop = [r for r in rules if r not in staff]
        for name, title, chosen, department in (
            ("employee-handbook", "Employee handbook", staff, "People"),
            ("shop-handbook", "How we run the shop", shop, "Operations"),
        ):
            day = min(r.changed for r in chosen) - timedelta(days=self.draw.between(20, 200))
            parts = [f"# {title}\n\nThis handbook is for everybody and is handed out on the "
                     "first day. It does not replace the law, nor common sense."]  # fmt: skip
            for number, rule in enumerate(self.draw.shuffled(chosen), start=1):
                p = self.prose[rule.id]
                old = self.draw.pick(p.old).replace("<old>", str(rule.old))
                details = self.draw.sample(p.detail, self.draw.between(1, 3))
                body = f"⟦{rule.id}|{old}⟧ " + " ".join(details)
                parts.append(f"## {number}. {self.draw.pick(p.titles)}\n\n{body}")
            parts.append("## Last\n\nIf something is missing, tell <who:People>.")
            # The board signs a handbook: its tone is formal whoever typed it.
            author = next(
                (p for p in self.company.people if p.department == department
                 and p.left is None and p.voice in ("formal", "plain")),
                self.company.who(department),
            )  # fmt: skip
            page = self.page(chosen[0], name, "handbook", title, day, author, "\n\n".join(parts))
            yield Page(**{**vars(page), "access": None, "department": department})


def policy_pages(world: World, weaver: Weaver) -> tuple[list[Page], list[dict[str, Any]]]:
    """Write all pages about rules, and the questions that they answer."""
    rules = _Rules(world, weaver)
    pages: list[Page] = []
    asked: list[dict[str, Any]] = []
    holds: dict[str, Page] = {}
    outdated: dict[str, list[Page]] = {}
    for rule in world.policies:
        old, new = rules.old_page(rule), rules.new_page(rule)
        pages += [old, new]
        holds[rule.id], outdated[rule.id] = new, [old]
    for rule in rules.draw.sample(list(world.policies), 6):
        page = rules.proposal(rule)
        pages.append(page)
        outdated[rule.id].append(page)
    for book in rules.handbooks(list(world.policies)):
        pages.append(book)
        for name in book.passages:
            outdated[name].append(book)
    for rule in world.policies:
        unit = rule.unit
        asked.append(
            {
                "question": rules.prose[rule.id].ask.replace("<top_tier>", world.company.tiers[-1]),
                "answer": f"{rule.new} {unit}",
                "mark": rule.id,
                "holds": holds[rule.id],
                "outdated": outdated[rule.id],
            }
        )
    return pages, asked
