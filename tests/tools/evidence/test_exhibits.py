"""Charts and tables ride along with evidence: redacted, small, and never read by a model."""

from __future__ import annotations

from agent.evidence_text import render
from agent.models import Chart, Series, Table
from tests.tools.evidence.airflow.examples import environment
from tests.tools.evidence.conftest import Call, Load
from tests.tools.evidence.cost.examples import NAT_SPIKE, STEADY, series
from tools.evidence.airflow.history import task_history
from tools.evidence.airflow.runs import dag_runs
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.cost.breakdown import cost_breakdown
from tools.evidence.metrics.metrics import resource_metrics, unhealthy_resources

KEY = "AKIA" + "IOSFODNN7" + "EXAMPLQ"
MAX_BYTES = 30_000


@evidence_tool("What is drawn?")
def drawing(look: Look) -> Found:
    """A chart and a table with a key in every text."""
    chart = Chart(title=KEY, labels=(KEY, "b"), series=(Series(name=KEY, values=(1.0, 2.0)),))
    table = Table(title=KEY, columns=("a",), rows=((KEY,),))
    return Found("Drawn.", charts=[chart], tables=[table])


@evidence_tool("What of [{service}|everything][ since {onset}] in {bucket}?")
def asking(look: Look, service: str = "", onset: str = "", bucket: str = "", calls: int = 0) -> Found:
    """Notes as many queries as it is told."""
    for number in range(calls):
        look.note("s3", "list_objects", {"n": number})
        look.note("s3", "list_objects", {"n": number})
    return Found("Asked.")


async def test_a_question_leaves_out_what_was_not_given(call: Call) -> None:
    assert (await call(asking)).question == "What of everything in any bucket?"
    full = await call(asking, service="lambda", onset="2026-11-18T14:00:00Z", bucket="b")
    assert full.question == "What of lambda since 18 Nov 14:00 UTC in b?"


async def test_every_different_query_is_noted_and_thousands_are_counted(call: Call) -> None:
    some, many = (await call(asking, calls=9)).query, (await call(asking, calls=5000)).query

    assert some.splitlines() == [f's3:list_objects {{"n": {n}}}' for n in range(9)]
    assert many.endswith("… and 4960 more")


async def test_no_secret_is_drawn_or_listed(call: Call) -> None:
    found = await call(drawing)

    assert KEY not in found.model_dump_json()
    assert found.charts[0].series[0].values == (1.0, 2.0)


async def test_evidence_says_where_aws_was_asked(call: Call) -> None:
    assert (await call(drawing)).region == "us-east-1"
    assert (await call(drawing, region="eu-west-1")).region == "eu-west-1"


async def test_a_model_reads_nothing_of_charts_and_tables(call: Call) -> None:
    found = await call(drawing)

    assert render(found) == render(found.model_copy(update={"charts": (), "tables": ()}))


async def test_the_bill_is_drawn_by_day_and_listed_with_the_figures_of_the_findings(load: Load, call: Call) -> None:
    load(costs=[*NAT_SPIKE, *STEADY])
    found = await call(cost_breakdown)

    (chart,), (totals, table) = found.charts, found.tables
    assert totals.columns == ("What", "4-17 Nov", "21 Oct-3 Nov", "Difference")
    assert (chart.unit, len(chart.labels), chart.labels[-1]) == ("usd", 20, "17 Nov")
    assert chart.series[0].name == "EC2 - Other"
    before, since = (value or 0 for value in (chart.series[0].values[0], chart.series[0].values[-1]))
    assert since > 5 * before
    name, usual, now, _, day = table.rows[0]
    assert (name, day) == ("EC2 - Other", "14 Nov")
    assert f"{now} a day instead of {usual}" in found.findings[0].statement
    assert len(found.model_dump_json()) < MAX_BYTES


async def test_a_metric_that_rose_is_drawn_beside_what_is_usual(load: Load, call: Call) -> None:
    errors = series("AWS/Lambda", "Errors", {"FunctionName": "checkout"}, 0, {"from": "-42m", "add": 30})
    load(metrics=[errors, series("AWS/Lambda", "Errors", {"FunctionName": "newsletter"}, 0.2)])

    for tool in (unhealthy_resources, resource_metrics):
        found = await call(tool)
        (chart,) = found.charts
        assert (chart.title, chart.unit) == ("Errors of checkout", "a minute")
        assert [each.name for each in chart.series] == ["Errors", "usual"]
        assert (chart.series[0].values[0], chart.series[1].values[0]) == (0, 0)
        assert (chart.series[0].values[-1] or 0) > 20
        assert len(found.model_dump_json()) < MAX_BYTES


async def test_runs_and_tasks_are_listed_and_drawn(load: Load, call: Call) -> None:
    load(mwaa=[environment("3.0.6")])

    runs, tasks = await call(dag_runs, dag_id="orders"), await call(task_history, dag_id="orders")

    assert runs.tables[0].rows[0][1] == "failed"
    assert runs.charts[0].unit == "minutes"
    assert {row[0] for row in tasks.tables[0].rows} >= {"load"}
    assert max(len(piece.model_dump_json()) for piece in (runs, tasks)) < MAX_BYTES
