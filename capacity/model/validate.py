"""How far the model is off: predictions for runs that no fit has seen, beside what they showed."""

from collections.abc import Sequence

from capacity.demands import DemandModel, Held, Tier
from capacity.model import board, measured
from capacity.model.growth import grown, seeded_users
from capacity.model.material import Material
from capacity.model.predict import predict
from capacity.model.remembering import met

AIMED = {
    "throughput": 0.05,
    "mean": 0.15,
    "p95": 0.20,
    "utilisation": 0.05,
    "cache hits": 0.05,
}
"""The held-out errors aimed at, as shares; what is beyond them is marked."""
_LEAST_SHARE = 0.005
"""Tiers that use less of the machine than this, predicted and measured, tell nothing."""


def validate(
    model: DemandModel,
    held_out: Sequence[Material],
    others: Sequence[Material] = (),
    *,
    requests: int = 10_000,
    seed: int = 1,
) -> tuple[Held, ...]:
    """One row per figure and held-out run: throughput, mean, p95, utilisation of every tier, and
    cache hits.

    The runs' mix, users, pods, people in the database, what other programs used of the cores,
    and how often each class was asked for lately (in the runs `others` too) are inputs; what
    they measured of their own is only compared. Raises as `capacity.model.measured.refuse`.
    """
    rows: list[Held] = []
    for material in held_out:
        measured.refuse(material)
        whole = met(model, material, (*held_out, *others))
        rows += _rows(whole, material, requests, seed)
    return tuple(rows)


def _rows(model: DemandModel, material: Material, requests: int, seed: int) -> list[Held]:
    users = seeded_users(material)
    if users is not None:
        model = grown(model, users)
    shown = measured.shown(material, measured.class_of(model.classes))
    load = measured.load(material, shown.counts)
    means = predict(model, load)
    tail = board.tail(model, load, requests=requests, seed=seed)
    run, cores = material.id, material.seen.run.where.machine.cores

    def share(tier: Tier | None, predicted: float, found: float) -> Held:
        return Held(
            run=run,
            what="utilisation",
            tier=tier,
            predicted=predicted / cores,
            measured=found / cores,
            unit="of the machine",
        )

    rows = [
        Held(run=run, what="throughput", predicted=means.rate, measured=shown.rate, unit="req/s"),
        Held(
            run=run,
            what="mean",
            predicted=1000 * means.response_s,
            measured=1000 * shown.mean_s,
            unit="ms",
        ),
        Held(
            run=run,
            what="p95",
            predicted=1000 * tail.p95_s,
            measured=1000 * shown.p95_s,
            unit="ms",
        ),
    ]
    if shown.hits is not None:
        hits = sum(share * model.cache_hit.get(name, 0.0) for name, share in load.mix.items())
        rows.append(
            Held(
                run=run,
                what="cache hits",
                predicted=hits,
                measured=shown.hits,
                unit="of all requests",
            )
        )
    if means.machine is not None:
        rows.append(share(None, means.machine, shown.machine))
    rows += [
        share(tier, means.busy_cores[tier], shown.busy_cores[tier])
        for tier in Tier
        if max(means.busy_cores[tier], shown.busy_cores[tier]) > _LEAST_SHARE * cores
    ]
    return rows
