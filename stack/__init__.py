"""Runs the production stack, on Docker or as local processes, and watches it."""
