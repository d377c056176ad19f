"""Who uses the board: from registered users to requests at the busiest second."""

from pathlib import Path

from capacity.inputs import Inputs, read_inputs

_FILE = Path(__file__).with_name("population.toml")


def population_inputs(path: Path = _FILE) -> Inputs:
    """The assumptions about people. Raises `InputError` for a file that cannot be used."""
    return read_inputs(path)
