"""A plan told to people: the founder's page and the engineer's capacity report."""
