"""Applications for jobs."""
