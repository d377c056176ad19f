"""Workers put what they make on pages of their own, not between what they share: really forked."""

import os
import subprocess
import sys

import pytest

_HOLES = 2_000
_SIZES = (64, 96, 208)
_BETWEEN = 128
"""As many objects of one size, at least 64 bytes each, lie on more than one page."""

# An import that leaves one hole on each page; then a worker that makes what would fit in the holes.
# Tells how many kB the worker has that it does not share.
_FORKS = f"""
import gc, os, sys
from reference_app.kit.heap import fill_holes
gc.disable()
stay, go = [], []
for size in {_SIZES}:
    for number in range({_HOLES} * {_BETWEEN}):
        (go if number % {_BETWEEN} == 0 else stay).append(bytes(size - 33))
del go
filled = fill_holes() if sys.argv[1] == "filled" else None

def own():
    with open("/proc/self/smaps_rollup") as rows:
        return next(int(row.split()[1]) for row in rows if row.startswith("Private_Dirty"))

if os.fork() == 0:
    before = own()
    made = [bytes(size - 33) for size in {_SIZES} for _ in range({_HOLES})]
    print(own() - before, flush=True)
    os._exit(0)
os.wait()
"""


def grown_kb(holes: str) -> int:
    """By how much a worker grows that makes as many small objects as there were holes."""
    environment = os.environ | {"PYTHONMALLOC": "default"}
    told = subprocess.check_output([sys.executable, "-c", _FORKS, holes], env=environment)
    return int(told)


@pytest.mark.skipif(sys.platform != "linux", reason="tells memory by /proc")
def test_a_worker_grows_by_what_it_makes_and_not_by_pages_it_shared() -> None:
    makes_kb = _HOLES * sum(_SIZES) / 1024
    # a page for every hole, if nothing is done
    assert grown_kb("left") > 0.8 * _HOLES * len(_SIZES) * 4
    assert makes_kb <= grown_kb("filled") < 2 * makes_kb
