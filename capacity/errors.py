"""The errors a person meets. Each is one clear line: what, where, how to mend it."""


class HmbError(Exception):
    """A tool or stack error: the command prints it as one line and exits 1.

    The message is for a person; details worth showing below it (the last lines
    of a server's log, say) go into `details`.
    """

    exit_code = 1

    def __init__(self, message: str, details: str = "") -> None:
        super().__init__(message)
        self.details = details


class UsageError(HmbError):
    """Something asked for that cannot be: the command exits 2, as for a mistyped option."""

    exit_code = 2
