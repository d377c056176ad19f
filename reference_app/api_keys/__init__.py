"""API keys: how a program acts for a person."""
