"""What does an error of the endpoint mean, in words, and who has to act?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from clew_backend.errors import (
    BadRequest,
    ContextOverflow,
    EndpointBusy,
    EndpointDown,
    NotLetIn,
    StreamCut,
    UnknownModel,
)
from clew_core.errors import ClewError

if TYPE_CHECKING:
    from clew_backend.model.endpoint import Endpoint

_TOO_LONG = ("context length", "context_length", "context window", "too many tokens", "too long")
_NO_FORM = (
    "response_format", "json_schema", "structured", "guided", "tool_choice", "tool-call",
    "tools", "functions", "json mode", "json_object",
)  # fmt: skip
_LONGEST_WAIT_S = 30.0


def in_words(error: BaseException, endpoint: Endpoint, model: str, *, begun: bool) -> ClewError:
    """Turn an error of langchain-openai, openai or its HTTP library into one of ours.

    Args:
        error: as it was raised.
        endpoint: that was asked.
        model: that was asked.
        begun: a part of the reply had come.
    """
    import openai

    url = endpoint.shown
    for cause in _chain(error):
        if isinstance(cause, openai.APIStatusError):
            return _of_status(cause, url, model)
    if begun:
        return StreamCut(f"The reply of {model!r} at {url} broke off.", hint="Ask again.")
    if any(isinstance(c, openai.APITimeoutError) for c in _chain(error)):
        return EndpointDown(
            f"{url} did not answer within {endpoint.seconds:g} s.", hint="See models.seconds."
        )
    if any(type(c).__name__ in _CUT for c in _chain(error)):
        return StreamCut(f"The reply of {model!r} at {url} broke off.", hint="Ask again.")
    if any(isinstance(c, openai.APIConnectionError | OSError) for c in _chain(error)):
        return EndpointDown(f"{url} can't be reached.", hint="Is the server running?")
    if isinstance(error, openai.APIError):
        return EndpointDown(f"{url} failed: {_said(error)}.", hint="See its log.")
    return StreamCut(f"The reply of {model!r} at {url} can't be read ({type(error).__name__}).")


_CUT = frozenset({"RemoteProtocolError", "ReadError", "ReadTimeout", "LocalProtocolError"})


def lacks_form(error: ClewError) -> bool:
    """Whether an endpoint says that it can't hold a reply to a schema in the way it was asked."""
    return isinstance(error, BadRequest) and any(w in error.message.lower() for w in _NO_FORM)


def _of_status(error: object, url: str, model: str) -> ClewError:
    status: int = error.status_code  # type: ignore[attr-defined]
    said = _said(error)
    if status == 429:
        return EndpointBusy(
            f"{url} has too much to do.",
            hint="Ask again in a while.",
            retry_after_s=_retry_after(error.response.headers),  # type: ignore[attr-defined]
        )
    if status in (401, 403):
        return NotLetIn(f"{url} lets nobody in without its key.", hint="See models.key.")
    if status == 404:
        return UnknownModel(
            f"{url} has no model {model!r}.", hint="`clew doctor` lists those it has."
        )
    if status == 413 or (status in (400, 422) and any(w in said.lower() for w in _TOO_LONG)):
        return ContextOverflow(f"The prompt is too long for {model!r}.", hint="Ask about less.")
    if status >= 500:
        return EndpointDown(f"{url} failed with status {status}.", hint="See its log.")
    return BadRequest(f"{url} did not take the request ({status}): {said}")


def _said(error: object) -> str:
    body = getattr(error, "body", None)
    if isinstance(body, Mapping):
        inner = body.get("error", body)
        text = inner.get("message") if isinstance(inner, Mapping) else inner
        if text:
            return str(text)[:300]
    return str(getattr(error, "message", error))[:300]


def _retry_after(headers: Mapping[str, str]) -> float | None:
    try:
        return min(_LONGEST_WAIT_S, max(0.0, float(headers.get("retry-after", ""))))
    except ValueError:
        return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen = 0
    while error is not None and seen < 10:
        yield error
        error, seen = error.__cause__ or error.__context__, seen + 1
