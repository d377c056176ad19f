"""Searches people save, and how they hear of new jobs these find."""
