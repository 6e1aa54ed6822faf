"""A message by HTTP, its address told to nobody."""

from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from whichgen.errors import WhichgenError


class _NoRedirect(HTTPRedirectHandler):
    """A redirect would carry the message to a host that nobody chose."""

    def redirect_request(self, *args: Any) -> None:
        """Follow none: urllib then raises the answer as an `HTTPError`."""


def post(address: str, body: bytes, timeout: float) -> None:
    """POST JSON; an answer other than 2xx is an error.

    It is urllib's, which logs nothing: requests logs an address's path at level DEBUG.

    Args:
        timeout: seconds, for the connection and for each wait for an answer.

    Raises:
        WhichgenError: what happened, without the address.
    """
    # http is to this machine itself: by no proxy. None: those that the environment names.
    proxies: dict[str, str] | None = {} if address.startswith("http:") else None
    opener = build_opener(ProxyHandler(proxies), _NoRedirect)
    request = Request(address, body, {"Content-Type": "application/json"})
    try:
        opener.open(request, timeout=timeout).close()
    except HTTPError as error:
        error.close()
        redirect = ", a redirect, which is not followed" if 300 <= error.code < 400 else ""
        raise WhichgenError(f"webhook: answered {error.code}{redirect}") from None
    except (OSError, HTTPException) as error:
        reason = error.reason if isinstance(error, URLError) else error
        if isinstance(reason, TimeoutError):
            raise WhichgenError(f"webhook: no answer within {timeout:g} s") from None
        raise WhichgenError(f"webhook: no connection ({type(reason).__name__})") from None
