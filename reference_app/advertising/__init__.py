"""Advertising: campaigns, shown to those whose tier has ads, and what they came to."""
