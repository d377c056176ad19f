"""The blueprint's autoscaler over a day."""

import numpy as np

from capacity.plan.autoscale import Load, simulate
from capacity.plan.rules import read_rules
from capacity.population.day import curve, shape

RULE = read_rules().autoscale


def load(
    mean_cores: float, over_mean: float = 3.0, sockets: float = 0.0, idle_cores: float = 0.0
) -> Load:
    return Load(
        mean_cores=np.array([mean_cores]),
        idle_cores=np.array([idle_cores]),
        over_mean=np.array([over_mean]),
        sockets=np.array([sockets]),
        vcpu=1.0,
        base_memory=np.array([0.3]),
        socket_memory=np.array([0.0001]),
    )


def test_a_small_load_stays_at_the_least() -> None:
    day = simulate(load(0.2), RULE, np.array([10.0]))
    assert (day.mean_pods[0], day.peak_pods[0], day.short_minutes[0]) == (2, 2, 0)


def test_pods_follow_the_load_up_and_down() -> None:
    day = simulate(load(2.0), RULE, np.array([10.0]))
    # six cores at the peak want nine pods below 70 %; at night two do
    assert day.peak_pods[0] == 9
    assert 2 < day.mean_pods[0] < 9
    assert day.short_minutes[0] == 0


def test_the_most_pods_are_a_ceiling_that_shows() -> None:
    day = simulate(load(2.0), RULE, np.array([4.0]))
    assert day.peak_pods[0] == 4
    exponent, mean = curve(np.array([3.0]))
    over = (2.0 * shape() ** exponent[0] / mean[0] > 4).sum()
    assert day.short_minutes[0] == over > 0


def test_memory_of_sockets_brings_pods_too() -> None:
    quiet, crowded = (
        simulate(load(0.2, sockets=sockets), RULE, np.array([10.0])) for sockets in (0, 20_000)
    )
    assert quiet.peak_pods[0] == 2
    # 0.3 + 20,000 / pods x 0.0001 is at 0.8 with four pods
    assert crowded.peak_pods[0] == 4


def test_what_a_pod_uses_with_no_load_is_used_by_each() -> None:
    # 0.75 of a core in every pod is above 70 % however many there are
    assert simulate(load(0.2, idle_cores=0.75), RULE, np.array([10.0])).mean_pods[0] == 10
    assert simulate(load(0.2, idle_cores=0.3), RULE, np.array([10.0])).peak_pods[0] == 2


def test_pods_stay_where_memory_is_not_low() -> None:
    # the blueprint wants memory below 40 % before a pod goes; workers alone may take more
    rule = RULE.model_copy(update={"down_memory": 0.3})
    assert simulate(load(2.0), rule, np.array([10.0])).mean_pods[0] == 9


def test_draws_do_not_touch_each_other() -> None:
    both = Load(
        *(
            np.concatenate([getattr(load(0.2), name), getattr(load(2.0), name)])
            if isinstance(getattr(load(0.2), name), np.ndarray)
            else getattr(load(0.2), name)
            for name in Load.__dataclass_fields__
        )
    )
    day = simulate(both, RULE, np.array([10.0, 10.0]))
    assert day.mean_pods[0] == simulate(load(0.2), RULE, np.array([10.0])).mean_pods[0]
    assert day.mean_pods[1] == simulate(load(2.0), RULE, np.array([10.0])).mean_pods[0]
