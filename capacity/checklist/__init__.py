"""The deployment checklist: its steps as data, and what came of each."""
