"""Which journeys a load is made of: what a person named."""

from pathlib import Path
from typing import TYPE_CHECKING

from capacity.errors import UsageError

if TYPE_CHECKING:
    from scenarios.catalogue import Scenario


def journeys_named(scenario: str, population: Path | None = None) -> "Scenario | Path":
    """The built-in scenario of that name, with its people of a `population`, or the locustfile.

    Raises `UsageError` for neither, and for a population that cannot be.
    """
    from scenarios import catalogue
    from scenarios.population import read_profile

    if not scenario.endswith(".py"):
        found = catalogue.load(scenario)
        return found if population is None else catalogue.peopled(found, read_profile(population))
    if population is not None:
        raise UsageError(
            "--population picks accounts for built-in scenarios; a locustfile has its own"
        )
    if not Path(scenario).is_file():
        raise UsageError(f"there is no locustfile {scenario}")
    return Path(scenario)
