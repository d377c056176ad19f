"""Which assumption moves an outcome most: one at a time, and all together."""
