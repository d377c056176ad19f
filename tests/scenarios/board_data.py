"""Load data for tests that need no board behind it."""

import json
from pathlib import Path
from typing import Any

from scenarios.load_data import LoadData


def document(seekers: int = 40, employers: int = 10) -> dict[str, Any]:
    """What the stack exports, with made-up ids and tokens that never end."""

    def session(number: int, kind: str) -> dict[str, Any]:
        return {
            "id": number,
            "email": f"{kind}{number}@example.com",
            "access_token": f"access-{kind}-{number}",
            "refresh_token": f"refresh-{kind}-{number}",
        }

    return {
        "seed": 1,
        "scale": "small",
        "password": "a password",
        "jobs": list(range(1000, 1200)),
        "companies": list(range(50, 80)),
        "people": list(range(300, 340)),
        "searches": [{"q": "cook", "weight": 3}, {"q": "boat builder", "weight": 1}],
        "islands": ["abaco", "exuma"],
        "categories": ["retail", "tourism"],
        "seekers": [session(number, "seeker") for number in range(seekers)],
        "employers": [
            {**session(number, "employer"), "company_id": 50 + number, "job_ids": [number, 900]}
            for number in range(employers)
        ],
    }


def load_data(**sizes: int) -> LoadData:
    """The same, read."""
    return LoadData.model_validate(document(**sizes))


def load_file(folder: Path, **sizes: int) -> Path:
    """The same, as a file."""
    path = folder / "load.json"
    path.write_text(json.dumps(document(**sizes)))
    return path
