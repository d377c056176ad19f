"""Checks a deployment against the checklist: its environment, its answers, its monitoring."""
