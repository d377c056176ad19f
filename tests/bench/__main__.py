"""Runs every bench in turn and prints its figures. It takes some twenty minutes."""

import runpy
import sys
import time

BENCHES = (
    "recorder_overhead",
    "for_scale",
    "percentile_truth",
    "open_rate",
    "many_users",
    "cached_pages",
    "browse_cost",
    "mixed_cache",
    "endpoint_cost",
    "websocket_delivery",
)


def main() -> None:
    """Print what each bench measures."""
    for name in sys.argv[1:] or BENCHES:
        began = time.monotonic()
        print(f"\n== {name}", flush=True)
        runpy.run_module(f"tests.bench.{name}", run_name="__main__")
        print(f"({time.monotonic() - began:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
