"""Serve as vLLM does on a Unix socket, in a way that the first argument says.

python stand_in.py sound|dies|never|stubborn SOCKET
"""

import http.server
import os
import signal
import socketserver
import sys
import time


class _Handler(http.server.BaseHTTPRequestHandler):
    def address_string(self) -> str:
        return "socket"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


def _serve(way: str, path: str) -> None:
    if way == "dies":
        sys.exit("CUDA out of memory")
    if way == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if way == "never":
        time.sleep(60)
    with socketserver.UnixStreamServer(path, _Handler) as server:
        sys.stdout.write(f"{os.getpid()}\n")
        sys.stdout.flush()
        server.serve_forever()


if __name__ == "__main__":
    _serve(*sys.argv[1:])
