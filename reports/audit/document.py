"""The audit as JSON: for programs. Its shape is the docstring of `as_json`."""

import json
from dataclasses import asdict
from typing import Any

from capacity.audit.audit import Audit, Audited
from capacity.audit.judging import Judged
from reports.audit.digest import AuditDigest

DOCUMENT_VERSION = 1


def as_json(audit: Audit, exit_code: int) -> str:
    """Every verdict as a JSON document.

    `version` (of this shape), `exit_code`, `headline`, `rests_on` {runs, plan_users, files},
    `tally` and `literal_tally` {outcome: claims},
    `claims` [{id, section, kind, text, blueprint, note, fair, literal}], each reading
    {reading, outcome, value, unit, shown, evidence, interval {low, high, confidence, method},
    source, reason} and `literal` null where it is the fair one,
    `before_after` [{what, before, after, unit, before_is, after_is, claimed, now}].
    """
    looked = audit.looked
    document = {
        "version": DOCUMENT_VERSION,
        "exit_code": exit_code,
        "headline": AuditDigest(audit).headline(),
        "rests_on": {
            "runs": [one.run.id for one in looked.recorded],
            "plan_users": looked.plan.users if looked.plan else None,
            "files": looked.facts is not None,
        },
        "tally": {outcome.value: count for outcome, count in audit.tally().items()},
        "literal_tally": {outcome.value: count for outcome, count in audit.literal_tally().items()},
        "claims": [_claim(row) for row in audit.rows],
        "before_after": [
            {
                "what": change.row.what,
                "before": change.row.before,
                "after": list(change.row.after),
                "unit": change.row.unit,
                "before_is": change.row.before_is,
                "after_is": change.row.after_is,
                "claimed": change.claimed_times,
                "now": _judged(change.now),
            }
            for change in audit.changes
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _claim(row: Audited) -> dict[str, Any]:
    claim = row.claim
    return {
        "id": claim.id,
        "section": claim.section,
        "kind": list(claim.kind),
        "text": claim.text,
        "blueprint": claim.value,
        "note": claim.note or None,
        "fair": _judged(row.fair),
        "literal": None if row.literal is None else _judged(row.literal),
    }


def _judged(one: Judged) -> dict[str, Any]:
    return {
        "reading": one.reading,
        "outcome": one.outcome.value,
        "value": one.value,
        "unit": one.unit,
        "shown": one.ours,
        "evidence": one.evidence.value if one.evidence else None,
        "interval": None if one.interval is None else asdict(one.interval),
        "source": one.source or None,
        "reason": one.reason,
    }
