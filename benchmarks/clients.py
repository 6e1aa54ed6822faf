"""Clients of a served model: one connection each, every answer judged."""

import http.client
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any


class Client:
    """One connection that is kept open."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def call(
        self, method: str, path: str, body: str | None = None, kind: str = "application/json"
    ) -> tuple[int, bytes]:
        """Status and content of the answer.

        Raises:
            OSError, http.client.HTTPException: if there is none.
        """
        self._connection.request(method, path, body, {"Content-Type": kind})
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def ask(self, *rows: dict[str, Any], **more: Any) -> tuple[int, bytes]:
        """Ask for the images of these rows."""
        return self.call("POST", "/invocations", request(*rows, **more))

    def close(self) -> None:
        """End the connection; the next call opens another."""
        self._connection.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def request(*rows: dict[str, Any], **more: Any) -> str:
    """The body of a request for the images of these rows."""
    return json.dumps({"dataframe_records": list(rows), **more})


Exchange = tuple[str, bytes]
"""The body of a request, and that of its right answer."""


@dataclass
class Tally:
    """What came of requests."""

    seconds: list[float] = field(default_factory=list)
    lost: int = 0
    wrong: int = 0

    def exchange(self, client: Client, body: str, right: bytes) -> None:
        """Make a request and judge its answer."""
        began = time.perf_counter()
        try:
            status, answer = client.call("POST", "/invocations", body)
        except (OSError, http.client.HTTPException):
            client.close()
            status, answer = 0, b""
        self.seconds.append(time.perf_counter() - began)
        self.lost += status != 200
        self.wrong += status == 200 and answer != right


def press(
    port: int, known: list[Exchange], clients: int, numbers: Iterator[int], until: float
) -> Tally:
    """Ask from so many clients until that time (`time.monotonic`), or no number is left."""

    def one(tally: Tally) -> Tally:
        with Client(port) as client:
            for number in numbers:
                tally.exchange(client, *known[number % len(known)])
                if time.monotonic() > until:
                    break
        return tally

    with ThreadPoolExecutor(clients) as pool:
        tallies = list(pool.map(one, [Tally() for _ in range(clients)]))
    return Tally(
        [second for tally in tallies for second in tally.seconds],
        sum(tally.lost for tally in tallies),
        sum(tally.wrong for tally in tallies),
    )
