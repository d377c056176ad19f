"""The audit: every claim of a blueprint held against runs, files, a plan and its own numbers."""
