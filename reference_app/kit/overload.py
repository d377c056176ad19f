"""More is asked for at once than can be done in time: what is too much is refused at once."""

from random import randint

from reference_app.errors import UnavailableError
from reference_app.kit import metrics

_RETRY_WITHIN_S = 3


def overloaded(group: str) -> UnavailableError:
    """The refusal, counted under `group`. Those refused together are not to return together."""
    metrics.overloaded(group)
    return UnavailableError(
        "overloaded",
        "Too much is going on just now. Try again in a moment.",
        retry_after_s=randint(1, _RETRY_WITHIN_S),  # noqa: S311 - spreads returns, keeps no secret
    )
