"""Durable queues with SQS's semantics."""
