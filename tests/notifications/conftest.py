"""Chat servers on loopback: one that listens, one that never answers, one that sends elsewhere."""

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

CANARY = "T0P-s3cret-p4th"


@dataclass
class Chat:
    """A server with what was posted to it; it answers `status`, and `location` if there is one."""

    address: str = ""
    status: int = 200
    location: str = ""
    posts: list[tuple[str, str, Any]] = field(default_factory=list)


def _handler(chat: Chat) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            chat.posts.append((self.path, self.headers["Content-Type"], json.loads(body)))
            self.send_response(chat.status)
            if chat.location:
                self.send_header("Location", chat.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            chat.posts.append((self.path, "GET", None))
            self.send_error(404)

        def log_message(self, *args: object) -> None:
            pass

    return Handler


def _serve() -> Iterator[Chat]:
    chat = Chat()
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(chat)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        chat.address = f"http://127.0.0.1:{server.server_port}/hooks/{CANARY}"
        yield chat
        server.shutdown()
        thread.join()


@pytest.fixture
def chat() -> Iterator[Chat]:
    """A server that takes messages."""
    yield from _serve()


@pytest.fixture
def elsewhere() -> Iterator[Chat]:
    """A second one."""
    yield from _serve()


@pytest.fixture
def silent_address() -> Iterator[str]:
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/hooks/{CANARY}"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the two configuration folders; nothing comes from the environment."""
    monkeypatch.delenv("WHICHGEN_WEBHOOK", raising=False)
    for layer in ("base", "local"):
        (tmp_path / "conf" / layer).mkdir(parents=True)
    return tmp_path
