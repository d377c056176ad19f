"""A demand model made up for tests: no figure in it was ever measured."""

from pathlib import Path

from capacity.demands import DemandModel
from capacity.store import read_model

FOLDER = Path(__file__).with_name("made-up")


def model() -> DemandModel:
    return read_model(FOLDER)
