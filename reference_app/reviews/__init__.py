"""Reviews of companies and of workers."""
