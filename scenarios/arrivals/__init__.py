"""Load models: when each request is meant to start. Pure; one file each."""
