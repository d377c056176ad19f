"""Three of the four documents: sentences from templates, every figure from the audit's data."""

from typing import TYPE_CHECKING

from reports.markdown import plain, table

if TYPE_CHECKING:
    from capacity.audit.audit import Audit, Audited
    from capacity.audit.judging import Judged

NAMES = ("SCALE_TO_1M_USERS_BLUEPRINT", "MONETIZATION_STRATEGY", "BACKEND_SCALING_PATTERN")


def documents(audit: "Audit") -> dict[str, str]:
    """Path below the checkout -> text.

    Raises `KeyError` for a claim or a section that a template names and the audit has not.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(  # noqa: S701 - Markdown, from our own data
        loader=PackageLoader("reports", "templates/documents"),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )

    def section(name: str) -> str:
        rows = [row for row in audit.rows if row.claim.section == name]
        if not rows:
            raise KeyError(name)
        return _table(rows)

    def claim(name: str) -> str:
        row = audit.of(name)
        return f"{row.claim.value} (claimed; {_seen(row.fair)})"

    environment.globals |= {"section": section, "claim": claim}
    return {f"docs/{name}.md": environment.get_template(f"{name}.md.j2").render() for name in NAMES}


def _table(rows: "list[Audited]") -> str:
    head = ("what", "claimed", "ours", "evidence", "verdict", "why")
    body = [
        [
            plain(part)
            for part in (
                row.claim.text,
                row.claim.value,
                row.fair.ours,
                _evidence(row.fair),
                row.fair.outcome.words,
                row.fair.reason,
            )
        ]
        for row in rows
    ]
    return table(head, body, 0)


def _seen(fair: "Judged") -> str:
    known = f"ours {fair.ours}, {_evidence(fair)}: " if fair.value is not None else ""
    return f"{known}{fair.outcome.words}"


def _evidence(fair: "Judged") -> str:
    return str(fair.evidence) if fair.evidence else "none"
