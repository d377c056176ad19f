"""The native engine: the services of the compose file as processes of this machine."""
