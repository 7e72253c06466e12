"""What `maap-replay run` puts first on PYTHONPATH of a command, so that every Python loads it."""
