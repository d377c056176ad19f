"""Who looked at what: jobs' pages and people's profiles."""
