"""Posts, likes, comments, and the feed of each person."""
