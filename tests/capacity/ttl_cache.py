"""Caches with expiry, lived through request by request: what the closed forms are held against.

Poisson requests for keys by Zipf's law; in front a cache with a short life, behind it processes
each with a memory, then one cache for all. A key is loaded for one life; copies of it keep that
life's end. Knows nothing of the code under test.
"""

from bisect import bisect
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from random import Random


@dataclass(frozen=True, slots=True)
class Caches:
    """Keys and their lives in seconds; `front_s` is 0 where nothing stands in front."""

    keys: int
    life_s: float
    processes: int
    front_s: float = 0.0

    def answered(self, rate: float, seconds: float, seed: int = 1) -> Iterator[tuple[float, str]]:
        """When each request came and who answered it: nginx, l1, l2, db; from cold."""
        chance = Random(seed)
        popularity = list(accumulate(1 / rank for rank in range(1, self.keys + 1)))
        front: dict[int, float] = {}
        shared: dict[int, float] = {}
        memories: list[dict[int, float]] = [{} for _ in range(self.processes)]
        now = chance.expovariate(rate)
        while now < seconds:
            key = bisect(popularity, chance.random() * popularity[-1])
            memory = memories[chance.randrange(self.processes)]
            if front.get(key, 0.0) > now:
                who = "nginx"
            else:
                if self.front_s:
                    front[key] = now + self.front_s
                if memory.get(key, 0.0) > now:
                    who = "l1"
                elif shared.get(key, 0.0) > now:
                    who, memory[key] = "l2", shared[key]
                else:
                    who = "db"
                    shared[key] = memory[key] = now + self.life_s
            yield now, who
            now += chance.expovariate(rate)

    def shares(self, rate: float, seconds: float, seed: int = 1) -> dict[str, float]:
        """Shares by who answered, once two lives have passed."""
        told = self.answered(rate, seconds, seed)
        counts = Counter(who for at, who in told if at > 2 * self.life_s)
        return {who: counts[who] / counts.total() for who in ("nginx", "l1", "l2", "db")}
