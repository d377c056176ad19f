"""Programs that give way: counted by their own CPU, whoever comes and goes."""

import pytest

from stack.probes import services
from stack.probes.services import ServicesProbe


def _process(nice: int, own: int) -> services._Process:
    return services._Process(parent=1, own_ticks=own, ended_ticks=1000, nice=nice, began=1.0)


def test_only_nicer_programs_count_and_only_what_they_used_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tables = iter(
        [
            {1: _process(19, 100), 2: _process(0, 100)},
            {1: _process(19, 130), 2: _process(0, 900), 3: _process(19, 500)},
            {3: _process(19, 510)},
            {3: _process(19, 510), 4: _process(4, 90)},
        ]
    )
    monkeypatch.setattr(services, "_processes", lambda: next(tables))
    probe = ServicesProbe([])
    ticks = [
        round(reading.value * services._TICKS)
        for _ in range(4)
        for reading in probe.sample()
        if reading.series == "machine.yielding"
    ]
    assert ticks == [0, 30, 40, 40]
