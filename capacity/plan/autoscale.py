"""The blueprint's autoscaler, minute by minute over a day's curve."""

from dataclasses import dataclass

import numpy as np

from capacity.inputs import Array
from capacity.plan.rules import Autoscale
from capacity.population.day import MINUTES, curve, shape

_EVENING = 480
"""Minutes before midnight a simulation begins, with as many pods as the load then needs."""


@dataclass(frozen=True, slots=True)
class Load:
    """What the pods have to carry, in every draw.

    `mean_cores` are busy cores over the day, `over_mean` the peak over that mean, `sockets`
    those held at the peak; of a pod `vcpu` and, in shares of its memory, `base_memory` with
    nobody there and `socket_memory` for each WebSocket.
    """

    mean_cores: Array
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
    count = load.mean_cores.shape
    most = np.maximum(most, rule.least)
    hot, cold = np.zeros(count), np.zeros(count)
    total, peak, short = np.zeros(count), np.zeros(count), np.zeros(count)
    exponent, mean = curve(load.over_mean)
    log_shape = np.log(shape())
    cores_per_share = load.mean_cores / mean
    top = load.over_mean * mean
    evening = cores_per_share * np.exp(exponent * log_shape[-_EVENING])
    pods = np.clip(np.ceil(evening / load.vcpu / rule.up_cpu), rule.least, most)
    for minute in range(-_EVENING, MINUTES):
        level = np.exp(exponent * log_shape[minute % MINUTES])
        cores = cores_per_share * level
        cpu = cores / (pods * load.vcpu)
        sockets = load.sockets * level / top
        memory = load.base_memory + sockets / pods * load.socket_memory
        if minute >= 0:
            total += pods
            short += cpu > 1
            np.maximum(peak, pods, out=peak)
        hot = np.where((cpu > rule.up_cpu) | (memory > rule.up_memory), hot + 1, 0.0)
        cold = np.where((cpu < rule.down_cpu) & (memory < rule.down_memory), cold + 1, 0.0)
        up, down = hot >= rule.up_minutes, cold >= rule.down_minutes
        step = np.maximum(1.0, np.floor(pods / 10))
        pods = np.clip(pods + step * up - step * down, rule.least, most)
        hot[up], cold[down] = 0.0, 0.0
    return Day(total / MINUTES, peak, short)
