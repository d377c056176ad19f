"""Advertising: a handful of campaigns that run, so that a fresh board shows some."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from reference_app.seed.companies import Companies
from reference_app.seed.lines import DAY, NULL, generator, stamps
from reference_app.seed.popularity import Ints
from reference_app.seed.words import table

COLUMNS = (
    "id",
    "owner_id",
    "title",
    "body",
    "target_url",
    "placement",
    "island",
    "category",
    "starts_at",
    "ends_at",
    "daily_impressions",
    "total_impressions",
    "cpm_cents",
    "status",
    "created_at",
    "updated_at",
)


@dataclass(frozen=True, slots=True)
class Campaigns:
    """Campaigns in the data file's order; id = position + 1.

    `owner` is a position among the people; `starts` in seconds since 1970.
    """

    owner: Ints
    starts: Ints
    days: int
    told: list[dict[str, Any]]


def plan_campaigns(companies: Companies, day: int) -> Campaigns:
    """What runs on `day` (seconds since 1970), each of another employer."""
    rng = generator(companies.seed, "campaigns")
    words = table("campaigns")
    told = words["campaigns"]
    owner = rng.choice(companies.owner, len(told), replace=False)
    age = rng.integers(DAY, words["days_since_start"] * DAY, len(told))
    return Campaigns(owner, day - age, words["days_to_run"], told)


def campaign_rows(campaigns: Campaigns) -> Iterator[str]:
    """The campaigns' lines for COPY."""
    columns = zip(
        campaigns.told,
        campaigns.owner.tolist(),
        stamps(campaigns.starts),
        stamps(campaigns.starts + campaigns.days * DAY),
        strict=True,
    )
    for n, (each, owner, starts, ends) in enumerate(columns):
        where = "\t".join(each.get(name, NULL) for name in ("placement", "island", "category"))
        yield (
            f"{n + 1}\t{owner + 1}\t{each['title']}\t{each['text']}\t"
            f"https://{each['slug']}.example.com\t{where}\t{starts}\t{ends}\t"
            f"{each['daily']}\t{each['daily'] * campaigns.days}\t{each['cpm']}\trunning\t"
            f"{starts}\t{starts}\n"
        )
