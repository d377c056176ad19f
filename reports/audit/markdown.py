"""The audit as Markdown: for a pull request, a CI summary, or the repository itself."""

from capacity.audit.audit import Audit, Audited
from capacity.audit.judging import Judged
from reports.audit.digest import AuditDigest, Group
from reports.digest import SYMBOLS
from reports.markdown import plain, table


def markdown(audit: Audit) -> str:
    """Headline, tally, before and after, and every claim by section, as GitHub's Markdown."""
    digest = AuditDigest(audit)
    parts = [
        "# Audit",
        plain(digest.headline()),
        plain(digest.rests_on()),
        "## Tally",
        table(
            ("Verdict", "Read fairly", "Read literally"),
            [
                [f"{one.symbol} {plain(one.words)}", str(one.fair), str(one.literal)]
                for one in digest.counts()
            ],
            2,
        ),
        *_before_after(audit),
    ]
    for group in digest.groups:
        parts += [f"## {plain(group.section.title)}", plain(group.summary), _claims(group)]
    return "\n\n".join(parts) + "\n"


def _before_after(audit: Audit) -> list[str]:
    if not audit.changes:
        return []
    body = [
        [
            plain(one.row.what),
            plain(f"{one.before} ({one.row.before_is})"),
            plain(f"{one.after} ({one.row.after_is})"),
            plain(one.claimed_times if one.alike else f"{one.claimed_times}, of unlike things"),
            plain(_ours(one.now)),
        ]
        for one in audit.changes
    ]
    return ["## Before and after", table(("", "Before", "Promised", "That is", "Now"), body, 0)]


def _claims(group: Group) -> str:
    head = ("Claim", "Blueprint", "Verdict", "Ours", "Why", "At its word")
    return table(head, [_row(row) for row in group.rows], 0)


def _row(row: Audited) -> list[str]:
    literal = "" if row.literal is None else f"{_outcome(row.literal)}: {row.literal.reason}"
    return [
        f"{plain(row.claim.text)} `{row.claim.id}`",
        plain(row.claim.value),
        plain(_outcome(row.fair)),
        plain(_ours(row.fair)),
        plain(row.fair.reason),
        plain(literal),
    ]


def _outcome(one: Judged) -> str:
    return f"{SYMBOLS[one.outcome]} {one.outcome.words}"


def _ours(one: Judged) -> str:
    return f"{one.ours} ({one.evidence})" if one.evidence else one.ours
