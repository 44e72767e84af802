"""Correlation: alerts that come near each other and have something in common become one incident."""

from agent.correlation.correlator import Correlator

__all__ = ["Correlator"]
