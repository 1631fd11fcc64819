"""How is a model asked? Through langchain-openai, so that run, budget and server agree on the end.

A call is retried while nothing of its reply was told; it calls no tool and changes nothing, so a
second one costs tokens only. A reply that is not what was asked for is repaired once. What it does
not do: run what a model says.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from clew_backend.errors import (
    BadRequest,
    EndlessRepetition,
    EndpointBusy,
    EndpointDown,
    MalformedReply,
    ModelDeclined,
    StreamCut,
    UnknownModel,
)
from clew_backend.model.endpoint import Endpoint
from clew_backend.model.failures import in_words, lacks_form
from clew_backend.model.loop_thread import LoopThread
from clew_backend.model.repetition import repeats_endlessly
from clew_backend.model.request import FORMS, Form, messages, parameters
from clew_backend.model.structured import read_json
from clew_core.deadline import Deadline
from clew_core.errors import BudgetEnded, Cancelled, ClewError, ToolFailed
from clew_core.model import Block, Finish, ModelTask, Reply, Turn
from clew_core.usage import Usage

if TYPE_CHECKING:
    from langchain_openai import ChatOpenAI

LOG = logging.getLogger(__name__)
Tell = Callable[[str], None]
_BACKOFF_S = 0.5
_LONGEST_BACKOFF_S = 8.0
_LOOKS_EVERY = 256  # characters between two looks for repetition
_SIGNS_PER_TOKEN = 4  # to tell before a call that a budget can't hold it


class Client:
    """Asks the models of one endpoint. Safe to use from several threads; close it at the end."""

    def __init__(self, endpoint: Endpoint) -> None:
        """Point at an endpoint; nothing is sent before the first task.

        Raises:
            ToolFailed: the extra ``models`` is not installed.
        """
        try:
            import importlib.util

            if importlib.util.find_spec("langchain_openai") is None:
                raise ImportError
        except ImportError:
            raise ToolFailed(
                "Models need the package langchain-openai.", hint="pip install 'clew[models]'"
            ) from None
        self.endpoint = endpoint
        self._lock = threading.Lock()
        self._thread: LoopThread | None = None
        self._chat: ChatOpenAI | None = None
        self._slots: asyncio.Semaphore | None = None
        self._forms: dict[str, int] = {}
        self._only = ""
        self._closed = False

    def complete(self, task: ModelTask, deadline: Deadline, tell: Tell | None = None) -> Reply:
        """Ask; see ``clew_core.model.Model``."""
        deadline.check()
        left = _tokens_left(task, deadline)
        _load()
        call = _Call(task=task, deadline=deadline, tell=tell, most_tokens=left)
        future = self._loop().submit(self._complete(call))

        def stop() -> None:
            future.cancel()

        with deadline.on_cancel(stop):
            try:
                return future.result(deadline.remaining_s)
            except concurrent.futures.CancelledError:
                deadline.check()
                raise Cancelled("Stopped.") from None
            except TimeoutError:
                future.cancel()
                deadline.check()
                raise BudgetEnded("The time for the question is used up.") from None
            except BaseException:
                future.cancel()
                raise

    def models(self, seconds: float = 5.0) -> tuple[str, ...]:
        """List the models that the endpoint has.

        Raises:
            BackendUnavailable: nobody answers, or nobody who may be asked.
        """
        _load()
        future = self._loop().submit(self._listed())
        try:
            return future.result(seconds)
        except TimeoutError:
            future.cancel()
            raise EndpointDown(
                f"{self.endpoint.shown} did not answer within {seconds:g} s."
            ) from None

    def close(self) -> None:
        """End all calls and close the connections. Calling it twice is harmless."""
        with self._lock:
            thread, self._thread, self._closed = self._thread, None, True
        if thread is not None:
            thread.close(self._disconnect())

    # --- in the loop's thread ------------------------------------------------------------------

    def _loop(self) -> LoopThread:
        with self._lock:
            if self._closed:
                raise BudgetEnded("The client of the model is closed.")
            if self._thread is None:
                self._thread = LoopThread()
            return self._thread

    async def _disconnect(self) -> None:
        if self._chat is not None:
            await self._chat.root_async_client.close()

    def _connect(self) -> ChatOpenAI:
        if self._chat is None:
            import openai
            from langchain_openai import ChatOpenAI
            from pydantic import SecretStr

            # "none": the library insists on a key, endpoints without one ignore it.
            key = self.endpoint.key.read() if self.endpoint.key else "none"
            self._chat = ChatOpenAI(
                model="unnamed",
                base_url=self.endpoint.url,
                api_key=SecretStr(key),
                http_async_client=openai.DefaultAsyncHttpxClient(**self._way()),
                max_retries=0,
                timeout=self.endpoint.seconds,
                stream_usage=True,
            )
            self._slots = asyncio.Semaphore(self.endpoint.parallel)
        return self._chat

    def _way(self) -> dict[str, Any]:
        """Say how the endpoint is reached, where that is no network."""
        if not self.endpoint.socket:
            return {}
        import httpx2  # the HTTP library of openai

        return {"transport": httpx2.AsyncHTTPTransport(uds=self.endpoint.socket)}

    async def _listed(self) -> tuple[str, ...]:
        try:
            found = await self._connect().root_async_client.models.list()
        except Exception as error:
            raise in_words(error, self.endpoint, "", begun=False) from error
        return tuple(model.id for model in found.data)

    async def _name(self, call: _Call) -> str:
        name = self.endpoint.model_of(call.task.role) or self._only
        if not name:
            names = await self._listed()
            if len(names) != 1:
                shown = ", ".join(names[:8]) or "none"
                raise UnknownModel(
                    f"{self.endpoint.shown} has {len(names)} models: {shown}.",
                    hint="Name one behind a #.",
                )
            name = self._only = names[0]
        return name

    async def _complete(self, call: _Call) -> Reply:
        self._connect()
        assert self._slots is not None  # made with the connection
        async with self._slots:
            try:
                call.model = await self._name(call)
                said, data = await self._answered(call)
            except ClewError as error:
                error.usage = call.usage  # type: ignore[attr-defined]  # see usage_of
                raise
        return Reply(
            text=said.text,
            data=data,
            model=said.model or call.model,
            finish=said.finish,
            usage=call.usage,
            seconds=round(time.monotonic() - call.started, 4),
            cost=self._cost(call.usage),
        )

    async def _answered(self, call: _Call) -> tuple[_Said, Any]:
        said = await self._in_some_form(call)
        if call.task.schema is None:
            return said, None
        try:
            return said, read_json(said.text, call.task.schema, cut=said.finish == "length")
        except MalformedReply as problem:
            return await self._repaired(call, said, problem)

    def _cost(self, usage: Usage) -> float:
        prompt = usage.prompt_tokens * self.endpoint.prompt_price
        return (prompt + usage.completion_tokens * self.endpoint.completion_price) / 1e6

    async def _in_some_form(self, call: _Call) -> _Said:
        """Ask in the first form that the endpoint takes, and remember it."""
        if call.task.schema is None:
            return await self._tried(call, "text")
        for place in range(self._forms.get(call.model, 0), len(FORMS)):
            try:
                said = await self._tried(call, FORMS[place])
            except BadRequest as problem:
                if place + 1 == len(FORMS) or not lacks_form(problem):
                    raise
                LOG.info("%s does not take the form %s", self.endpoint.shown, FORMS[place])
                continue
            self._forms[call.model] = place
            return said
        raise AssertionError("the last form raises")  # pragma: no cover

    async def _repaired(
        self, call: _Call, said: _Said, problem: MalformedReply
    ) -> tuple[_Said, Any]:
        """Show the model its reply and what is wrong with it, once."""
        assert call.task.schema is not None
        if said.finish == "length":
            raise problem  # the next one would be cut as well
        wrong = f"That is not the JSON that was asked for: {problem.message} Reply with it alone."
        call.more = (
            Turn(speaker="assistant", blocks=(Block(text=said.text[:4000]),)),
            Turn(speaker="user", blocks=(Block(text=wrong),)),
        )
        call.most_tokens = _tokens_left(call.task, call.deadline)
        again = await self._in_some_form(call)
        return again, read_json(again.text, call.task.schema, cut=again.finish == "length")

    async def _tried(self, call: _Call, form: Form) -> _Said:
        """Call, and call again after what may pass; never once something was told."""
        for attempt in range(1, self.endpoint.attempts + 1):
            call.begun = False
            try:
                async with asyncio.timeout(self.endpoint.seconds):
                    said = await self._called(call, form)
                if said.declined:
                    raise ModelDeclined(f"{call.model!r} declines to answer.", text=said.declined)
                if repeats_endlessly(said.text):
                    raise EndlessRepetition(f"{call.model!r} repeats itself endlessly.")
                return said
            except ClewError as error:
                problem = error
            except TimeoutError:
                problem = EndpointDown(
                    f"{self.endpoint.shown} did not answer within {self.endpoint.seconds:g} s.",
                    hint="See models.seconds.",
                )
            except Exception as error:
                problem = in_words(error, self.endpoint, call.model, begun=call.begun)
                problem.__cause__ = error
            passing = isinstance(problem, EndpointBusy | EndpointDown | StreamCut)
            if call.told or not passing or attempt == self.endpoint.attempts:
                raise problem
            pause = _pause(attempt, problem)
            if pause >= call.deadline.remaining_s:
                raise problem
            await asyncio.sleep(pause)
        raise AssertionError("the last attempt raises")  # pragma: no cover

    async def _called(self, call: _Call, form: Form) -> _Said:
        from langsmith import tracing_context

        chat = self._connect()
        turns = (*call.task.turns, *call.more)
        asked = parameters(call.task, form, call.most_tokens)
        asked["model"] = call.model
        with tracing_context(enabled=False):  # no question leaves for a third party
            if call.tell is None:
                message = await chat.ainvoke(messages(turns, self.endpoint), **asked)
                said = _Said()
                said.take(message)
            else:
                said = await self._streamed(call, chat, messages(turns, self.endpoint), asked)
        call.count(said)
        if not said.finish_seen:
            raise StreamCut(f"The reply of {call.model!r} ended before its end.", hint="Ask again.")
        return said

    async def _streamed(
        self, call: _Call, chat: ChatOpenAI, prompt: list[dict[str, Any]], asked: dict[str, Any]
    ) -> _Said:
        assert call.tell is not None
        said, looked = _Said(), 0
        async for chunk in chat.astream(prompt, **asked):
            before = len(said.text)
            said.take(chunk)
            piece = said.text[before:]
            if not piece:
                continue
            call.begun = True
            if len(said.text) - looked >= _LOOKS_EVERY:
                looked = len(said.text)
                if repeats_endlessly(said.text):
                    call.count(said)
                    raise EndlessRepetition(f"{call.model!r} repeats itself endlessly.")
            call.told = True
            call.tell(piece)
        return said


@dataclass(kw_only=True)
class _Call:
    """One task on its way, with what it has used."""

    task: ModelTask
    deadline: Deadline
    tell: Tell | None
    most_tokens: int
    model: str = ""
    more: tuple[Turn, ...] = ()
    usage: Usage = field(default_factory=Usage)
    started: float = field(default_factory=time.monotonic)
    begun: bool = False
    told: bool = False

    def count(self, said: _Said) -> None:
        """Add what a reply cost; an endpoint that does not say is counted by its characters."""
        usage = said.usage
        if usage is None:
            prompt = sum(len(turn.text) for turn in (*self.task.turns, *self.more))
            usage = Usage(
                prompt_tokens=prompt // _SIGNS_PER_TOKEN,
                completion_tokens=len(said.text) // _SIGNS_PER_TOKEN,
            )
        self.usage += Usage(
            calls=1,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            cached_tokens=usage.cached_tokens,
        )
        self.deadline.spend(usage.prompt_tokens + usage.completion_tokens)


@dataclass(kw_only=True)
class _Said:
    """What came of one call so far."""

    text: str = ""
    model: str = ""
    finish: Finish = "stop"
    finish_seen: bool = False
    declined: str = ""
    usage: Usage | None = None

    def take(self, message: Any) -> None:
        """Add a message, or a piece of one, of langchain."""
        self.text += message.text if isinstance(message.content, str) else str(message.text)
        for part in getattr(message, "tool_call_chunks", ()) or ():
            self.text += part.get("args") or ""
        if not hasattr(message, "tool_call_chunks"):
            for call in (message.additional_kwargs or {}).get("tool_calls") or ():
                self.text += (call.get("function") or {}).get("arguments") or ""
            self._take_tools(message)
        self.declined += (message.additional_kwargs or {}).get("refusal") or ""
        told = message.response_metadata or {}
        self.model = told.get("model_name") or self.model
        if reason := told.get("finish_reason"):
            self.finish_seen = True
            self.finish = "length" if reason == "length" else "stop"
            if reason == "content_filter":
                self.declined = self.declined or "its filter does not let it answer"
        if counted := message.usage_metadata:
            cached = (counted.get("input_token_details") or {}).get("cache_read") or 0
            self.usage = Usage(
                prompt_tokens=counted["input_tokens"],
                completion_tokens=counted["output_tokens"],
                cached_tokens=cached,
            )

    def _take_tools(self, message: Any) -> None:
        """Read whole tool calls where langchain keeps only what it understood of them."""
        import json

        if self.text:
            return
        for call in getattr(message, "tool_calls", ()) or ():
            self.text += json.dumps(call["args"])
        for call in getattr(message, "invalid_tool_calls", ()) or ():
            self.text += call.get("args") or ""


def _load() -> None:
    """Load the library in the thread that asks: it takes long, and is no time of the endpoint."""
    import langchain_openai  # noqa: F401


def _tokens_left(task: ModelTask, deadline: Deadline) -> int:
    """Give the most tokens that a reply may have.

    Raises:
        BudgetEnded: the budget can't hold the prompt.
    """
    left = deadline.tokens_left
    if left is None:
        return task.most_tokens
    prompt = sum(len(turn.text) for turn in task.turns) // _SIGNS_PER_TOKEN
    if left - prompt < 1:
        raise BudgetEnded(
            f"The tokens for one question, {deadline.budget.tokens}, are used up.",
            hint="Raise run.tokens in clew.toml.",
        )
    return min(task.most_tokens, left - prompt)


def _pause(attempt: int, problem: ClewError) -> float:
    wanted = getattr(problem, "retry_after_s", None)
    if wanted is not None:
        return float(wanted) + random.uniform(0, 0.25)
    longest = min(_LONGEST_BACKOFF_S, _BACKOFF_S * 2 ** (attempt - 1))
    return random.uniform(longest / 2, longest)
