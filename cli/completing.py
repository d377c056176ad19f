"""What a shell may complete besides commands and options: names of scenarios, drills and runs."""

from cli.options import runs_dir


def scenarios(incomplete: str) -> list[str]:
    """Built-in scenarios whose names begin so; the shell adds files where there is none."""
    from scenarios import catalogue

    return [name for name in catalogue.names() if name.startswith(incomplete)]


def drills(incomplete: str) -> list[str]:
    """Drills whose names begin so, and `all`."""
    from capacity import drill

    return [
        one
        for one in ("all", *(each.name for each in drill.drills()))
        if one.startswith(incomplete)
    ]


def runs(incomplete: str) -> list[str]:
    """Recorded runs whose ids begin so, the newest first, and `latest`."""
    recorded = sorted((one.parent.name for one in runs_dir().glob("*/run.json")), reverse=True)
    return [one for one in ("latest", *recorded) if one.startswith(incomplete)]
