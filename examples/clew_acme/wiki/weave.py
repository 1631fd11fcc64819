"""How does a prose fragment become what one person wrote on one day?

`[[a||b]]` picks a wording, a line that begins with `?60 ` stays in 60 of 100 cases, `<fact>` is
filled in, `<who2:IT>` names the second person of a department, `%term%` is the company's word for
something, `{table.column}` a real column. `⟦id|passage⟧` marks what answers a question; the marks
are taken out and the passage is kept as it was written. Voices differ: some people write less than
others, some can't type.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache

from clew_acme.company import MONTHS
from clew_acme.people import Person, Voice
from clew_acme.streams import Stream
from clew_acme.vocabulary import Vocabulary
from clew_acme.words import text
from clew_acme.world import World

__all__ = ["Page", "Weaver", "extras", "long_date", "working_day"]


@dataclass(frozen=True, kw_only=True)
class Page:
    """One document before it gets a format; `text` is plain Markdown."""

    name: str
    kind: str
    title: str
    author: Person
    day: date
    access: str | None
    department: str
    text: str
    passages: Mapping[str, str] = field(default_factory=dict)


def long_date(day: date) -> str:
    """Write a date in words, the same in every locale."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def working_day(day: date, draw: Stream) -> date:
    """Move most weekends to the Friday before; some people write on Sundays."""
    late = day.weekday() - 4
    return day - timedelta(days=late) if late > 0 and draw.chance(0.93) else day


def voiced_date(day: date, voice: Voice) -> str:
    """Write a date as the person would."""
    if voice == "sloppy":
        return f"{day.day}/{day.month}/{day.year % 100:02d}"
    if voice in ("terse", "lowercase"):
        return day.isoformat()
    if voice == "chatty":
        return f"{MONTHS[day.month - 1]} {day.day}, {day.year}"
    return long_date(day)


_SENTENCE = re.compile(r"(^(?:[-*] |\d\. )?(?:⟦\w+\|)?|[.!?]⟧? (?:⟦\w+\|)?)([A-Z][\w']*)")
_TOKEN = re.compile(r"(`[^`]*`|⟦\w+\||\b[a-z]{5,12}\b)")


class Weaver:
    """Fill fragments for one world."""

    def __init__(self, world: World, words: Vocabulary, facts: Mapping[str, str]) -> None:
        """Take what fragments may mention."""
        self.world, self.words, self.facts = world, words, facts
        c = world.company
        named = [p.name for p in c.people]
        named += [r.name for r in c.regions] + [x.name for x in c.categories]
        named += [s.name for s in c.suppliers] + [x.name for x in c.carriers]
        named += [h.name for h in c.warehouses]
        named += [*MONTHS, *c.browsers, *c.teams, *c.countries(), c.name, "A", "Black", "Skonto"]
        self.proper = frozenset(word for name in named for word in re.findall(r"\w+", name))

    def extra(self, section: str, draw: Stream, count: int) -> list[str]:
        """Draw lines of a section of extras."""
        return draw.sample(extras().get(section, []), count)

    def weave(
        self, fragment: str, draw: Stream, author: Person, more: Mapping[str, str | date]
    ) -> tuple[str, dict[str, str]]:
        """Fill a fragment in the author's voice; gives the text and the marked passages."""
        lines = []
        for line in fragment.splitlines():
            kept = re.match(r"\?(\d\d) (.*)", line)
            if kept:
                chance = int(kept[1]) / 100 * (0.5 if author.voice == "terse" else 1.0)
                if not draw.chance(chance):
                    continue
                line = kept[2]
            lines.append(line)
        woven = "\n".join(lines)
        woven = re.sub(r"\[\[(.*?)\]\]", lambda m: draw.pick(m[1].split("||")), woven, flags=re.S)
        woven = re.sub(r"<ticket\d>", lambda _: _ticket(draw), woven)
        woven = re.sub(r"<funny>", lambda _: str(draw.between(40, 400)), woven)
        woven = self._fill(woven, author, more)
        woven = _speak(woven, author.voice, draw, self.proper)
        passages = dict(re.findall(r"⟦(\w+)\|(.*?)⟧", woven, flags=re.S))
        return re.sub(r"⟦\w+\||⟧", "", woven), passages

    def _fill(self, text: str, author: Person, more: Mapping[str, str | date]) -> str:
        for key, value in more.items():
            shown = voiced_date(value, author.voice) if isinstance(value, date) else value
            text = text.replace(f"<{key}>", shown)
        for key, fact in self.facts.items():
            text = text.replace(f"<{key}>", fact)
        text = re.sub(r"<who(\d?):([\w ]+)>", self._person(author), text)
        text = re.sub(r"%(\w+)%", lambda m: self._word(m[1]), text)
        return self.world.names.sql(text)

    def _person(self, author: Person) -> "_Namer":
        return _Namer(self.world, author)

    def _word(self, key: str) -> str:
        known = key in self.words.metrics or key in self.words.terms
        return self.words.word(key) if known else f"%{key}%"


def _ticket(draw: Stream) -> str:
    return f"{draw.pick(('OPS', 'REQ', 'HELP', 'INT'))}-{draw.between(312, 4890)}"


@cache
def extras() -> dict[str, list[str]]:
    """Read the lines that lengthen pages, by section."""
    out: dict[str, list[str]] = {}
    current: list[str] = []
    for line in text("wiki_extras.txt").splitlines():
        if line.startswith("== "):
            current = out.setdefault(line[3:], [])
        elif line and not line.startswith("# "):
            current.append(line)
    return out


class _Namer:
    """Name colleagues by first name, never the author herself."""

    def __init__(self, world: World, author: Person) -> None:
        self.world, self.author = world, author

    def __call__(self, match: re.Match[str]) -> str:
        rank = int(match[1] or 1) - 1
        people = self.world.company.people
        team = [
            p for p in people
            if p.department == match[2] and p.left is None and p.number != self.author.number
        ]  # fmt: skip
        who = team[rank % len(team)] if team else self.author
        twins = [p for p in self.world.company.people if p.first == who.first and p.left is None]
        return who.name if len(twins) > 1 else who.first


def _speak(text: str, voice: Voice, draw: Stream, proper: frozenset[str]) -> str:
    lines = []
    often = 1.0 if voice == "lowercase" else 0.3
    for line in text.splitlines():
        plain = not line.startswith(("|", "#", "Subject:", ">")) and line.strip()
        if plain and voice in ("lowercase", "sloppy"):
            line = _SENTENCE.sub(lambda m: _lowered(m, proper, draw.chance(often)), line)
            line = re.sub(r"\bI('|\b)", r"i\1", line) if voice == "lowercase" else line
        if plain and voice == "sloppy":
            line = _TOKEN.sub(lambda m: _slip(m[0], draw), line)
        if plain and voice == "terse":
            line = line.replace("Please ", "").replace("We have to ", "Must ")
        if plain and voice == "formal":
            line = line.replace("don't", "do not").replace("can't", "cannot")
            line = line.replace("isn't", "is not").replace("Don't", "Do not")
        lines.append(line)
    return "\n".join(lines)


def _lowered(match: re.Match[str], proper: frozenset[str], wanted: bool) -> str:
    word = match[2]
    shouted = len(word) > 1 and word.isupper()
    return match[1] + (word if not wanted or shouted or word in proper else word.lower())


def _slip(token: str, draw: Stream) -> str:
    if not token[0].isalpha() or not draw.chance(0.028):
        return token
    spot = draw.between(1, len(token) - 3)
    return draw.pick(
        (
            token[:spot] + token[spot + 1] + token[spot] + token[spot + 2 :],
            token[:spot] + token[spot + 1 :],
        )
    )
