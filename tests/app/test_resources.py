"""What a pod may use: its control group's limits where there are any, else the machine's."""

import os
from pathlib import Path

import pytest

from reference_app.kit.resources import cpu_limit, memory_limit


@pytest.mark.parametrize(("told", "cores"), [("150000 100000", 1.5), ("50000 100000", 0.5)])
def test_a_group_limits_cpu(tmp_path: Path, told: str, cores: float) -> None:
    (tmp_path / "cpu.max").write_text(f"{told}\n")
    assert cpu_limit(tmp_path) == cores


@pytest.mark.parametrize("told", ["max 100000", "", None])
def test_without_a_quota_the_machine_limits_cpu(tmp_path: Path, told: str | None) -> None:
    if told is not None:
        (tmp_path / "cpu.max").write_text(told)
    assert cpu_limit(tmp_path) == os.cpu_count()


def test_a_group_limits_memory(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("1073741824\n")
    assert memory_limit(tmp_path) == 2**30
    (tmp_path / "memory.max").write_text("max\n")
    assert memory_limit(tmp_path) > 2**30
