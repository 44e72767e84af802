"""Traces made of a scenario's declared requests, filtered and counted as X-Ray does."""
