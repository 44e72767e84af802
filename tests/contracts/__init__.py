"""One suite a port, run over every adapter of it. To add an adapter: one line in `adapters.py`."""
