"""The only way to Stripe: few calls at a time, none for long, and none while it is down.

The SDK blocks, so it works in a few threads of its own. A call waits for a
thread, not for ever, and holds no database connection meanwhile (see
`billing`). When Stripe fails several times in a row, calls are refused at once
for a while, so that a Stripe that hangs costs requests nothing.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
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
from reference_app.settings import Settings

_log = structlog.get_logger()

Json = dict[str, Any]

_THREADS = 4
_MOST_WAITING = 16
_FAILURES_TO_STOP = 3
_STOPPED_S = 5.0
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
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="stripe")
        self._free = asyncio.Semaphore(_THREADS)
        self._waiting = 0
        self._failures = 0
        self._stopped_until = 0.0

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
        if self._waiting >= _MOST_WAITING:
            raise _unavailable(1)
        self._waiting += 1
        try:
            async with self._free:
                self._refuse_if_stopped()
                answer = await self._answer(client, call)
        finally:
            self._waiting -= 1
        return answer

    async def _answer(
        self, client: stripe.StripeClient, call: Callable[[stripe.StripeClient], Any]
    ) -> Json:
        loop = asyncio.get_running_loop()
        try:
            answer: Json = await loop.run_in_executor(
                self._threads, lambda: call(client).to_dict(for_json=True)
            )
        except stripe.StripeError as error:
            self._failed(error)
        self._failures = 0
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
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _refuse_if_stopped(self) -> None:
        left = self._stopped_until - monotonic()
        if left > 0:
            raise _unavailable(1 + int(left))

    def _failed(self, error: stripe.StripeError) -> NoReturn:
        if isinstance(error, stripe.CardError):
            self._failures = 0
            detail = error.user_message or "The card was refused."
            raise PaymentError("card_refused", detail) from error
        if isinstance(error, stripe.InvalidRequestError | stripe.IdempotencyError):
            self._failures = 0
            reason, param = str(error.code or ""), str(getattr(error, "param", None) or "")
            _log.warning("Stripe refused", reason=reason, param=param)
            raise StripeRefusedError(reason, param) from error
        self._failures += 1
        if self._failures >= _FAILURES_TO_STOP:
            self._stopped_until = monotonic() + _STOPPED_S
        _log.warning("Stripe failed", error=type(error).__name__, status=error.http_status)
        raise _unavailable(int(_STOPPED_S)) from error


def _unavailable(retry_after_s: int) -> UnavailableError:
    return UnavailableError(
        "billing_unavailable",
        "The payment service does not answer. Try again in a moment.",
        retry_after_s=retry_after_s,
    )
