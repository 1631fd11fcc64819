"""Who works at the company: names, departments, managers, and how each of them writes?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from clew_acme.streams import Stream
from clew_acme.words import load

__all__ = ["Person", "Voice", "ascii_name", "hire"]

Voice = Literal["plain", "terse", "chatty", "formal", "sloppy", "lowercase"]

_JOBS: dict[str, tuple[str, ...]] = {
    "Board": ("Managing director", "CFO"),
    "Finance": ("Head of finance", "Controller", "Accountant", "Accountant", "Payroll clerk"),
    "Data": ("Head of data", "Analytics engineer", "Data analyst", "Data analyst", "Statistician"),
    "Marketing": ("Head of marketing", "Campaign manager", "CRM manager", "Content editor"),
    "Buying": ("Head of buying", "Buyer", "Buyer", "Buyer", "Planner"),
    "Operations": ("Head of operations", "Logistics manager", "Shift lead", "Shift lead", "Picker"),
    "Customer Service": ("Head of service", "Team lead", "Agent", "Agent", "Agent", "Agent"),
    "IT": ("Head of IT", "Site reliability engineer", "Backend developer", "Backend developer"),
    "People": ("Head of people", "People partner"),
    "Legal": ("Counsel",),
}
_EXTRA = {"Operations": 22, "Customer Service": 24, "IT": 8, "Marketing": 4, "Buying": 3}
_PAY = {"Head": 92, "Managing": 168, "CFO": 150, "Picker": 29, "Agent": 31, "Shift": 38}


@dataclass(frozen=True, kw_only=True)
class Person:
    """One row of the employees table, and a voice for what the person writes."""

    number: int
    name: str
    email: str
    department: str
    job: str
    manager: int | None
    site: str
    hired: date
    left: date | None
    salary: int
    voice: Voice

    @property
    def first(self) -> str:
        """The given name."""
        return self.name.split()[0]

    @property
    def handle(self) -> str:
        """The short sign that colleagues use for the person."""
        return self.email.split("@")[0].replace(".", "")[:6]


_FOLD = str.maketrans(
    "ąćčďéěęëèêíïłńňñóöøôőřśšťúůüűýźżžåäàáâãāčçėģīķļņūõæß",
    "accdeeeeeeiilnnnooooorsstuuuuyzzzaaaaaaaccegiklnuoas",
)


def ascii_name(name: str) -> str:
    """Fold a name into letters that fit an e-mail address."""
    low = name.lower().translate(_FOLD)
    return "".join(c for c in low if c.isascii() and (c.isalnum() or c == "."))


def hire(
    draw: Stream, family: str, domain: str, sites: Sequence[str], start: date, days: int
) -> tuple[Person, ...]:
    """Draw all employees; heads of department come first in each."""
    lists = load("people.yaml")
    home, *others = [family, *draw.sample(sorted(k for k in lists if k != "streets"), 3)]
    voices: tuple[Voice, ...] = ("plain", "terse", "chatty", "formal", "sloppy", "lowercase")
    taken: set[str] = set()
    people: list[Person] = []
    heads: dict[str, int] = {}
    for department, jobs in _JOBS.items():
        plan = [*jobs, *[jobs[-1]] * _EXTRA.get(department, 0)]
        for rank, job in enumerate(plan):
            while True:
                group = lists[home if draw.chance(0.7) else draw.pick(others)]
                name = f"{draw.pick(group['given'])} {draw.pick(group['family'])}"
                # One surname or given name, one writer: notes refer to people by first name.
                given, surname = name.split(" ", 1)
                clash = given in taken if rank < 3 else name in taken
                if not clash:
                    break
                home, others = (home, others) if draw.chance(0.9) else (home, others[::-1])
                if len(taken) > 40 and draw.chance(0.3) and name not in taken:
                    break
            taken |= {name, given}
            number = 1000 + len(people) * 3 + draw.below(3)
            hired = start - timedelta(days=draw.between(30, 3600))
            left = None
            if rank >= 3 and draw.chance(0.25):
                left = start + timedelta(days=draw.between(40, days - 5))
            if rank >= 4 and draw.chance(0.3):
                hired = start + timedelta(days=draw.between(0, days - 120))
                left = None
            pay = next((v for k, v in _PAY.items() if job.startswith(k)), 46)
            heads.setdefault(department, number)
            manager: int | None = heads[department]
            if rank == 0:
                manager = None if department == "Board" else heads["Board"]
            people.append(
                Person(
                    number=number,
                    name=name,
                    email=f"{ascii_name(given)}.{ascii_name(surname)}@{domain}",
                    department=department,
                    job=job,
                    manager=manager,
                    site=sites[1 + draw.below(len(sites) - 1)]
                    if department == "Operations"
                    else sites[0],
                    hired=hired,
                    left=left,
                    salary=pay * 1000 + draw.between(-30, 60) * 100,
                    voice=draw.pick(voices),
                )
            )
    return tuple(people)
