"""The stack's errors: one clear line, with the log's last lines below it."""

from capacity.errors import HmbError


class StackError(HmbError):
    """The stack could not do what was asked; `details` holds a server's last log lines."""
