"""The blueprint's autoscaler, minute by minute over a day's curve."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from capacity.inputs import Array
from capacity.plan.rules import Autoscale
from capacity.population.day import MINUTES, curve, shape

_EVENING = 480
"""Minutes before midnight a simulation begins, with as many pods as the load then needs."""
_ROUGH = 1.01
"""A stretched curve meets its peak within 1 %."""


@dataclass(frozen=True, slots=True)
class Load:
    """What the pods have to carry, in every draw.

    `mean_cores` are busy cores over the day, `idle_cores` what each pod uses with no load,
    `over_mean` the peak over the mean, `sockets` those held at the peak; of a pod `vcpu` and,
    in shares of its memory, `base_memory` with nobody there and `socket_memory` for each
    WebSocket.
    """

    mean_cores: Array
    idle_cores: Array
    over_mean: Array
    sockets: Array
    vcpu: float
    base_memory: Array
    socket_memory: Array


@dataclass(frozen=True, slots=True)
class Day:
    """A day under the autoscaler, in every draw.

    `mean_pods` over the day, `peak_pods` the most at a time, `short_minutes` in which the
    load was more than the pods had cores.
    """

    mean_pods: Array
    peak_pods: Array
    short_minutes: Array


def simulate(load: Load, rule: Autoscale, most: Array) -> Day:
    """One day of many equal ones, up to `most` pods; the evening before finds its level.

    A step is one pod, or a tenth of the pods where there are more than ten. After a step
    the wait begins anew, as the pods' use has to be seen first.
    """
    least = np.full(load.mean_cores.shape, float(rule.least))
    day = Day(least, least.copy(), np.zeros_like(least))
    # where the least pods never see a limit nothing happens all day
    cpu = (load.mean_cores * load.over_mean * _ROUGH / least + load.idle_cores) / load.vcpu
    memory = load.base_memory + load.sockets / least * load.socket_memory
    moving = (cpu > rule.up_cpu) | (memory > rule.up_memory)
    if moving.any():
        some = Load(
            mean_cores=load.mean_cores[moving],
            idle_cores=load.idle_cores[moving],
            over_mean=load.over_mean[moving],
            sockets=load.sockets[moving],
            vcpu=load.vcpu,
            base_memory=load.base_memory[moving],
            socket_memory=load.socket_memory[moving],
        )
        seen = _walked(some, rule, np.maximum(most[moving], rule.least))
        day.mean_pods[moving] = seen.mean_pods
        day.peak_pods[moving] = seen.peak_pods
        day.short_minutes[moving] = seen.short_minutes
    return day


def minutes(load: Load, rule: Autoscale, most: Array) -> Iterator[tuple[Array, Array]]:
    """Pods, and the share of their cores in use, in each minute of the day, in every draw.

    An evening goes before it in which the number of pods finds its level.
    """
    count = load.mean_cores.shape
    hot, cold = np.zeros(count), np.zeros(count)
    exponent, mean = curve(load.over_mean)
    levels = np.log(shape())
    cores_at_one, idle = load.mean_cores / mean / load.vcpu, load.idle_cores / load.vcpu
    memory_at_one = load.sockets / (load.over_mean * mean) * load.socket_memory
    evening = cores_at_one * np.exp(exponent * levels[-_EVENING])
    pods = np.clip(np.ceil(evening / rule.up_cpu), rule.least, most)
    for minute in range(-_EVENING, MINUTES):
        level = np.exp(exponent * levels[minute % MINUTES]) / pods
        cpu = cores_at_one * level + idle
        memory = load.base_memory + memory_at_one * level
        if minute >= 0:
            yield pods, cpu
        hot = (hot + 1) * ((cpu > rule.up_cpu) | (memory > rule.up_memory))
        cold = (cold + 1) * ((cpu < rule.down_cpu) & (memory < rule.down_memory))
        up, down = hot >= rule.up_minutes, cold >= rule.down_minutes
        if up.any() or down.any():
            step = np.maximum(1.0, np.floor(pods / 10))
            pods = np.clip(pods + step * up - step * down, rule.least, most)
            hot[up], cold[down] = 0.0, 0.0


def _walked(load: Load, rule: Autoscale, most: Array) -> Day:
    """The day minute by minute."""
    count = load.mean_cores.shape
    total, peak, short = np.zeros(count), np.zeros(count), np.zeros(count)
    for pods, cpu in minutes(load, rule, most):
        total += pods
        short += cpu > 1
        np.maximum(peak, pods, out=peak)
    return Day(total / MINUTES, peak, short)
