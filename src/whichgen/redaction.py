"""Credentials kept out of what is said, logged and published."""

import re

# scheme://user:password@host: all between the slashes and the last @ before the next slash.
_USERINFO = re.compile(r"(?<=://)[^\s/?#]+(?=@)")


def redact(text: str) -> str:
    """The text, with the user and the password of every address in it replaced by ***."""
    return _USERINFO.sub("***", text)
