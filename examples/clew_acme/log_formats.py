"""How does each service write a line?"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

__all__ = ["FORMATS", "Line"]

_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


@dataclass(frozen=True)
class Line:
    """One event; a trace is an error's text with the file and function it came from."""

    level: str
    message: str
    request: str
    facts: Mapping[str, Any]
    trace: tuple[str, str, str] | None = None


def _combined(at: datetime, line: Line) -> str:
    f = line.facts
    stamp = f"{at.day:02d}/{_MONTHS[at.month - 1]}/{at.year}:{at:%H:%M:%S} +0000"
    return (
        f'{f["ip"]} - - [{stamp}] "{f["method"]} {f["path"]} HTTP/1.1" {f["status"]} '
        f'{f["ms"] * 37} "-" "{f["agent"]}" rid={line.request} rt={f["ms"] / 1000:.3f}'
    )


def _tabbed(at: datetime, line: Line) -> str:
    f = line.facts
    return "\t".join(
        (f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z", line.request, str(f["status"]),
         f["method"], f["path"], f"{f['ms']}ms", f["ip"], f["agent"])
    )  # fmt: skip


def _proxy(at: datetime, line: Line) -> str:
    f = line.facts
    stamp = f"{at.day:02d}/{_MONTHS[at.month - 1]}/{at.year}:{at:%H:%M:%S}"
    stamp += f".{at.microsecond // 1000:03d}"
    return (
        f"haproxy[811]: {f['ip']}:4{f['ms']:04d} [{stamp}] shop~ web/web{f['ms'] % 3 + 1} "
        f"0/0/1/{f['ms']}/{f['ms'] + 1} {f['status']} - - ---- {{{f['agent']}|{line.request}}} "
        f'"{f["method"]} {f["path"]} HTTP/2.0"'
    )


def _json(at: datetime, line: Line) -> str:
    body = {
        "ts": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z",
        "level": line.level.lower(),
        "msg": line.message,
        "request_id": line.request,
        **line.facts,
    }
    return json.dumps(body, ensure_ascii=False)


def _logfmt(at: datetime, line: Line) -> str:
    facts = " ".join(f'{k}="{v}"' if " " in str(v) else f"{k}={v}" for k, v in line.facts.items())
    return (
        f"time={at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z level={line.level.lower()} "
        f'msg="{line.message}" rid={line.request} {facts}'
    )


def _bracketed(at: datetime, line: Line) -> str:
    facts = ", ".join(f"{k}: {v}" for k, v in line.facts.items())
    return (
        f"[{at.day:02d}.{at.month:02d}.{at.year} {at:%H:%M:%S}] [{line.level}] "
        f"[{line.request}] {line.message} ({facts})"
    )


def _python(at: datetime, line: Line) -> str:
    facts = " ".join(f"{k}={v!r}" for k, v in line.facts.items())
    text = (
        f"{at:%Y-%m-%d %H:%M:%S},{at.microsecond // 1000:03d} {line.level:<7} "
        f"fulfil.worker [{line.request}] {line.message} {facts}"
    )
    if line.trace:
        error, file, function = line.trace
        text += (
            "\nTraceback (most recent call last):\n"
            f'  File "/srv/fulfil/worker.py", line 88, in run\n    {function}(job)\n'
            f'  File "/srv/fulfil/{file}", line 131, in {function}\n    raise {error.split(":")[0]}'
            f"\n{error}"
        )
    return text


def _syslog(at: datetime, line: Line) -> str:
    number = {"INFO": 134, "WARN": 132, "ERROR": 131}[line.level]
    facts = " ".join(f'{k}="{v}"' for k, v in line.facts.items())
    text = (
        f"<{number}>1 {at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z wms01 fulfilment 2207 "
        f'- [req id="{line.request}" {facts}] {line.message}'
    )
    return (
        f"{text} | {line.trace[0]} at {line.trace[2]} ({line.trace[1]}:131)" if line.trace else text
    )


def _java(at: datetime, line: Line) -> str:
    facts = ", ".join(f"{k}={v}" for k, v in line.facts.items())
    text = (
        f"{at:%Y/%m/%d %H:%M:%S}.{at.microsecond // 1000:03d} {line.level} [pool-3-thread-"
        f"{at.second % 8 + 1}] c.s.f.Reservation - {line.message} [{facts}] rid:{line.request}"
    )
    if line.trace:
        error, file, function = line.trace
        text += (
            f"\nc.s.f.{error}\n\tat c.s.f.{file.split('.')[0]}.{function}(Labels.java:131)"
            "\n\tat c.s.f.Worker.run(Worker.java:88)"
        )
    return text


_Write = Callable[[datetime, Line], str]
FORMATS: dict[str, tuple[tuple[str, _Write], ...]] = {
    "gateway": (("combined", _combined), ("tab separated", _tabbed), ("haproxy", _proxy)),
    "checkout": (("json lines", _json), ("logfmt", _logfmt), ("bracketed", _bracketed)),
    "fulfilment": (("python logging", _python), ("syslog", _syslog), ("log4j", _java)),
}
"""Each service's possible formats; the seed picks."""
