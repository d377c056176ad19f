"""Looking after the board: people, what is reported, switches, and a record of all that is done."""
