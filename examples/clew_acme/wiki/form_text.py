"""How is a page written as Markdown, as HTML, and as a mail?"""

import base64
import html
from datetime import date

from clew_acme.people import Person
from clew_acme.streams import Stream
from clew_acme.wiki.blocks import Block, parse, spans
from clew_acme.wiki.weave import Page, long_date

__all__ = ["mail", "markdown", "web"]


def _status(page: Page) -> str:
    return "draft" if "draft" in page.title.lower() else "approved"


def markdown(page: Page, stub: list[str], draw: Stream) -> str:
    """Write a page as Markdown, with the heading lines its author is used to."""
    head = {
        "formal": f"---\ntitle: {page.title.replace(':', ' -')}\nauthor: {page.author.name}\n"
        f"date: {page.day.isoformat()}\nstatus: {_status(page)}\n---\n\n",
        "plain": f"---\nauthor: {page.author.name}\nupdated: {page.day.isoformat()}\n---\n\n",
        "chatty": "",
        "terse": f"<!-- {page.author.handle} {page.day.isoformat()} -->\n",
        "sloppy": "",
        "lowercase": "",
    }[page.author.voice]
    foot = {
        "chatty": f"\n\n*Questions? Just ask me. {page.author.first}, {long_date(page.day)}*\n",
        "sloppy": f"\n\n-- {page.author.first} {page.day.day}.{page.day.month}.{page.day.year}\n",
        "lowercase": f"\n\n({page.author.handle}, {page.day.isoformat()})\n",
    }.get(page.author.voice, "\n")
    body = page.text.strip()
    title = "" if body.startswith("# ") or head.startswith("---\ntitle") else f"# {page.title}\n\n"
    if page.author.voice in ("lowercase", "terse") and draw.chance(0.5):
        body = body.replace("\n- ", "\n* ")
    body += "".join(f"\n\n{line}" for line in stub)
    return head + title + body + foot


def _inline(text: str) -> str:
    tags = {"bold": "strong", "italic": "em", "code": "code"}
    return "".join(
        html.escape(part)
        if kind == "plain"
        else f"<{tags[kind]}>{html.escape(part)}</{tags[kind]}>"
        for kind, part in spans(text)
    )


def _html_block(block: Block) -> str:
    if block.kind == "heading":
        return f"<h{block.level}>{_inline(block.text)}</h{block.level}>"
    if block.kind == "table":
        rows = []
        for number, row in enumerate(block.rows):
            tag = "th" if number == 0 and block.level else "td"
            rows.append("<tr>" + "".join(f"<{tag}>{_inline(c)}</{tag}>" for c in row) + "</tr>")
        return '<table class="wrapped">\n' + "\n".join(rows) + "\n</table>"
    if block.kind == "quote":
        return f"<blockquote>{_inline(block.text)}</blockquote>"
    return f"<p>{_inline(block.text)}</p>".replace("\n", "<br/>\n")


def _counted(count: int) -> str:
    return f"{count} comment{'s' if count > 1 else ''}"


def web(page: Page, space: str, company: str, comments: list[str], draw: Stream) -> str:
    """Write a page as the wiki's HTML export."""
    parts: list[str] = []
    opened = ""
    for block in parse(page.text):
        wanted = {"bullet": "ul", "number": "ol"}.get(block.kind, "")
        if wanted != opened:
            parts += [f"</{opened}>"] if opened else []
            parts += [f"<{wanted}>"] if wanted else []
            opened = wanted
        parts.append(f"<li>{_inline(block.text)}</li>" if wanted else _html_block(block))
    parts += [f"</{opened}>"] if opened else []
    if comments:
        said = "".join(f"<li>{html.escape(line)}</li>\n" for line in comments)
        parts.append(f'<h4>{_counted(len(comments))}</h4>\n<ul class="comments">\n{said}</ul>')
    labels = ""
    if draw.chance(0.4):
        tags = draw.sample(("how-to", "policy", "old", "team", "draft", "faq", "keep"), 2)
        labels = f'<div class="labels">{" ".join(tags)}</div>\n'
    views = draw.between(3, 900)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8"/>\n'
        f"<title>{html.escape(page.title)} : {html.escape(space)}</title>\n"
        f'<meta name="author" content="{html.escape(page.author.name)}"/>\n'
        f'<meta name="last-modified" content="{page.day.isoformat()}"/>\n'
        "<style>body{font-family:sans-serif;max-width:52em}table.wrapped{border-collapse:collapse}"
        "td,th{border:1px solid #bbb;padding:2px 6px}</style>\n</head>\n<body>\n"
        f'<div id="breadcrumbs"><a href="../index.html">{html.escape(company)}</a> &gt; '
        f"{html.escape(space)}</div>\n"
        + labels
        + "\n".join(parts)
        + f'\n<div class="page-metadata">Last changed by {html.escape(page.author.name)}, '
        f"{long_date(page.day)} &middot; {views} views</div>\n</body>\n</html>\n"
    )


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def _header(text: str) -> str:
    if text.isascii():
        return text
    return f"=?utf-8?b?{base64.b64encode(text.encode()).decode()}?="


def _address(person: Person) -> str:
    return f"{_header(person.name)} <{person.email}>"


def _sent(day: date, draw: Stream) -> str:
    return (
        f"{_DAYS[day.weekday()]}, {day.day:02d} {_MONTHS[day.month - 1]} {day.year} "
        f"{draw.between(7, 18):02d}:{draw.between(0, 59):02d}:{draw.between(0, 59):02d} +0100"
    )


def mail(page: Page, to: list[Person], domain: str, draw: Stream) -> str:
    """Write a page as a mail with headers; the subject stands in its first line."""
    first, _, body = page.text.strip().partition("\n")
    subject = first.removeprefix("Subject:").strip()
    name = page.author.name
    sign = {
        "formal": f"\n\nKind regards\n{name}\n{page.author.job}",
        "plain": f"\n\nBest\n{page.author.first}",
        "chatty": f"\n\nCheers and have a good one,\n{page.author.first} :)",
        "terse": f"\n\n{page.author.first[0]}.",
        "sloppy": f"\n\nthx {page.author.first.lower()}\n\nSent from my phone, sorry for typos",
        "lowercase": f"\n\n{page.author.first.lower()}",
    }[page.author.voice]
    number = draw.between(10**8, 10**9)
    headers = [
        f"From: {_address(page.author)}",
        f"To: {', '.join(_address(p) for p in to)}",
        f"Date: {_sent(page.day, draw)}",
        f"Message-ID: <{page.day:%Y%m%d}.{number}@{domain}>",
        f"Subject: {_header(subject)}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
    ]
    return "\n".join(headers) + "\n\n" + body.strip() + sign + "\n"
