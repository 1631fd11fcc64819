"""An OpenAI-compatible endpoint that says what a test tells it to, over HTTP on this machine.

Its replies have the shape, and in ``recorded`` the very bytes, of what vLLM wrote (``wire/``). It
keeps what it was asked, and notices when nobody listens any more.
"""

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

WIRE = Path(__file__).parent / "wire"
_USAGE = {"prompt_tokens": 7, "total_tokens": 12, "completion_tokens": 5,
          "prompt_tokens_details": {"cached_tokens": 4, "created_cache_tokens": 0}}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Said:
    """One reply.

    Attributes:
        body: bytes, or a function of the request's body.
        status: of HTTP.
        headers: beside the usual ones.
        step: bytes that are written at once; 0 writes all.
        pause_s: before each step.
        cut_after: the connection breaks after so many bytes.
        waits: nothing is written until the client goes.
    """

    body: bytes | Callable[[dict[str, Any]], bytes] = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    step: int = 0
    pause_s: float = 0.0
    cut_after: int | None = None
    waits: bool = False


def chat(text: str, *, finish: str = "stop", refusal: str | None = None, **more: Any) -> Said:
    """Reply with a text, as a stream where one is asked for."""

    def body(asked: dict[str, Any]) -> bytes:
        if asked.get("stream"):
            return stream([{"content": piece} for piece in _pieces(text)], finish=finish)
        message = {"role": "assistant", "content": text, "refusal": refusal, "tool_calls": []}
        return _completion(message, finish)

    return Said(body=body, **more)


def tool(name: str, arguments: str, **more: Any) -> Said:
    """Reply with a call of a tool, as a stream where one is asked for."""

    def body(asked: dict[str, Any]) -> bytes:
        head = {"id": "chatcmpl-tool-1", "type": "function", "index": 0}
        if asked.get("stream"):
            calls = [{"content": None, "tool_calls": [head | {"function": {"name": name}}]}]
            for piece in _pieces(arguments):
                call = {"index": 0, "function": {"arguments": piece}}
                calls.append({"content": None, "tool_calls": [call]})
            return stream(calls, finish="tool_calls")
        call = {"id": head["id"], "type": "function",
                "function": {"name": name, "arguments": arguments}}  # fmt: skip
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
        return _completion(message, "tool_calls")

    return Said(body=body, **more)


def stream(deltas: list[dict[str, Any]], *, finish: str | None = "stop") -> bytes:
    """Write server-sent events as vLLM does."""
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "tiny"}
    events = [{"role": "assistant", "content": ""}, *deltas]
    lines = [
        head | {"choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}]}
        for delta in events
    ]
    if finish is not None:
        last = {"index": 0, "delta": {"content": ""}, "finish_reason": finish, "stop_reason": None}
        lines.append(head | {"choices": [last]})
    lines.append(head | {"choices": [], "usage": _USAGE})
    written = "".join(f"data: {json.dumps(line, ensure_ascii=False)}\n\n" for line in lines)
    return (written + "data: [DONE]\n\n").encode()


def recorded(name: str, **more: Any) -> Said:
    """Reply with the bytes that vLLM wrote."""
    body = (WIRE / name).read_bytes().removesuffix(b"\n")  # files end in one newline
    return Said(body=body + b"\n\n" if name.endswith(".sse") else body, **more)


def fails(status: int, message: str = "no", **headers: str) -> Said:
    """Reply with an error, as vLLM words it."""
    error = {"message": message, "type": "Error", "param": None, "code": status}
    return Said(body=json.dumps({"error": error}).encode(), status=status, headers=headers)


def _completion(message: dict[str, Any], finish: str) -> bytes:
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
    return json.dumps(
        {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "tiny",
         "choices": [choice], "usage": _USAGE}
    ).encode()  # fmt: skip


def _pieces(text: str) -> Iterator[str]:
    for at in range(0, len(text), 7):
        yield text[at : at + 7]


class FakeEndpoint:
    """The endpoint; a context that listens on a free port.

    Attributes:
        asked: the bodies of the requests, in order.
        replies: are used up one by one; then ``otherwise`` answers.
        gone: is set when a client went before its reply had ended.
        most_at_once: requests that were open at the same time.
    """

    def __init__(self, *replies: Said, otherwise: Callable[[dict[str, Any]], Said] | None = None):
        """Say what it replies."""
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.replies = list(replies)
        self.otherwise = otherwise
        self.gone = threading.Event()
        self.models = ["tiny"]
        self.open = self.most_at_once = 0
        self._lock = threading.Lock()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

            def do_GET(self) -> None:
                data = [{"id": name, "object": "model", "owned_by": "x"} for name in fake.models]
                self._write(Said(body=json.dumps({"object": "list", "data": data}).encode()), {})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with fake._lock:
                    fake.asked.append(body)
                    fake.headers.append({k.lower(): v for k, v in self.headers.items()})
                    fake.open += 1
                    fake.most_at_once = max(fake.most_at_once, fake.open)
                    said = fake.replies.pop(0) if fake.replies else None
                try:
                    self._write(said or fake._otherwise(body), body)
                finally:
                    with fake._lock:
                        fake.open -= 1

            def _write(self, said: Said, asked: dict[str, Any]) -> None:
                body = said.body(asked) if callable(said.body) else said.body
                whole = body if said.cut_after is None else body[: said.cut_after]
                if said.waits:
                    self._wait_for_the_end()
                    return
                streams = asked.get("stream") and said.status == 200
                try:
                    self.send_response(said.status)
                    kind = "text/event-stream" if streams else "application/json"
                    self.send_header("Content-Type", f"{kind}; charset=utf-8")
                    for name, value in said.headers.items():
                        self.send_header(name.replace("_", "-"), value)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    step = said.step or max(1, len(whole))
                    for at in range(0, len(whole), step):
                        if said.pause_s:
                            time.sleep(said.pause_s)
                            if self._is_gone():
                                raise ConnectionResetError
                        self.wfile.write(whole[at : at + step])
                except OSError:
                    fake.gone.set()
                    self.close_connection = True
                if said.cut_after is not None:
                    self.close_connection = True

            def _is_gone(self) -> bool:
                ready, _, _ = select.select([self.connection], [], [], 0)
                return bool(ready) and not self.connection.recv(1, socket.MSG_PEEK)

            def _wait_for_the_end(self) -> None:
                self.close_connection = True
                ready, _, _ = select.select([self.connection], [], [], 20)
                if ready:
                    fake.gone.set()

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def _otherwise(self, body: dict[str, Any]) -> Said:
        return self.otherwise(body) if self.otherwise else fails(500, "nothing more to say")

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> "FakeEndpoint":
        """Begin to listen."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextlib.contextmanager
def serve_alone(text: str = "word " * 11) -> Iterator[str]:
    """Serve one text in a process of its own, so that the caller's CPU time is its own."""
    code = "import sys; from backend.fake_endpoint import serve; serve(sys.argv[1])"
    path = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
    with subprocess.Popen(
        [sys.executable, "-c", code, text],
        stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": path},
    ) as process:  # fmt: skip
        assert process.stdout is not None and process.stdin is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()
            process.wait(10)


def serve(text: str) -> None:
    """Say the address, and serve until nobody holds standard input any more."""
    with FakeEndpoint(otherwise=lambda body: chat(text)) as fake:
        sys.stdout.write(f"{fake.url}\n")
        sys.stdout.flush()
        sys.stdin.read()
