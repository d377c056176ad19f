"""A demand model made up for tests: no figure in it was ever measured."""

from pathlib import Path

from capacity.demands import DemandModel
from capacity.store import read_model

FILE = Path(__file__).with_name("model.json")


def model() -> DemandModel:
    return read_model(FILE)
