"""What a person should know of."""
