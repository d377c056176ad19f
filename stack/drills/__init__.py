"""Breaking a running stack on purpose, and mending it."""
