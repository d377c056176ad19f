"""A day's curve of load: one shape, stretched to the peak an input asks for."""

from functools import cache
from pathlib import Path

import numpy as np

from capacity.inputs import Array, InputError, document

MINUTES = 1440
_FILE = Path(__file__).with_name("day.toml")
_STEEPEST = 20.0
"""Beyond it all of a day's load lies in its busiest hour: a peak of 24 times the mean."""


@cache
def shape(path: Path = _FILE) -> Array:
    """The day's load by the minute, its mean 1; hours joined by straight lines.

    Raises `InputError` unless the file holds 24 positive hours.
    """
    hours = np.array(document(path).get("hours", []), dtype=float)
    if hours.shape != (24,) or not (hours > 0).all():
        raise InputError(f"{path.name}: hours must be 24 positive numbers")
    minutes = np.interp(np.arange(MINUTES) / 60, np.arange(25), np.append(hours, hours[0]))
    return np.asarray(minutes / minutes.mean())


@cache
def _steepness() -> tuple[Array, Array]:
    """Peaks over mean of shape ** g, and the g; both rising."""
    exponents = np.linspace(0.0, _STEEPEST, 201)
    peaks = np.array([(raised := shape() ** g).max() / raised.mean() for g in exponents])
    return peaks, exponents


def curve(over_mean: Array) -> tuple[Array, Array]:
    """Exponents g and means m: at minute t the load over its mean is shape[t] ** g / m.

    A power keeps the shape positive and its hours in order whatever the peak; g follows from
    `over_mean` by interpolation.
    """
    peaks, exponents = _steepness()
    exponent = np.interp(over_mean, peaks, exponents)
    means = np.array([(shape() ** g).mean() for g in exponents])
    return exponent, np.interp(exponent, exponents, means)
