"""What has every handler of the panel in common: login, body, errors as JSON, work in threads."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar, cast

from jupyter_server.auth.identity import (
    IdentityProvider,
    LegacyIdentityProvider,
    PasswordIdentityProvider,
)
from jupyter_server.base.handlers import APIHandler
from tornado.web import HTTPError

from clew_core.errors import ClewError, UsageError
from clew_core.json_form import from_json
from clew_core.secrets import redact
from clew_notebook_ext.errors import TooLarge, http_status, kind_of
from clew_notebook_ext.service import Service

LONGEST_BODY = 4_000_000
"""Bytes of a body: a notebook of some thousand cells, without its outputs."""
OWNER = "local"
"""The user of `clew ask`, who is also the owner of a server with Jupyter's own token."""

# Their users are one person in several browsers: each browser gets a made-up name.
_ONE_PERSON = (IdentityProvider, PasswordIdentityProvider, LegacyIdentityProvider)
_SURROGATES = re.compile("[\ud800-\udfff]")
_KINDS = {403: "Forbidden", 404: "NotFound", 405: "UsageError", 400: "UsageError"}

T = TypeVar("T")
Json = dict[str, Any]


def only_one_person(identity_provider: object) -> bool:
    """Say whether all who log in are the owner of the server."""
    return type(identity_provider) in _ONE_PERSON


class ClewHandler(APIHandler):
    """A handler of the panel. Its verbs are decorated, each, with ``tornado.web.authenticated``."""

    auth_resource = "clew"

    @property
    def service(self) -> Service:
        """The one service of this server."""
        return cast(Service, self.settings["clew_service"])

    @property
    def user(self) -> str:
        """Name of the principal who asks."""
        if only_one_person(self.identity_provider):
            return OWNER
        return str(self.current_user.username)

    async def kernel_of(self, notebook: str | None) -> Json | None:
        """Find the connection to a notebook's kernel, where the user may run code in it."""
        may = self.authorizer.is_authorized(self, self.current_user, "execute", "kernels")
        if notebook is None or not may:
            return None
        wanted = notebook.lstrip("/")
        for session in await self.session_manager.list_sessions():  # type: ignore[no-untyped-call]
            # With real-time collaboration a path carries the name of its drive.
            if session["path"].removeprefix("RTC:") == wanted:
                kernel = self.kernel_manager.get_kernel(session["kernel"]["id"])
                return dict(kernel.get_connection_info())
        return None

    def body(self) -> Json:
        """Read the body as a JSON object; an empty one is an empty object.

        Raises:
            TooLarge: it is longer than what is read.
            UsageError: it is no JSON object.
        """
        raw = self.request.body
        if len(raw) > LONGEST_BODY:
            raise TooLarge(
                f"The request has {len(raw):,} bytes.",
                hint=f"At most {LONGEST_BODY:,} are read: send fewer cells.",
            )
        try:
            data = json.loads(raw.decode("utf-8")) if raw.strip() else {}
        except (ValueError, RecursionError) as error:
            raise UsageError("The body is no JSON.") from error
        if not isinstance(data, dict):
            raise UsageError("The body is no JSON object.")
        return cast(Json, _without_surrogates(data)) if b"\\u" in raw else data

    def fields(self, cls: type[T]) -> T:
        """Read the body into a frozen dataclass.

        Raises:
            UsageError: as ``body``; or a field is unknown, missing or of a wrong type.
        """
        return from_json(cls, self.body())

    def number(self, name: str, default: int) -> int:
        """Read a whole number out of the query.

        Raises:
            UsageError: it is none, or below zero.
        """
        text = self.get_query_argument(name, str(default))
        if not re.fullmatch(r"[0-9]{1,15}", text):
            raise UsageError(f"{name}: {text[:40]!r} is no whole number.")
        return int(text)

    async def apart(self, work: Callable[..., T], *args: Any, **named: Any) -> T:
        """Do work in a thread, beside the event loop."""
        return await self.service.apart(work, *args, **named)

    async def answer(self, work: Callable[..., Any], *args: Any, **named: Any) -> None:
        """Do work in a thread and send what it gives as JSON."""
        self.finish(await self.apart(_as_text, work, *args, **named))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Send an error as one object."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, ClewError):
            status_code = http_status(error)
            said: Json = {"kind": kind_of(error), "reason": error.message, "hint": error.hint}
            if (run := getattr(error, "run", None)) is not None:
                said["run"] = run
        elif isinstance(error, HTTPError):
            kind = _KINDS.get(status_code, "UsageError" if status_code < 500 else "Unforeseen")
            reason = error.log_message or self._reason
            said = {"kind": kind, "reason": reason.replace("%%", "%"), "hint": ""}
        else:
            reason = "An error inside Clew. Jupyter's log has more."
            said = {"kind": "Unforeseen", "reason": reason, "hint": ""}
        self.set_status(status_code)
        self.finish({"status": "failed", **{k: redact(str(v)) for k, v in said.items()}})

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Log what nobody foresaw; the others are told to the user."""
        if not isinstance(value, ClewError):
            super().log_exception(typ, value, tb)


def _as_text(work: Callable[..., Any], *args: Any, **named: Any) -> str:
    return json.dumps(work(*args, **named), ensure_ascii=False, default=str)


def _without_surrogates(value: Any) -> Any:
    """Replace halves of characters, which no file and no database takes."""
    if isinstance(value, str):
        return _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_surrogates(k): _without_surrogates(v) for k, v in value.items()}
    return value
