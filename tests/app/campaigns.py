"""Advertisers, administrators, and campaigns that run."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from tests.app.life import Person, Running
from tests.app.rows import execute

TARGET = "https://conch.example.com/offer?from=board&x=1"


async def administrator(app: Running) -> Person:
    """Someone who looks after the board."""
    person = await app.person()
    execute(app, "UPDATE users SET role = 'admin' WHERE id = %s", person.id)
    answer = await app.client.post("/auth/refresh", json={"refresh_token": person.refresh_token})
    assert answer.status_code == 200, answer.text
    return Person(app.client, answer.json())


def draft(**given: Any) -> dict[str, Any]:
    """A campaign that fits everywhere and has begun."""
    now = datetime.now(UTC)
    return {
        "title": "Conch fritters",
        "text": "The best on the island.",
        "target_url": TARGET,
        "starts_at": (now - timedelta(hours=1)).isoformat(),
        "ends_at": (now + timedelta(days=30)).isoformat(),
        "daily_impressions": 1_000,
        "total_impressions": 10_000,
        "cpm_cents": 200,
        **given,
    }


async def campaign(owner: Person, **given: Any) -> int:
    """The id of a new draft."""
    answer = await owner.post("/campaigns", expect=201, **draft(**given))
    return int(answer.json()["id"])


async def started(owner: Person, admin: Person, **given: Any) -> int:
    """The id of a new campaign that runs."""
    campaign_id = await campaign(owner, **given)
    await owner.post(f"/campaigns/{campaign_id}/submit", expect=200)
    await admin.post(f"/admin/campaigns/{campaign_id}/approve", expect=200)
    await owner.post(f"/campaigns/{campaign_id}/start", expect=200)
    return campaign_id


async def asked(app: Running, query: str = "placement=jobs") -> httpx2.Response:
    """What someone who is not signed in is shown."""
    return await app.client.get(f"/ads?{query}")


def path_of(answer: httpx2.Response) -> str:
    """The path below /api/v1 of a click on what was shown."""
    assert answer.status_code == 200, answer.text
    return str(answer.json()["click_path"]).removeprefix("/api/v1")
