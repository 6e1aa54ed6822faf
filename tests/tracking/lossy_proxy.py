"""A server before a server that passes every request on, and loses answers when told to."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


class LossyProxy(ThreadingHTTPServer):
    """On loopback, before the server at `port`.

    Attributes:
        answers: how many answers it still gives; afterwards requests are carried out, and the
            connection is closed without a word.
    """

    def __init__(self, port: int, answers: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind, self.answers = port, answers

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: LossyProxy

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {k: v for k, v in self.headers.items() if k.lower() != "host"}
        behind = HTTPConnection("127.0.0.1", self.server.behind, timeout=60)
        behind.request(self.command, self.path, body, headers)
        answer = behind.getresponse()
        content = answer.read()
        behind.close()
        if self.server.answers <= 0:
            self.close_connection = True
            return
        self.server.answers -= 1
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.getheader("Content-Type", "application/json"))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass_on  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def lossy_proxy(port: int, answers: int) -> Iterator[LossyProxy]:
    """A proxy that serves until the end of the block."""
    with LossyProxy(port, answers) as proxy:
        thread = Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield proxy
        proxy.shutdown()
        thread.join()
