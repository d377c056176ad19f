"""How long the caches of the system under test keep what each endpoint answers: `expiries.toml`."""

import tomllib
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

_FILE = Path(__file__).with_name("expiries.toml")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Kept(_Part):
    """Endpoints whose answers are kept for `life_s` seconds; `public` ones by nginx as well.

    `keys` is how many different answers there are, None where that is to be found out.
    """

    name: str
    life_s: float = Field(gt=0)
    public: bool
    keys: int | None = Field(default=None, ge=1)
    endpoints: tuple[str, ...]


class Expiries(_Part):
    """The whole file; `nginx_s` is how many seconds nginx keeps a public page."""

    nginx_s: float = Field(gt=0)
    kept: tuple[Kept, ...]

    def of(self, endpoint: str) -> Kept | None:
        """How the answers of `endpoint` (as in the record) are kept; None when they are not."""
        return next((one for one in self.kept if endpoint in one.endpoints), None)

    @property
    def longest_s(self) -> float:
        """The longest life of all."""
        return max(one.life_s for one in self.kept)


@cache
def expiries() -> Expiries:
    """The caches of the reference app."""
    return Expiries.model_validate(tomllib.loads(_FILE.read_text(encoding="utf-8")))
