"""The client of models: what it sends, what it makes of replies, and how it ends."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from backend.fake_endpoint import FakeEndpoint, Said, chat, fails, recorded, stream, tool
from clew_backend import errors
from clew_backend.model import client as client_module
from clew_backend.model.client import Client
from clew_backend.model.endpoint import Endpoint
from clew_core.deadline import Budget, Deadline
from clew_core.errors import BudgetEnded, Cancelled, ClewError
from clew_core.model import Block, ModelTask, Reply, Turn, usage_of
from clew_core.secrets import SecretRef

pytest.importorskip("langchain_openai", reason="the extra models is not installed")

SCHEMA = {
    "type": "object",
    "properties": {"fn": {"enum": ["count", "sum"]}, "ok": {"type": "boolean"}},
    "required": ["fn", "ok"],
    "additionalProperties": False,
}
GOOD = '{"fn": "count", "ok": true}'
Asking = Callable[..., Reply]


def task(text: str = "How many orders?", **more: Any) -> ModelTask:
    turns = (
        Turn(speaker="system", blocks=(Block(text="You answer."),)),
        Turn(speaker="user", blocks=(Block(text=text),)),
    )
    return ModelTask(role="coder", turns=turns, **more)


@pytest.fixture(autouse=True)
def _quick_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "_BACKOFF_S", 0.01)


@pytest.fixture
def opened() -> Iterator[Callable[..., Client]]:
    clients: list[Client] = []

    def open_client(fake: FakeEndpoint, **more: Any) -> Client:
        clients.append(Client(Endpoint(url=fake.url, **{"model": "tiny", **more})))
        return clients[-1]

    yield open_client
    for client in clients:
        client.close()


@pytest.fixture
def ask(opened: Callable[..., Client]) -> Asking:
    def asking(fake: FakeEndpoint, asked: ModelTask, tell: Any = None, **more: Any) -> Reply:
        return opened(fake, **more).complete(asked, Deadline(Budget(seconds=20)), tell)

    return asking


# ------------------------------------------------------------------------------- what comes back


def test_a_text_comes_back_with_what_it_used(ask: Asking) -> None:
    with FakeEndpoint(chat("There are 7.")) as fake:
        reply = ask(fake, task(), prompt_price=1.0, completion_price=2.0)
    assert (reply.text, reply.model, reply.finish) == ("There are 7.", "tiny", "stop")
    usage = reply.usage
    assert (usage.calls, usage.prompt_tokens, usage.completion_tokens) == (1, 7, 5)
    assert usage.cached_tokens == 4
    assert reply.cost == pytest.approx((7 * 1 + 5 * 2) / 1e6)
    assert reply.seconds > 0


def test_what_vllm_wrote_for_a_text_is_read(ask: Asking) -> None:
    with FakeEndpoint(recorded("plain_text.json")) as fake:
        reply = ask(fake, task())
    assert reply.text.startswith("oodpartcampa")
    assert (reply.finish, reply.usage.completion_tokens) == ("length", 16)


@pytest.mark.parametrize("step", [0, 1, 3, 64])
def test_a_stream_of_vllm_is_read_however_its_bytes_are_cut(step: int, ask: Asking) -> None:
    pieces: list[str] = []
    with FakeEndpoint(recorded("stream_letters.sse", step=step)) as fake:
        reply = ask(fake, task(), pieces.append)
    assert reply.text == "".join(pieces) == "Zürich — 3 €, 北京"
    assert reply.usage.completion_tokens > 0


def test_guided_json_of_vllm_is_read_from_its_stream(ask: Asking) -> None:
    with FakeEndpoint(recorded("stream_json.sse")) as fake:
        reply = ask(fake, task(schema=SCHEMA), lambda piece: None)
    assert reply.data["fn"] in ("count", "sum")


@pytest.mark.parametrize("tell", [None, lambda piece: None], ids=["whole", "streamed"])
def test_a_call_of_a_tool_is_a_reply(tell: Any, ask: Asking) -> None:
    with FakeEndpoint(tool("reply", GOOD)) as fake:
        assert ask(fake, task(schema=SCHEMA), tell).data == {"fn": "count", "ok": True}


def test_tool_deltas_of_vllm_that_are_no_json_are_malformed(ask: Asking) -> None:
    with FakeEndpoint(recorded("stream_tool.sse")) as fake, pytest.raises(errors.MalformedReply):
        ask(fake, task(schema=SCHEMA), lambda piece: None)


@pytest.mark.parametrize(
    "text",
    [GOOD, f"```json\n{GOOD}\n```", f"Sure, here it is: {GOOD} Anything else?"],
    ids=["bare", "fenced", "between words"],
)
def test_json_is_found_in_what_surrounds_it(text: str, ask: Asking) -> None:
    with FakeEndpoint(chat(text)) as fake:
        assert ask(fake, task(schema=SCHEMA)).data == {"fn": "count", "ok": True}
        assert len(fake.asked) == 1


# ------------------------------------------------------------------------------------ what is sent


def test_the_schema_is_asked_for_in_the_first_form_that_the_endpoint_takes(
    opened: Callable[..., Client],
) -> None:
    def otherwise(body: dict[str, Any]) -> Said:
        if "response_format" in body or "structured_outputs" in body:
            return fails(400, "response_format and structured outputs are not supported")
        return tool("reply", GOOD) if "tools" in body else chat("?")

    with FakeEndpoint(otherwise=otherwise) as fake:
        client = opened(fake)
        for _ in range(2):
            assert client.complete(task(schema=SCHEMA), Deadline()).data["ok"] is True
        kinds = [sorted({"response_format", "structured_outputs", "tools"} & body.keys())
                 for body in fake.asked]  # fmt: skip
    assert kinds == [["response_format"], ["structured_outputs"], ["tools"], ["tools"]]


def test_a_request_says_model_temperature_and_most_tokens_and_nothing_of_ours(ask: Asking) -> None:
    marked = Turn(speaker="user", blocks=(Block(text="a", chunk="c1"), Block(text="b")))
    with FakeEndpoint(chat("x"), chat("x")) as fake:
        ask(fake, ModelTask(role="judge", turns=(marked,), most_tokens=9), roles={"judge": "big"})
        ask(fake, ModelTask(role="coder", turns=(marked,)), chunks=True)
        plain, marks = fake.asked
    assert (plain["model"], plain["max_tokens"], plain["temperature"]) == ("big", 9, 0.0)
    assert plain["messages"] == [{"role": "user", "content": "ab"}]
    part = marks["messages"][0]["content"][0]
    assert part == {
        "type": "text",
        "text": "a",
        "clew": {"chunk": "c1", "sha256": Block(text="a").sha256},
    }


def test_the_key_comes_from_the_environment(ask: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", "s3cret")
    with FakeEndpoint(chat("x")) as fake:
        ask(fake, task(), key=SecretRef(name="SOME_KEY"))
        assert fake.headers[0]["authorization"] == "Bearer s3cret"


def test_the_only_model_of_an_endpoint_need_not_be_named(ask: Asking) -> None:
    with FakeEndpoint(chat("x")) as fake:
        ask(fake, task(), model="")
        assert fake.asked[0]["model"] == "tiny"
    with FakeEndpoint(chat("x")) as fake:
        fake.models = ["a", "b"]
        with pytest.raises(errors.UnknownModel, match="2 models: a, b"):
            ask(fake, task(), model="")


# ---------------------------------------------------------------------------------- what goes wrong


def test_malformed_json_is_shown_to_the_model_once(ask: Asking) -> None:
    with FakeEndpoint(chat('{"fn": "median", "ok": true}'), chat(GOOD)) as fake:
        reply = ask(fake, task(schema=SCHEMA))
        assert "'median' is not one of" in fake.asked[1]["messages"][-1]["content"]
    assert (reply.data["fn"], reply.usage.calls) == ("count", 2)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("I can't do that.", "There is no JSON"),
        ('{"fn": "count", "ok": ', "can't be read"),
        ('{"fn": "count", "ok": NaN}', "NaN is no JSON"),
        ('{"a":' * 250 + "1" + "}" * 250, "nested too deeply"),
        ('{"fn": "count", "ok": true, "approval": "granted"}', "'approval' was unexpected"),
    ],
)
def test_malformed_json_twice_is_an_error_that_names_it(text: str, says: str, ask: Asking) -> None:
    with FakeEndpoint(chat(text), chat(text)) as fake:
        with pytest.raises(errors.MalformedReply, match=says) as raised:
            ask(fake, task(schema=SCHEMA))
        assert len(fake.asked) == 2
        assert usage_of(raised.value).calls == 2


def test_a_reply_that_was_cut_at_its_most_tokens_is_not_asked_for_again(ask: Asking) -> None:
    with FakeEndpoint(chat('{"fn": "cou', finish="length")) as fake:
        with pytest.raises(errors.MalformedReply, match="cut off"):
            ask(fake, task(schema=SCHEMA))
        assert len(fake.asked) == 1


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        (fails(401), errors.NotLetIn, "models.key"),
        (Said(body=b"<html>no</html>", status=502), errors.EndpointDown, "502"),
        (fails(500), errors.EndpointDown, "status 500"),
        (fails(429), errors.EndpointBusy, "too much to do"),
        (recorded("wrong_model.json", status=404), errors.UnknownModel, "no model 'tiny'"),
        (recorded("context_overflow.json", status=400), errors.ContextOverflow, "too long"),
        (fails(400, "temperature must be nice"), errors.BadRequest, "must be nice"),
        (chat("", refusal="I must not."), errors.ModelDeclined, "declines to answer"),
        (chat("no " * 400), errors.EndlessRepetition, "repeats itself"),
        (chat("x", cut_after=40), errors.StreamCut, "broke off"),
    ],
    ids=["401", "502", "500", "429", "404", "too long", "400", "refusal", "loop", "cut"],
)
def test_what_goes_wrong_is_said_in_words(
    said: Said, kind: type[ClewError], words: str, ask: Asking
) -> None:
    with FakeEndpoint(otherwise=lambda body: said) as fake, pytest.raises(kind, match=words):
        ask(fake, task())


def test_nobody_at_the_address_is_said_in_words(opened: Callable[..., Client]) -> None:
    with FakeEndpoint() as fake:
        pass
    with pytest.raises(errors.EndpointDown, match="can't be reached"):
        opened(fake).complete(task(), Deadline())


def test_what_may_pass_is_tried_again(ask: Asking) -> None:
    with FakeEndpoint(fails(429, retry_after="0"), fails(500), chat("7")) as fake:
        assert ask(fake, task()).text == "7"
        assert len(fake.asked) == 3


def test_what_will_not_pass_is_not_tried_again(ask: Asking) -> None:
    with FakeEndpoint(fails(401), chat("7")) as fake:
        with pytest.raises(errors.NotLetIn):
            ask(fake, task())
        assert len(fake.asked) == 1


def test_a_wait_that_the_deadline_does_not_allow_is_not_waited(
    opened: Callable[..., Client],
) -> None:
    with FakeEndpoint(fails(429, retry_after="25"), chat("7")) as fake:
        started = time.monotonic()
        with pytest.raises(errors.EndpointBusy):
            opened(fake).complete(task(), Deadline(Budget(seconds=3)))
        assert time.monotonic() - started < 2


def test_once_something_was_told_nothing_is_told_twice(ask: Asking) -> None:
    told: list[str] = []
    whole = stream([{"content": "one "}, {"content": "two "}])
    cut = Said(body=whole, cut_after=whole.index(b"two"))
    with FakeEndpoint(cut, chat("one two")) as fake:
        with pytest.raises(errors.StreamCut, match="broke off"):
            ask(fake, task(), told.append)
        assert len(fake.asked) == 1
    assert told == ["one "]


def test_a_stream_that_just_ends_is_no_reply(ask: Asking) -> None:
    body = stream([{"content": "half"}], finish=None).replace(b"data: [DONE]\n\n", b"")
    with FakeEndpoint(Said(body=body)) as fake, pytest.raises(errors.StreamCut):
        ask(fake, task(), lambda piece: None)


def test_a_stream_that_repeats_itself_is_left_early(ask: Asking) -> None:
    body = stream([{"content": "and so on "}] * 3000)
    told: list[str] = []
    with FakeEndpoint(Said(body=body)) as fake, pytest.raises(errors.EndlessRepetition):
        ask(fake, task(), told.append)
    assert len(told) < 200


# --------------------------------------------------------------------------------- how calls end


def test_cancelling_ends_the_servers_work(opened: Callable[..., Client]) -> None:
    deadline = Deadline(Budget(seconds=60))
    with FakeEndpoint(Said(waits=True)) as fake:

        def cancel_once_asked() -> None:
            while not fake.asked:
                time.sleep(0.02)
            deadline.cancel()

        threading.Thread(target=cancel_once_asked).start()
        with pytest.raises(Cancelled):
            opened(fake).complete(task(), deadline)
        assert fake.gone.wait(10)


def test_cancelling_a_stream_ends_the_servers_work(opened: Callable[..., Client]) -> None:
    deadline = Deadline(Budget(seconds=60))
    told: list[str] = []

    def tell(piece: str) -> None:
        told.append(piece)
        threading.Thread(target=deadline.cancel).start()

    with FakeEndpoint(chat("word " * 5000, step=400, pause_s=0.05)) as fake:
        with pytest.raises(Cancelled):
            opened(fake).complete(task(), deadline, tell)
        assert fake.gone.wait(10)
    assert 0 < len(told) < 500


def test_the_deadline_of_the_run_ends_a_call(opened: Callable[..., Client]) -> None:
    with FakeEndpoint(Said(waits=True)) as fake:
        with pytest.raises(BudgetEnded):
            opened(fake).complete(task(), Deadline(Budget(seconds=0.5)))
        assert fake.gone.wait(3)


def test_one_attempt_takes_no_longer_than_it_may(ask: Asking) -> None:
    with FakeEndpoint(Said(waits=True), chat("7")) as fake:
        assert ask(fake, task(), seconds=0.4).text == "7"


def test_tokens_are_counted_against_the_budget(opened: Callable[..., Client]) -> None:
    with FakeEndpoint(chat("x"), chat("x")) as fake:
        client, deadline = opened(fake), Deadline(Budget(tokens=24))
        client.complete(task(), deadline)
        assert fake.asked[0]["max_tokens"] < 24
        assert deadline.tokens_left == 12
        client.complete(task(), deadline)
        with pytest.raises(BudgetEnded, match="24, are used up"):
            client.complete(task(), deadline)
        assert len(fake.asked) == 2


def test_no_more_calls_than_allowed_run_at_once(opened: Callable[..., Client]) -> None:
    with FakeEndpoint(otherwise=lambda body: chat("x", pause_s=0.05)) as fake:
        client = opened(fake, parallel=3)
        threads = [
            threading.Thread(target=client.complete, args=(task(), Deadline())) for _ in range(12)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (len(fake.asked), fake.most_at_once) == (12, 3)


def test_a_closed_client_answers_nothing(opened: Callable[..., Client]) -> None:
    with FakeEndpoint(chat("x")) as fake:
        client = opened(fake)
        client.complete(task(), Deadline())
        client.close()
        client.close()
        with pytest.raises(ClewError, match="closed"):
            client.complete(task(), Deadline())


@pytest.mark.soak
def test_two_hundred_streams_run_in_one_process_and_ten_thousand_cancelled_calls_leave_nothing(
    opened: Callable[..., Client],
) -> None:
    import resource

    with FakeEndpoint(otherwise=lambda body: chat("word " * 40, step=400, pause_s=0.02)) as fake:
        client = opened(fake, parallel=200)
        found: list[Reply] = []

        def stream_one() -> None:
            deadline = Deadline(Budget(seconds=120))
            found.append(client.complete(task(), deadline, lambda piece: None))

        threads = [threading.Thread(target=stream_one) for _ in range(200)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 200
        assert fake.most_at_once > 100
    with FakeEndpoint(otherwise=lambda body: Said(waits=True)) as fake:
        client = opened(fake, parallel=50)
        sizes = []
        for count in range(10_000):
            deadline = Deadline(Budget(seconds=30))
            timer = threading.Timer(0.004, deadline.cancel)
            timer.start()
            with pytest.raises(Cancelled):
                client.complete(task(), deadline)
            timer.join()
            if count in (2_000, 9_999):
                sizes.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
        assert sizes[1] - sizes[0] < 30_000  # KB


def test_an_endpoint_is_used_as_it_was_pointed_at() -> None:
    endpoint = Endpoint(url="http://x/v1", model="a", roles={"judge": "b"})
    assert [endpoint.model_of(role) for role in ("coder", "judge")] == ["a", "b"]
    assert replace(endpoint, roles={}).model_of("judge") == "a"
