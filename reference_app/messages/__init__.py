"""Conversations between two people."""
