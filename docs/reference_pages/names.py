"""Names that files of a person's own refer to: metrics, series, quantities that are billed."""

from capacity.bought import Bought
from capacity.cost.quantities import NAMES
from capacity.metrics import METRICS
from capacity.series import SERIES
from docs.reference_pages.tables import code, plain, table


def asked() -> str:
    """The metrics, with the statistics each has."""
    rows = []
    for one in METRICS.values():
        statistics = [code(statistic) for statistic in one.statistics]
        if one.percentiles:
            statistics.append("any percentile")
        ours = "" if one.scope == "load" else " (our own stack only)"
        per = "yes" if one.per_endpoint else "no"
        rows.append(
            (code(one.name), plain(one.unit), ", ".join(statistics), per, plain(one.what) + ours)
        )
    return table(("metric", "unit", "statistics", "of endpoints", "is"), rows)


def series() -> str:
    """The series, with their units."""
    rows = ((code(name), plain(unit), plain(about)) for name, (unit, about) in SERIES.items())
    return table(("series", "unit", "is"), rows)


def bought() -> str:
    """The quantities a provider can bill by."""
    told = {name: field.description or "" for name, field in Bought.model_fields.items()}
    return table(("quantity", "is"), ((code(name), plain(told.get(name, ""))) for name in NAMES))
