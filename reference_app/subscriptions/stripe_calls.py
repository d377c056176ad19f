"""The only way to Stripe: few calls at a time, none for long, and none while it is down.

The SDK blocks, so it works in threads (`kit.outside`). A call holds no database
connection meanwhile (see `billing`).
"""

from collections.abc import Callable
from typing import Any, NoReturn

import stripe
import structlog

from reference_app.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    PaymentError,
    UnavailableError,
)
from reference_app.kit.outside import Outside
from reference_app.settings import Settings

_log = structlog.get_logger()

Json = dict[str, Any]

_SIGNATURE_TOLERANCE_S = 300


class StripeRefusedError(ConflictError):
    """Stripe understood and refused. `reason` is its code, e.g. `resource_missing`."""

    def __init__(self, reason: str, param: str) -> None:
        super().__init__(
            "billing_refused", "That does not fit what the payment service knows. Look again."
        )
        self.reason = reason
        self.param = param

    @property
    def is_missing(self) -> bool:
        """Whether Stripe knows nothing by the id it was given."""
        return self.reason == "resource_missing"


class Stripe:
    """One worker's calls to Stripe."""

    def __init__(self, settings: Settings) -> None:
        key, secret = settings.stripe_secret_key, settings.stripe_webhook_secret
        self._webhook_secret = None if secret is None else secret.get_secret_value()
        self._client = None
        if key is not None:
            self._client = stripe.StripeClient(
                key.get_secret_value(),
                base_addresses={"api": settings.stripe_api_url.rstrip("/")},
                http_client=stripe.RequestsClient(timeout=settings.stripe_timeout_seconds),
                # Who asked may ask again; what must not happen twice has a key of its own.
                max_network_retries=0,
            )
        self._outside = Outside("stripe", settings.slots_for_one_thing, _unavailable)

    @property
    def client(self) -> stripe.StripeClient:
        """The SDK. Raises `UnavailableError` where no key is set."""
        if self._client is None:
            raise UnavailableError("billing_not_configured", "Nothing can be bought here yet.")
        return self._client

    async def ask(self, call: Callable[[stripe.StripeClient], Any]) -> Json:
        """What Stripe answers to `call`, as plain JSON.

        Raises `UnavailableError` when it does not answer, `PaymentError` when a
        card is refused, `StripeRefusedError` when Stripe refuses the rest.
        """
        client = self.client
        try:
            answer: Json = await self._outside.call(lambda: call(client).to_dict(for_json=True))
        except stripe.StripeError as error:
            self._failed(error)
        self._outside.answered()
        return answer

    def event(self, body: bytes, signature: str | None) -> Json:
        """The event that `body` tells of, if Stripe signed it within five minutes.

        Raises `InvalidError` for any other, `NotFoundError` where no secret is set.
        """
        if self._webhook_secret is None:
            raise NotFoundError("webhook_disabled", "Events are not taken here.")
        try:
            event = self.client.construct_event(
                body, signature, self._webhook_secret, tolerance=_SIGNATURE_TOLERANCE_S
            )
            told: Json = event.to_dict(for_json=True)
        except (stripe.SignatureVerificationError, ValueError) as error:
            raise InvalidError("invalid_signature", "Stripe did not sign this.") from error
        return told

    def close(self) -> None:
        """Take no more calls; those under way end by themselves."""
        self._outside.close()

    def _failed(self, error: stripe.StripeError) -> NoReturn:
        if isinstance(error, stripe.CardError):
            self._outside.answered()
            detail = error.user_message or "The card was refused."
            raise PaymentError("card_refused", detail) from error
        if isinstance(error, stripe.InvalidRequestError | stripe.IdempotencyError):
            self._outside.answered()
            reason, param = str(error.code or ""), str(getattr(error, "param", None) or "")
            _log.warning("Stripe refused", reason=reason, param=param)
            raise StripeRefusedError(reason, param) from error
        _log.warning("Stripe failed", error=type(error).__name__, status=error.http_status)
        raise self._outside.failed() from error


def _unavailable(retry_after_s: int) -> UnavailableError:
    return UnavailableError(
        "billing_unavailable",
        "The payment service does not answer. Try again in a moment.",
        retry_after_s=retry_after_s,
    )
