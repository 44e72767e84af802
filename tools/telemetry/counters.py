"""The metrics themselves. Import it through `tools.telemetry.prometheus`, which says first where counts are kept."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

from agent.telemetry import Outcome

RUN_SECONDS = (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 240)
CALL_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60)

REGISTRY = CollectorRegistry()
"""Of our own: nothing else in the process writes into it."""


def _counter(name: str, meaning: str, *labels: str) -> Counter:
    return Counter(f"watchkeeper_{name}", meaning, labels, registry=REGISTRY)


def _seconds(name: str, meaning: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
    return Histogram(f"watchkeeper_{name}_seconds", meaning, labels, buckets=buckets, registry=REGISTRY)


RUNS = _counter("runs", "Runs of a graph that ended", "kind", "outcome")
RUN_DURATION = _seconds("run_duration", "How long runs took", RUN_SECONDS, "kind")
MODEL_CALLS = _counter("model_calls", "Model calls", "role", "model", "outcome")
MODEL_DURATION = _seconds("model_call_duration", "How long model calls took", CALL_SECONDS, "role")
TOKENS = _counter("tokens", "Tokens that models read (input) and wrote (output)", "role", "model", "direction")
USD = _counter("llm_usd", "What models cost, by the price table", "role", "model")
DEGRADED = _counter("degraded", "Replies of a lesser model that stood in", "role")
TOOL_CALLS = _counter("tool_calls", "Evidence tools called", "tool", "status")
TOOL_DURATION = _seconds("tool_call_duration", "How long evidence tools took", CALL_SECONDS, "tool")
REFUSED = _counter("requests_refused", "HTTP requests that were refused", "reason")
FEEDBACK = _counter("feedback", "Opinions on answers", "verdict")


class PrometheusMetrics:
    """The counting port over these metrics. Labels hold names of ours, of tools and of models: never what was said."""

    def run_ended(self, kind: str, outcome: Outcome, seconds: float) -> None:
        RUNS.labels(kind, outcome).inc()
        RUN_DURATION.labels(kind).observe(seconds)

    def model_called(self, role: str, model: str, outcome: str, seconds: float) -> None:
        MODEL_CALLS.labels(role, model, outcome).inc()
        MODEL_DURATION.labels(role).observe(seconds)

    def tokens_used(self, role: str, model: str, read: int, written: int, usd: float) -> None:
        TOKENS.labels(role, model, "input").inc(read)
        TOKENS.labels(role, model, "output").inc(written)
        USD.labels(role, model).inc(usd)

    def degraded(self, role: str) -> None:
        DEGRADED.labels(role).inc()

    def tool_called(self, tool: str, status: str, seconds: float) -> None:
        TOOL_CALLS.labels(tool, status).inc()
        TOOL_DURATION.labels(tool).observe(seconds)

    def request_refused(self, reason: str) -> None:
        REFUSED.labels(reason).inc()

    def feedback_given(self, good: bool) -> None:
        FEEDBACK.labels("good" if good else "bad").inc()
