"""What the users pay, what it costs to be paid, and what is left."""

from pathlib import Path

from capacity.inputs import Inputs, read_inputs

_FILE = Path(__file__).with_name("revenue.toml")


def revenue_inputs(path: Path = _FILE) -> Inputs:
    """The assumptions about money. Raises `InputError` for a file that cannot be used."""
    return read_inputs(path)
