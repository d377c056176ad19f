"""Our own speed: paired runs, ratios, CPU per request and memory. `make bench` runs all."""
