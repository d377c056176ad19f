"""The richer page of a company: told while the owner's tier has it, kept when it has not."""

import asyncio
from typing import Any

import pytest

from reference_app.subscriptions.tiers import Tier
from tests.app.life import Running, problem
from tests.app.rows import execute

_WHOLE = {
    "cover_text": "We build boats.",
    "about": "Since 1962, in Man-O-War Cay.",
    "size": "11-50",
    "benefits": ["Health insurance", "Staff housing"],
}


async def test_a_profile_shows_at_once_and_is_written_as_a_whole(app: Running) -> None:
    owner = await app.employer()
    path = f"/companies/{owner.company['id']}"
    assert (await app.client.get(path)).json()["profile"] is None
    changed = await owner.send("PUT", f"{path}/profile", _WHOLE, expect=200)
    assert changed.json()["profile"] == _WHOLE
    shown = (await app.client.get(path)).json()
    assert shown == changed.json()
    answers = await asyncio.gather(
        *(owner.send("PUT", f"{path}/profile", {"about": "New."}) for _ in range(4))
    )
    assert {answer.status_code for answer in answers} == {200}
    shown = (await app.client.get(path)).json()["profile"]
    assert shown == {"cover_text": "", "about": "New.", "size": None, "benefits": []}
    # The basics change without it, and tell it all the same.
    basics = await owner.patch(path, website="https://conch.example.com", expect=200)
    assert basics.json()["profile"] == shown
    assert execute(app, "SELECT count(*) FROM company_profiles") == [1]


async def test_a_profile_is_of_the_tiers_that_have_it(app: Running) -> None:
    owner, other = await app.employer(Tier.PRO), await app.employer()
    path = f"/companies/{owner.company['id']}"
    told = problem(await owner.send("PUT", f"{path}/profile", _WHOLE), 403, "not_in_tier")
    assert (told["feature"], told["upgrade_tier"]) == ("company_page", "business")
    answer = await other.send("PUT", f"{path}/profile", _WHOLE)
    problem(answer, 403, "not_your_company")
    answer = await other.send("PUT", "/companies/999/profile", _WHOLE)
    problem(answer, 404, "company_not_found")
    await app.give(owner, Tier.BUSINESS)
    await owner.send("PUT", f"{path}/profile", _WHOLE, expect=200)
    execute(
        app,
        "UPDATE subscriptions SET entitled_until = now() WHERE tier = 'business' AND user_id = %s",
        owner.id,
    )
    # Whatever is written next reads the tier anew.
    changed = await owner.patch(path, description="Boats.", expect=200)
    assert changed.json()["profile"] is None
    assert (await app.client.get(path)).json()["profile"] is None
    await app.give(owner, Tier.ENTERPRISE)
    changed = await owner.patch(path, description="More boats.", expect=200)
    assert changed.json()["profile"] == _WHOLE


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": "12"},
        {"benefits": ["x"] * 21},
        {"benefits": [""]},
        {"cover_text": "x" * 201},
        {"about": "\x00"},
        {"logo": "x"},
    ],
)
async def test_a_profile_that_makes_no_sense_is_refused(
    app: Running, wrong: dict[str, Any]
) -> None:
    owner = await app.employer()
    answer = await owner.send("PUT", f"/companies/{owner.company['id']}/profile", wrong)
    problem(answer, 422, "invalid_request")
