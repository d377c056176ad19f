"""Two versions held against each other, told to people and to programs."""
