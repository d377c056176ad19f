"""Other tools' results as our record, so that report, compare and gate serve them too."""
