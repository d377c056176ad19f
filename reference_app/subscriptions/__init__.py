"""What a person pays for, what that allows, and how much of it they have used."""
