"""Campaigns in the seeded data: they run, and what they say is what the board takes."""

from typing import Any

from reference_app.advertising.schemas import CampaignDraft

_FIELDS = (
    "title, body AS text, target_url, placement, island, category, starts_at, ends_at,"
    " daily_impressions, total_impressions, cpm_cents"
)


def test_they_run_today_and_belong_to_different_employers(loaded: Any) -> None:
    assert loaded.count("campaigns") >= 5
    assert loaded.value(
        "SELECT bool_and(status = 'running' AND now() BETWEEN starts_at AND ends_at"
        " AND users.role = 'employer' AND users.created_at <= campaigns.created_at)"
        " AND count(DISTINCT owner_id) = count(*)"
        " FROM campaigns JOIN users ON users.id = owner_id"
    )


def test_some_are_shown_on_every_page(loaded: Any) -> None:
    everywhere = "placement IS NULL AND island IS NULL AND category IS NULL"
    assert loaded.value(f"SELECT count(*) FROM campaigns WHERE {everywhere}") >= 2  # noqa: S608 - words of ours


def test_each_is_one_that_its_owner_could_have_entered(loaded: Any) -> None:
    names = [name.split()[-1] for name in _FIELDS.split(", ")]
    for row in loaded.rows(f"SELECT {_FIELDS} FROM campaigns"):  # noqa: S608 - words of ours
        CampaignDraft.model_validate(dict(zip(names, row, strict=True)))
