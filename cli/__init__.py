"""The door: Typer commands, nothing else."""
