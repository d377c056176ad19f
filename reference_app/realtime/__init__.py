"""Real time: sockets that say what is new, never what it says."""
