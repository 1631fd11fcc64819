"""In which format and folder does each page lie, who may read it, and what does it answer?"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clew_acme.database import Made
from clew_acme.knowledge import yaml_text
from clew_acme.people import Person
from clew_acme.streams import Stream
from clew_acme.vocabulary import Vocabulary
from clew_acme.wiki.blocks import plain
from clew_acme.wiki.event_pages import event_pages
from clew_acme.wiki.form_docx import docx
from clew_acme.wiki.form_pdf import pdf
from clew_acme.wiki.form_text import mail, markdown, web
from clew_acme.wiki.general_pages import general_facts, general_pages
from clew_acme.wiki.policy_pages import policy_pages
from clew_acme.wiki.weave import Page, Weaver
from clew_acme.world import World

__all__ = ["write_wiki"]

_FORMS = {
    "page": (("md", "html", "pdf"), (5, 5, 1)),
    "memo": (("docx", "pdf", "md"), (4, 4, 1)),
    "minutes": (("docx", "md", "html"), (4, 4, 2)),
    "handbook": (("pdf",), (1,)),
    "mail": (("eml",), (1,)),
}


def write_wiki(world: World, words: Vocabulary, made: Made, folder: Path) -> list[dict[str, Any]]:
    """Write all documents and their index; gives the document questions for the key."""
    snapshots = [t for t in made.tables if made.like[t] != t]
    facts = general_facts(world, words, made.campaigns, snapshots)
    weaver = Weaver(world, words, facts)
    pages: list[Page] = []
    asked: list[dict[str, Any]] = []
    for more, questions in (
        policy_pages(world, weaver),
        event_pages(world, weaver, made.campaigns),
        general_pages(world, weaver),
    ):
        pages += more
        asked += questions
    paths = _Shelf(world, weaver, folder).put_all(pages)
    return [_entry(number, item, paths) for number, item in enumerate(asked, start=1)]


def _entry(number: int, item: Mapping[str, Any], paths: Mapping[int, str]) -> dict[str, Any]:
    holds: Page = item["holds"]
    old_mark = item.get("old_mark") or item["mark"]
    return {
        "id": f"d{number:02d}",
        "question": item["question"],
        "answer": item["answer"],
        "document": paths[id(holds)],
        "date": holds.day.isoformat(),
        "passage": plain(holds.passages[item["mark"]]),
        "access": holds.access,
        "outdated": [
            {
                "document": paths[id(page)],
                "date": page.day.isoformat(),
                "passage": plain(page.passages[old_mark]) if old_mark in page.passages else None,
                "why": "older" if page.day < holds.day else "proposed, never decided",
            }
            for page in item["outdated"]
        ],
    }


class _Shelf:
    def __init__(self, world: World, weaver: Weaver, folder: Path) -> None:
        self.weaver = weaver
        self.world, self.folder, self.company = world, folder, world.company
        self.draw = Stream(world.seed, "shelf")
        self.listed: dict[str, dict[str, Any]] = {}

    def put_all(self, pages: list[Page]) -> dict[int, str]:
        """Write the pages, by date, and the index of who may read what."""
        paths: dict[int, str] = {}
        for page in sorted(pages, key=lambda p: (p.day, p.name)):
            path = self._path(page)
            paths[id(page)] = f"wiki/{path}"
            target = self.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(self._bytes(page, path))
            entry: dict[str, Any] = {"title": page.title, "author": page.author.name,
                                     "date": page.day.isoformat()}  # fmt: skip
            if page.access:
                entry["access"] = [page.access]
            self.listed[path] = entry
        index = {
            "name": "wiki",
            "kind": "documents",
            "location": ".",
            "meaning": f"pages, handbooks, minutes and mails of {self.company.name}",
            "owner": self.company.who("IT").name,
            "licence": "CC0-1.0 (generated)",
            "documents": dict(sorted(self.listed.items())),
        }
        text = yaml_text(index).replace("location: .\n", 'location: "."\n')
        (self.folder / "source.yaml").write_text(text, encoding="utf-8")
        return paths

    def _path(self, page: Page) -> str:
        space = page.department.lower().replace(" ", "-")
        kinds, weights = _FORMS[page.kind]
        end = self.draw.weighted(kinds, weights)
        stem = "".join(c if c.isalnum() else "-" for c in page.title.lower() if c.isascii())
        stem = "-".join(x for x in stem.split("-") if x)[:44] or page.name
        if page.kind == "mail":
            path = f"mail/{page.day:%Y-%m}/{page.day:%d}-{stem}.eml"
        elif page.kind == "minutes":
            path = f"{space}/minutes/{page.day:%Y%m%d} {stem}.{end}"
        else:
            path = f"{space}/{stem}.{end}"
        while path in self.listed:
            head, _, tail = path.rpartition(".")
            path = f"{head}-{page.day:%y%m%d}.{tail}" if not head[-6:].isdigit() else (
                f"{head}b.{tail}"
            )  # fmt: skip
        return path

    def _bytes(self, page: Page, path: str) -> bytes:
        end = path.rpartition(".")[2]
        if end == "pdf":
            return pdf(page)
        if end == "docx":
            return docx(page)
        if end == "html":
            comments = self._lines("comments", 3) if self.draw.chance(0.45) else []
            return web(page, page.department, self.company.name, comments, self.draw).encode()
        if end == "eml":
            return mail(page, self._to(page), self.company.domain, self.draw).encode()
        hasty = page.author.voice in ("terse", "lowercase", "sloppy")
        stub = self._lines("stubs", 1) if hasty and self.draw.chance(0.3) else []
        return markdown(page, stub, self.draw).encode()

    def _lines(self, section: str, most: int) -> list[str]:
        lines = self.weaver.extra(section, self.draw, self.draw.between(1, most))
        author = self.company.who("IT")
        return [self.weaver.weave(line, self.draw, author, {})[0] for line in lines]

    def _to(self, page: Page) -> list[Person]:
        everyone = [p for p in self.company.people if p.left is None and p != page.author]
        team = [p for p in everyone if p.department == page.department][:3]
        heads = [p for p in everyone if p.job.startswith("Head")]
        if page.access is None:
            return self.draw.sample(heads, 4)
        return self.draw.sample(team or heads, 2)
