"""What goes wrong while seeding, said to the person in one line."""


class SeedError(Exception):
    """The database cannot be reached, lacks tables, or failed on the way: exit code 1."""


class RefusedError(SeedError):
    """The command asks for something it must not or cannot do: exit code 2."""
