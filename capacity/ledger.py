"""The ledger of a load: what it wrote, held against what is there.

A write that was acknowledged must be there, once. One that was refused or never answered
may be there or not, for nobody said which; but not twice.
"""

from collections import Counter
from collections.abc import Sequence

from capacity.run import Ledger
from capacity.spool import Written

ENTRY = "Entry "
"""What a write that can be found again begins with; its key follows."""


def balance(written: Sequence[Written], there: Counter[str]) -> Ledger:
    """What was written, compared with what is there."""
    acknowledged = [one.key for one in written if one.acknowledged]
    others = [one for one in written if not one.acknowledged]
    return Ledger(
        acknowledged=len(acknowledged),
        refused=sum(one.status > 0 for one in others),
        unanswered=sum(one.status == 0 for one in others),
        kept=sum(there[one.key] > 0 for one in others),
        lost=[key for key in acknowledged if not there[key]],
        doubled=[one.key for one in written if there[one.key] > 1],
    )
