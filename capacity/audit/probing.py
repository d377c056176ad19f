"""A claim judged by a probe of one tier alone."""

from collections.abc import Sequence

from capacity import figures
from capacity.audit.claims import Claim, Probed
from capacity.audit.judging import Judged, not_measured
from capacity.evidence import Evidence
from capacity.tier_probe import TierProbe
from capacity.verdicts import Outcome, decide


def by_probe(claim: Claim, wanted: Probed, probes: Sequence[TierProbe]) -> Judged:
    """Met when the rate's whole interval reaches the limit.

    What stays below it refutes nothing: the benchmark took its share of the machine, so the
    rate is a floor. That is inconclusive, with what one vCPU of the tier comes to.
    """
    probe = next((one for one in probes if one.name == wanted.name), None)
    if probe is None:
        return not_measured(claim.reading, f"no probe was given; hmb probe {wanted.name} makes one")
    found = probe.figure(wanted.figure)
    if found is None:
        return not_measured(claim.reading, f"probe {probe.id} has no figure {wanted.figure}")
    if found.failures:
        failed = figures.count(found.failures)
        return not_measured(claim.reading, f"{failed} operations of probe {probe.id} failed")
    if claim.op is None or claim.limit is None:
        raise ValueError(f"{claim.id} has a probe and no limit")
    value, bounds = found.per_second
    outcome = decide(claim.op, value, bounds, claim.limit)
    reason = _per_vcpu(found.per_vcpu, found.unit)
    if outcome is not Outcome.MET:
        outcome = Outcome.INCONCLUSIVE
        cores = figures.plural(probe.where.machine.cores, "vCPU")
        reason = f"a floor, as the benchmark shared {cores} with what it loads; {reason}"
    return Judged(
        claim.reading,
        outcome,
        f"{reason} ({found.what})",
        value,
        found.unit,
        Evidence.MEASURED,
        bounds,
        probe.id,
    )


def _per_vcpu(rate: float | None, unit: str) -> str:
    if rate is None:
        return "too little CPU was used to tell what one vCPU comes to"
    return f"{figures.figure(rate, unit)} of one vCPU of the tier that is always busy"
