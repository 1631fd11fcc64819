"""Starting, watching and ending a model server; the real one where its environment is."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clew_backend.model.client import Client
from clew_backend.model.endpoint import Endpoint
from clew_backend.serve import supervise
from clew_backend.serve.profiles import PROFILES, command, environment, find_profile
from clew_backend.serve.supervise import LOG_FILE, Supervisor
from clew_core.deadline import Budget, Deadline
from clew_core.errors import BackendUnavailable, Cancelled, UsageError
from clew_core.model import Block, ModelTask, Turn

STAND_IN = Path(__file__).parent / "stand_in.py"
TINY = Path(__file__).resolve().parents[2] / "scripts" / "tiny_model.py"
Make = Callable[..., Supervisor]


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def make(tmp_path: Path, lines: list[str]) -> Make:
    def making(way: str, **more: float) -> Supervisor:
        return Supervisor(
            folder=tmp_path / "m",
            command=lambda socket: [sys.executable, str(STAND_IN), way, str(socket)],
            backoff_s=0.05,
            tell=lines.append,
            **more,  # type: ignore[arg-type]
        )

    return making


@contextlib.contextmanager
def running(supervisor: Supervisor, seconds: float = 20) -> Iterator[threading.Event]:
    """Run a supervisor beside the test, and end it."""
    deadline, ready = Deadline(Budget(seconds=600)), threading.Event()
    worker = threading.Thread(target=supervisor.run, args=(deadline, ready.set))
    worker.start()
    try:
        assert ready.wait(seconds)
        yield ready
    finally:
        deadline.cancel()
        worker.join(30)
    assert not worker.is_alive()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_it_listens_where_nobody_else_may_enter_and_ends_gracefully(make: Make) -> None:
    supervisor = make("sound")
    with running(supervisor):
        assert supervisor.folder.stat().st_mode & 0o777 == 0o700
        assert supervisor.socket.is_socket()
        pid = int((supervisor.folder / LOG_FILE).read_text().split()[0])
    assert not supervisor.socket.exists()
    assert not is_alive(pid)


def test_a_server_that_was_killed_is_started_again(make: Make, lines: list[str]) -> None:
    supervisor = make("sound")
    with running(supervisor) as ready:
        ready.clear()
        os.kill(int((supervisor.folder / LOG_FILE).read_text().split()[0]), signal.SIGKILL)
        assert ready.wait(20)
    assert any("started again" in line for line in lines)


def test_one_that_does_not_listen_is_ended_all_the_same(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervise, "_GRACE_S", 0.3)
    supervisor = make("stubborn")
    with running(supervisor):
        pid = int((supervisor.folder / LOG_FILE).read_text().split()[0])
    assert not is_alive(pid)


def test_one_that_dies_again_and_again_is_given_up_with_its_last_words(
    make: Make, lines: list[str]
) -> None:
    with pytest.raises(BackendUnavailable, match="CUDA out of memory"):
        make("dies", most_restarts=2).run(Deadline())
    assert len([line for line in lines if "started again" in line]) == 2


def test_one_that_is_never_ready_is_given_up(make: Make) -> None:
    with pytest.raises(BackendUnavailable, match="not ready after 0.5 s"):
        make("never", ready_s=0.5).run(Deadline())


def test_a_start_can_be_stopped(make: Make) -> None:
    deadline = Deadline()
    threading.Timer(0.5, deadline.cancel).start()
    started = time.monotonic()
    make("never").run(deadline)
    assert time.monotonic() - started < 10


def test_two_servers_of_one_folder_are_wrong_use(make: Make) -> None:
    with running(make("sound")), pytest.raises(UsageError, match="Another server runs"):
        make("sound").run(Deadline())


def test_a_program_that_is_not_there_is_said_in_words(tmp_path: Path) -> None:
    supervisor = Supervisor(folder=tmp_path / "m", command=lambda socket: [str(tmp_path / "none")])
    with pytest.raises(BackendUnavailable, match="serve.python"):
        supervisor.run(Deadline())


def test_a_path_that_is_too_long_for_a_socket_is_wrong_use(tmp_path: Path) -> None:
    supervisor = Supervisor(folder=tmp_path / ("x" * 120), command=lambda socket: ["true"])
    with pytest.raises(UsageError, match="too long"):
        supervisor.run(Deadline())


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_every_profile_serves_on_the_socket_and_tells_what_was_cached(name: str) -> None:
    words = command("py", "dir", "m", find_profile(name), Path("/x/vllm.sock"), ("--seed", "1"))
    assert words[:3] == ["py", "-m", "vllm.entrypoints.openai.api_server"]
    assert words[words.index("--uds") + 1] == "/x/vllm.sock"
    assert "--enable-prompt-tokens-details" in words and "--host" not in words
    assert words[-2:] == ["--seed", "1"]


def test_an_unknown_profile_is_named_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="'cluster'. Known: laptop, single-gpu"):
        find_profile("cluster")


# ------------------------------------------------------------------------------------ the real one


@pytest.fixture(scope="module")
def vllm_python() -> str:
    python = os.environ.get("CLEW_TEST_VLLM_PYTHON", "")
    if not python:
        pytest.skip("CLEW_TEST_VLLM_PYTHON names no Python that has vLLM")
    return python


@pytest.fixture(scope="module")
def served(vllm_python: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervisor]:
    """Serve a tiny model with vLLM on the CPU."""
    folder = tmp_path_factory.mktemp("v")
    subprocess.run([vllm_python, str(TINY), str(folder / "tiny")], check=True, capture_output=True)
    profile = find_profile("laptop")
    supervisor = Supervisor(
        folder=folder / "run",
        command=lambda socket: command(
            vllm_python, str(folder / "tiny"), "tiny", profile, socket,
            ("--scheduling-policy", "priority"),
        ),
        environment={**environment(profile), "HF_HUB_OFFLINE": "1", "PYTHONPATH": "",
                     "VLLM_CACHE_ROOT": str(folder / "cache")},
        ready_s=600,
    )  # fmt: skip
    with running(supervisor, 600):
        yield supervisor


@pytest.fixture
def client(served: Supervisor) -> Iterator[Client]:
    endpoint = Endpoint(url="http://localhost/v1", socket=str(served.socket), model="tiny")
    made = Client(endpoint)
    yield made
    made.close()


def asking(text: str, **more: object) -> ModelTask:
    turns = (Turn(speaker="user", blocks=(Block(text=text),)),)
    return ModelTask(role="coder", turns=turns, **more)  # type: ignore[arg-type]


@pytest.mark.vllm
@pytest.mark.slow
def test_vllm_holds_random_weights_to_a_schema(client: Client) -> None:
    schema = {"type": "object", "properties": {"fn": {"enum": ["count", "sum"]}},
              "required": ["fn"], "additionalProperties": False}  # fmt: skip
    reply = client.complete(
        asking("How many?", schema=schema, temperature=1.0, most_tokens=800), Deadline()
    )
    assert reply.data["fn"] in ("count", "sum")


@pytest.mark.vllm
@pytest.mark.slow
def test_vllm_streams_and_a_cancelled_stream_ends_its_work(
    client: Client, served: Supervisor
) -> None:
    told: list[str] = []
    deadline = Deadline()

    def tell(piece: str) -> None:
        told.append(piece)
        if len(told) == 5:
            threading.Thread(target=deadline.cancel).start()

    with pytest.raises(Cancelled):
        client.complete(asking("word " * 40, most_tokens=3500, temperature=1.0), deadline, tell)
    assert told

    def running_now() -> float:
        lines = metrics(served).splitlines()
        return sum(float(x.split()[-1]) for x in lines if x.startswith("vllm:num_requests_running"))

    end = time.monotonic() + 10
    while running_now() and time.monotonic() < end:
        time.sleep(0.2)
    assert running_now() == 0


@pytest.mark.vllm
@pytest.mark.slow
def test_vllm_reads_the_beginning_of_a_prompt_once(client: Client) -> None:
    schema = "orders(id*, amount#, customer_id>customers, placed_at@)\n" * 40
    first = client.complete(asking(schema + "How many?", most_tokens=4), Deadline()).usage
    second = client.complete(asking(schema + "In which city?", most_tokens=4), Deadline()).usage
    assert second.cached_tokens >= 0.9 * (second.prompt_tokens // 16 * 16 - 16)
    assert second.cached_tokens > first.cached_tokens


@pytest.mark.vllm
@pytest.mark.slow
def test_the_words_of_vllm_for_what_goes_wrong_are_understood(client: Client) -> None:
    from clew_backend import errors

    with pytest.raises(errors.ContextOverflow):
        client.complete(asking("orders " * 6000), Deadline())
    other = Client(Endpoint(url="http://localhost/v1", socket=client.endpoint.socket, model="nope"))
    try:
        with pytest.raises(errors.UnknownModel):
            other.complete(asking("x"), Deadline())
        assert other.models() == ("tiny",)
    finally:
        other.close()


@pytest.mark.vllm
@pytest.mark.slow
def test_clew_ask_goes_through_vllm_end_to_end(
    served: Supervisor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from clew.cli import main

    (tmp_path / "shop.csv").write_text("city,sold\nLyon,3\nOslo,4\n", encoding="utf-8")
    model = f"openai:unix:{served.socket}#tiny"
    code = main(
        ["ask", "who peddled the dough?", "--data", str(tmp_path / "shop.csv"),
         "--model", model, "--require-model", "--json"]
    )  # fmt: skip
    answer = json.loads(capsys.readouterr().out)
    assert code in (0, 3)  # nonsense, or by chance a query
    assert answer["usage"]["calls"] >= 1 and answer["usage"]["prompt_tokens"] > 100


def metrics(served: Supervisor) -> str:
    connection = supervise._Connection(served.socket)
    try:
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()
    finally:
        connection.close()
