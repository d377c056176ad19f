"""Test cards: which are accepted, and how each refusal reads. The cards are `cards.toml`."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from stack.stripe.errors import ApiError, declined, invalid


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an issuer says no, in Stripe's words."""

    code: str
    decline_code: str
    message: str

    def failure(self, **details: Any) -> ApiError:
        """The 402 an API caller gets."""
        return declined(self.code, self.message, decline_code=self.decline_code, **details)


@dataclass(frozen=True, slots=True)
class Card:
    """One test card; `attach` and `charge` say what refuses it there, if anything."""

    number: str
    label: str
    brand: str
    tokens: tuple[str, ...]
    attach: Refusal | None
    charge: Refusal | None


@cache
def cards() -> tuple[Card, ...]:
    """Every test card, in the order a person is shown them."""
    text = resources.files("stack.stripe").joinpath("cards.toml").read_text("utf-8")
    data = tomllib.loads(text)
    refusals = {name: Refusal(**fields) for name, fields in data["refusals"].items()}
    return tuple(
        Card(
            number=card["number"],
            label=card["label"],
            brand=card["brand"],
            tokens=tuple(card["tokens"]),
            attach=refusals.get(card["attach"]),
            charge=refusals.get(card["charge"]),
        )
        for card in data["cards"]
    )


def by_number(number: str) -> Card:
    """The card a person typed. Raises `ApiError` for any number that is no test card."""
    digits = number.replace(" ", "").replace("-", "")
    for card in cards():
        if card.number == digits:
            return card
    raise invalid(
        "This server takes test cards only, such as 4242 4242 4242 4242.",
        code="incorrect_number",
        param="card[number]",
    )


def by_token(token: str) -> Card | None:
    """The card behind `pm_card_visa` and the like; None where the token is none of ours."""
    return next((card for card in cards() if token in card.tokens), None)
