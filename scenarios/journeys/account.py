"""Being signed in: tokens, and how a session begins again."""

import base64
import json
from collections.abc import Callable
from random import Random
from typing import Any

from scenarios.journeys.call import PREFIX, BodyError, Call, a_page, an_object, get, same
from scenarios.journeys.looking import Onlooker
from scenarios.journeys.world import World
from scenarios.load_data import SignedIn

REFRESH_AHEAD_S = 60
"""A token this close to its end is exchanged before anything else is asked."""


class Member(Onlooker):
    """Someone with an account, met in the middle of a session."""

    signs = True

    def __init__(self, world: World, chance: Random, session: SignedIn) -> None:
        super().__init__(world, chance)
        self.person = session.id
        self.tier = session.tier
        self.access_token = session.access_token
        self._email = session.email
        self._refresh_token = session.refresh_token
        self._expires_at = expiry(session.access_token)
        self._shut_out = False
        self._refresh_lost = False

    def actions(self) -> dict[str, Callable[[], Call]]:
        """Everything a visitor can do, and look at oneself."""
        return {**super().actions(), "me": self.me, "subscription": self.subscription}

    def sees_ads(self) -> bool:
        """Whether one is on Free."""
        return self.tier == "free"

    def next_call(self, now: float) -> Call:
        """The next request: signing in again when the token is over, else as ever."""
        if self._refresh_lost:
            return self.sign_in()
        if self._shut_out or (
            self._expires_at is not None and now > self._expires_at - REFRESH_AHEAD_S
        ):
            return self.refresh()
        return super().next_call(now)

    def begin_session(self) -> Call:
        """Come back: with a password, or with the refresh token kept."""
        self.leave()
        call = (
            self.sign_in()
            if self.chance.random() < self.world.scenario.session.password_share
            else self.refresh()
        )
        call.anew = True
        return call

    def shut_out(self, call: Call) -> None:
        """`call` was answered 401: the token it carried is no longer taken."""
        if call.signed:
            self._shut_out = True
        else:
            self._refresh_lost = True

    def sign_in(self) -> Call:
        """A new session by password."""
        body = {"email": self._email, "password": self.world.data.password}
        path = f"{PREFIX}/auth/login"
        return Call("POST", path, path, self._signed_in, body=body)

    def refresh(self) -> Call:
        """A new pair of tokens for the refresh token; that one is used up."""
        body = {"refresh_token": self._refresh_token}
        path = f"{PREFIX}/auth/refresh"
        return Call("POST", path, path, self._signed_in, body=body)

    def me(self) -> Call:
        """One's own account."""

        def check(_status: int, body: Any) -> None:
            same(an_object(body, ("id", "email"), "account")["id"], self.person, "account")

        return get("/auth/me", "/auth/me", check, signed=True)

    def subscription(self) -> Call:
        """What one subscribes to and what is used of it, or what one paid."""
        if self.chance.random() < 0.2:

            def check_payments(_status: int, body: Any) -> None:
                a_page(body, ("id", "status", "amount_paid_cents"), "payment")

            path = "/subscriptions/payments"
            return get(path, path, check_payments, signed=True)

        def check(_status: int, body: Any) -> None:
            own = an_object(body, ("tier", "status", "features", "usage"), "subscription")
            same(own["tier"], self.tier, "tier")
            for item in own["usage"]:
                use = an_object(item, ("feature", "limit", "used"), "use")
                if None not in (use["limit"], use["used"]) and use["used"] > use["limit"]:
                    raise BodyError(f"more {use['feature']} used than allowed")

        return get("/subscriptions/me", "/subscriptions/me", check, signed=True)

    def _signed_in(self, _status: int, body: Any) -> None:
        keys = ("access_token", "refresh_token", "expires_in", "user")
        answer = an_object(body, keys, "session")
        same(an_object(answer["user"], ("id",), "user")["id"], self.person, "user")
        self.access_token = answer["access_token"]
        self._refresh_token = answer["refresh_token"]
        self._expires_at = expiry(self.access_token)
        self._shut_out = self._refresh_lost = False


def expiry(access_token: str) -> float | None:
    """When a JWT ends, as a Unix time; None when the token does not say.

    Read without checking the signature: it only tells when to ask for a new one.
    """
    try:
        payload = access_token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return float(claims["exp"])
    except (IndexError, KeyError, TypeError, ValueError):
        return None
