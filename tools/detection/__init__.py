"""The detectors of a tick: each reads its part of the world, and lets `agent.detection` judge it."""
