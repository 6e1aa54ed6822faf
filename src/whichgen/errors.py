"""The one error that a user's mistake raises."""


class WhichgenError(Exception):
    """A mistake the user can mend.

    The message is one line: what is wrong, with the file, key or flag it is in, and the way out.
    The command line prints it without a traceback and exits with a code other than 0.
    """
