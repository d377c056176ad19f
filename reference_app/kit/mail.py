"""Letters to people. Posting one never waits and never fails a request."""

import structlog

_log = structlog.get_logger()


class Mail:
    """Takes letters to send. Made once per worker."""

    def post(self, to: str, subject: str, text: str) -> None:
        """Have a plain-text letter sent soon; whether it arrives is not known here."""
        _log.info("letter", subject=subject, letters=len(text), domain=to.rpartition("@")[2])
