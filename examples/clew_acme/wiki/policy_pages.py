"""Who wrote down the company's rules, in the old and in the new version, and in which form?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from clew_acme.people import Person
from clew_acme.policies import Policy
from clew_acme.streams import Stream
from clew_acme.wiki.weave import Page, Weaver, extras, working_day
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


_DOUBTS = ("And otherwise?", "Exceptions?", "What about the rest?", "But?", "Anything else?")
_LONGER = ("In long", "Background", "How we got there", "Details", "What people ask")
_DECIDED = ("decided:", "Decision:", "agreed -", "->", "OK from all:")
_WHO = ("all", "", "", "<who:IT>", "<who2:Operations>", "tbd")


class _Rules:
    """Write the pages of all rules of one world."""

    def __init__(self, world: World, weaver: Weaver) -> None:
        self.world, self.weaver, self.company = world, weaver, world.company
        self.draw = Stream(world.seed, "policy pages")
        self.prose = _prose()
        self.unsaid: dict[str, list[str]] = {}
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
            "old": str(rule.old), "new": str(rule.new), "day": rule.changed,
            "direction": "later" if rule.new > rule.old else "earlier", **(more or {}),
        }  # fmt: skip
        woven, passages = self.weaver.weave(fragment, self.draw, author, values)
        return Page(
            name=name,
            kind=kind,
            title=self.weaver.weave(title, self.draw, author, values)[0],
            author=author,
            day=working_day(min(day, self.company.now.date() - timedelta(days=1)), self.draw),
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
        context = self.weaver.extra(f"context {rule.department}", draw, draw.between(1, 3))
        passage = f"⟦{rule.id}|{draw.pick(p.old)}⟧"
        title = draw.pick(p.titles)
        form = draw.below(5)
        if form == 0:
            body = (
                f"# {title}\n\n{context[0]}\n\n{passage}\n\n"
                + "\n".join(f"- {d}" for d in details)
                + "\n\n"
                + "\n\n".join(context[1:])
            )
        elif form == 1:
            more = [f"**{draw.pick(_DOUBTS)}** {d}" for d in details]
            body = f"# {title}\n\n**{p.ask}** {passage}\n\n" + "\n\n".join([*more, *context])
        elif form == 2:
            body = f"# {title}\n\n" + " ".join([*details[:1], passage, *details[1:], *context])
        elif form == 3:
            body = (
                f"# {title}\n\n## In short\n\n{passage}\n\n## {draw.pick(_LONGER)}\n\n"
                + "\n\n".join([*context, *details])
                + f"\n\n?60 Questions to <who:{rule.department}>."
            )
        else:
            body = (
                f"# {title}\n\n| | |\n|---|---|\n| owner | <who:{rule.department}> |\n"
                f"| valid for | {draw.pick(('everybody', 'all sites', 'all regions'))} |\n"
                f"| ticket | <ticket1> |\n\n{passage} {context[0]}\n\n"
                + "\n".join(f"{n}. {d}" for n, d in enumerate([*details, *context[1:]], start=1))
            )
        kind = draw.pick(("page", "page", "memo"))
        return self.page(rule, f"{rule.id}", kind, title, day, self.author(rule.department), body)

    def new_page(self, rule: Policy) -> Page:
        """Write the page, mail or minutes that brought the change."""
        p, draw = self.prose[rule.id], self.draw
        passage = f"⟦{rule.id}|{draw.pick(p.new)}⟧"
        way = "^up " if rule.new > rule.old else "^down "
        whys = [w.removeprefix(way) for w in p.why if not w.startswith("^") or w.startswith(way)]
        why = draw.pick(whys)
        details = draw.sample(p.detail, draw.between(1, 2))
        context = self.weaver.extra(f"context {rule.department}", draw, draw.between(1, 2))
        title = draw.pick(p.titles)
        form = draw.weighted(("mail", "minutes", "page", "memo"), (3, 3, 2, 2))
        if form == "mail":
            body = self._announcement(rule, title, passage, why, [*details, *context[1:]])
        elif form == "minutes":
            body = self._minutes(rule, f"**{draw.pick(_DECIDED)}** {passage} {why}")
            title = f"{rule.department}, notes"
        elif form == "page":
            body = (
                f"# {title}{draw.pick((' (new)', '', f' {rule.changed.year}'))}\n\n{passage}\n\n"
                f"## {draw.pick(('Why', 'Reason', 'Why the change'))}\n\n{why}\n\n"
                f"## {draw.pick(('Also', 'Details', 'What stays'))}\n\n"
                + "\n".join(f"- {d}" for d in details)
                + "\n\n"
                + "\n\n".join(context)
            )
        else:
            body = f"# {title}\n\n{why} Therefore:\n\n{passage}\n\n" + "\n\n".join(
                [*details, *context]
            )
        day = rule.changed - timedelta(days=draw.between(2, 25))
        author = self.author(rule.department)
        name = f"{rule.id}-{draw.pick(('update', 'change', 'new', 'neu', 'v2', f'{day.year}'))}"
        return self.page(rule, name, form, title, day, author, body)

    def _announcement(
        self, rule: Policy, title: str, passage: str, why: str, details: list[str]
    ) -> str:
        draw = self.draw
        greeting = draw.pick(("Hello all,", "Dear colleagues,", "Hi,", "All -", "Morning!"))
        order = draw.pick(((0, 1), (1, 0)))
        parts = [(passage, why)[i] for i in order]
        letter = [greeting, *parts, *details]
        way = draw.below(4)
        if way == 0:
            quoted = "\n".join(f"> {line}" for line in letter if line)
            opening = draw.pick(
                ("fyi, this is for your teams too.", "Please see below and tell your people.",
                 "for those who were not on the list:", "I'm told not everybody got this.")
            )  # fmt: skip
            return f"Subject: Fwd: {title}\n{opening}\n\n{quoted}"
        if way == 1:
            question = draw.pick(
                ("what is the rule now? I find two", "customers ask. old page or new mail?",
                 "is this still the case??", "which one holds?")
            )  # fmt: skip
            return f"Subject: Re: {title}\n> {question}\n\n{parts[0]}\n\n{parts[1]}"
        subject = draw.pick((title, f"Change: {title}", f"please read: {title}"))
        return f"Subject: {subject}\n" + "\n\n".join(letter)

    def _said(self, department: str, count: int) -> list[str]:
        """Take lines of small talk; none comes back before all were said."""
        everything = extras()[f"talk {department}"] if department else self.small_talk
        out: list[str] = []
        while len(out) < count:
            waiting = self.unsaid.setdefault(department, [])
            if not waiting:
                waiting += self.draw.shuffled(everything)
            line = waiting.pop()
            out += [line] if line not in out else []
        return out

    def _minutes(self, rule: Policy, decision: str) -> str:
        draw, d = self.draw, rule.department
        talk = self._said("", draw.between(1, 3)) + self._said(d, draw.between(2, 4))
        talk = draw.shuffled(talk)
        talk.insert(draw.below(len(talk) + 1), decision)
        round_ = draw.pick(("Weekly", "Jour fixe", "Monday round", "Sync", "Notes", "Short round"))
        here = draw.pick(("Present:", "There:", "With", "In the room:"))
        late = draw.pick(("", "", ", <who3:IT> for the first half", " (<who3:Data> by phone)"))
        head = f"# {round_} {d}\n\n{here} <who:{d}>, <who2:{d}>{late}\n\n"
        way = draw.below(3)
        if way == 0:
            return head + "\n".join(f"- {line}" for line in talk)
        if way == 1:
            return (
                head
                + "\n".join(f"{n}. {line}" for n, line in enumerate(talk, start=1))
                + ("\n\nNext: same time, same room")
            )
        rows = "\n".join(f"| {line} | {draw.pick(_WHO)} |" for line in talk)
        return f"{head}| point | who |\n|---|---|\n{rows}"

    def proposal(self, rule: Policy) -> Page:
        """Write minutes in which somebody wants a third value and nothing is decided."""
        draw = self.draw
        subject = self.prose[rule.id].titles[0].lower()
        line = draw.pick(
            (
                "<who2:{d}> would like {n} {u} for {s}. no decision, comes back next time",
                "{s}: why not {n} {u}? discussed at length, left as it is",
                "idea from <who3:{d}>: {n} {u} ({s}). <who:{d}> wants numbers first",
            )
        ).format(d=rule.department, n=rule.proposed, u=rule.unit, s=subject)
        body = self._minutes(rule, line)
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
            chapters = [c.split("|") for c in extras()[f"handbook {department}"]]
            for heading, *paragraphs in chapters:
                parts.append(f"## {heading}\n\n" + "\n\n".join(paragraphs))
            parts.append("# Rules, one by one")
            for number, rule in enumerate(self.draw.shuffled(chosen), start=1):
                p = self.prose[rule.id]
                old = self.draw.pick(p.old).replace("<old>", str(rule.old))
                details = self.draw.sample(p.detail, self.draw.between(1, 3))
                body = f"⟦{rule.id}|{old}⟧ " + " ".join(details)
                parts.append(f"## {number}. {self.draw.pick(p.titles)}\n\n{body}")
            parts.append("## Last\n\nIf something is missing, tell <who:People>.")
            # A handbook goes through several hands and comes out in nobody's voice.
            author = replace(self.company.who(department), voice="plain")
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
