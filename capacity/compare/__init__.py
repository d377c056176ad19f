"""Two versions held against each other: better, same, worse, or nobody can tell."""
