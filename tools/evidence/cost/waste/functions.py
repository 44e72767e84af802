"""Functions with more memory than they use, where Lambda Insights measures it: nothing else tells how much they use."""

from __future__ import annotations

from statistics import fmean

from tools.evidence.base import Look
from tools.evidence.cost import prices
from tools.evidence.cost.waste.items import MAX_LISTED, MAX_MEASURED, Checked, Measure, Waste, cut, days_of

LOW_PERCENT = 40.0
HEADROOM = 1.25
"""Memory that a function should keep: a quarter more than its highest use."""
SMALLEST_MB = 128
LEAST_USD = 1.0
MINUTES_A_MONTH = 60 * prices.HOURS_A_MONTH
_MEMORY = Measure("lambda", "LambdaInsights", "function_name", "memory_utilization", "Maximum")
_INVOCATIONS = Measure("lambda", "AWS/Lambda", "FunctionName", "Invocations", "Sum")
_DURATION = Measure("lambda", "AWS/Lambda", "FunctionName", "Duration", "Average")


def oversized_functions(look: Look) -> Checked:
    """Functions that never used 40% of their memory in the window."""
    listed = look.pages(
        "cloudwatch",
        "list_metrics",
        "Metrics",
        limit=MAX_LISTED,
        Namespace="LambdaInsights",
        MetricName="memory_utilization",
    )
    dimensions = [{d["Name"]: d["Value"] for d in entry["Dimensions"]} for entry in listed]
    names = [each["function_name"] for each in dimensions if set(each) == {"function_name"}][:MAX_MEASURED]
    used = {name: max(values) for name, values in _MEMORY.of(look, names).items() if values}
    low = [name for name, percent in used.items() if percent < LOW_PERCENT]
    if not low:
        return Checked(len(names))
    functions = look.pages("lambda", "list_functions", "Functions", limit=MAX_LISTED)
    memory = {f["FunctionName"]: f["MemorySize"] for f in functions}
    calls, took = _INVOCATIONS.of(look, low), _DURATION.of(look, low)
    wastes: list[Waste] = []
    for name in (n for n in low if n in memory and calls[n] and took[n]):
        enough = max(memory[name] * used[name] / 100 * HEADROOM, SMALLEST_MB)
        seconds = fmean(calls[name]) * MINUTES_A_MONTH * fmean(took[name]) / 1000
        saved = seconds * (memory[name] - enough) / 1024 * prices.LAMBDA_GB_SECOND
        if saved >= LEAST_USD:
            words = (
                f"Function {name} used at most {used[name]:.0f}% of its {memory[name]:,} MB in {days_of(look)} days "
                "(less memory is also less CPU, so measure first)"
            )
            wastes.append(Waste("lambda", "function", name, "oversized", words, saved, certainty=0.6))
    return Checked(len(names), wastes, cut(names, MAX_MEASURED, "functions"))
