"""What a run tells of itself: OpenTelemetry spans and Prometheus metrics (docs/tracing.md)."""

ROLE = "watchkeeper_role"
"""The key in a model's metadata that says in which role it is asked."""
