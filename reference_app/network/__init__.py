"""Who follows whom, and who is connected with whom."""
