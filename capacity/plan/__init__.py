"""From a population and measured demands to resources, their cost, and what they earn."""

from pathlib import Path

from capacity.inputs import Inputs, read_inputs

_FILE = Path(__file__).with_name("plan.toml")


def plan_inputs(path: Path = _FILE) -> Inputs:
    """The assumptions beside people and demands. Raises `InputError` for an unusable file."""
    return read_inputs(path)
