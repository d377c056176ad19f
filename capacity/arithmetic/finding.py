"""What a check finds."""

from dataclasses import dataclass

from capacity.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Finding:
    """What the arithmetic says: whether the numbers agree, the decisive figure, and why.

    `consistent` is None when the numbers leave it open. `evidence` is what the figure rests
    on besides the claim's own numbers.
    """

    consistent: bool | None
    value: float
    unit: str
    sentence: str
    evidence: Evidence = Evidence.CLAIMED
