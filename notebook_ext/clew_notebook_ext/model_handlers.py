"""Does the model that the settings name answer? Asked when somebody presses the button."""

from __future__ import annotations

import time
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from clew.sanitise import one_line
from clew_core.errors import ClewError
from clew_core.secrets import redact
from clew_notebook_ext.handler import ClewHandler
from clew_notebook_ext.service import Service

WAIT_S = 5.0
MOST_NAMES = 20


class ModelTestHandler(ClewHandler):
    """`POST model/test`."""

    @authenticated
    @authorized
    async def post(self) -> None:
        """Ask the endpoint of the settings which models it has; no other is ever asked."""
        await self.answer(_test, self.service)


def _test(service: Service) -> dict[str, Any]:
    named = service.settings().model
    told: dict[str, Any] = {"model": redact(named), "state": "builtin", "seconds": 0.0}
    if named == "builtin":
        return told | {"text": "No model is named: rules answer, without a model."}
    began = time.monotonic()
    try:
        found, wanted = _models(named)
    except ClewError as error:
        words = one_line(redact(f"{error.message} {error.hint}".strip()))
        return told | {"state": "down", "text": words, "seconds": time.monotonic() - began}
    told["seconds"] = time.monotonic() - began
    names = ", ".join(found[:MOST_NAMES]) or "none"
    if wanted and wanted not in found:
        words = f"It answers, but has no model {wanted!r}; it has: {names}."
        return told | {"state": "down", "text": one_line(words)}
    return told | {"state": "up", "text": one_line(f"It answers. Models: {names}.")}


def _models(named: str) -> tuple[tuple[str, ...], str]:
    from clew_backend.model.client import Client
    from clew_backend.model.endpoint import Endpoint, parse_model

    address = parse_model(named)
    endpoint = Endpoint(
        url=address.url, socket=address.socket, model=address.model, seconds=WAIT_S, attempts=1
    )
    client = Client(endpoint)
    try:
        return client.models(WAIT_S), address.model
    finally:
        client.close()
