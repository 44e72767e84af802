from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import BaseTool, tool

from agent.briefs import read, write
from agent.evidence_text import render
from agent.knowledge import KnowledgeBase
from agent.models import Evidence, Resource
from agent.specialists import read_specialists
from tests.agent.examples import NOW, alert, evidence, finding
from tools.llm.offline import OfflineAnalyst
from tools.llm.offline.focus import focus_of
from tools.llm.offline.specialist import MAX_CALLS_A_ROUND, MAX_ROUNDS

MODEL = OfflineAnalyst(KnowledgeBase.read(), read_specialists())


@tool
def unhealthy_resources(service: str = "", start: str = "") -> str:
    """Resources that depart from normal."""
    return ""


@tool
def resource_metrics(resource: str, service: str = "", metric: str = "", start: str = "") -> str:
    """Metrics of a resource."""
    return ""


@tool
def recent_changes(resource: str = "", onset: str = "") -> str:
    """Changes before the onset."""
    return ""


@tool
def database_activity(resource: str = "") -> str:
    """Sessions of a database."""
    return ""


@tool
def log_errors(log_group: str = "", resource: str = "") -> str:
    """Errors in the logs."""
    return ""


@tool
def unrelated() -> str:
    """Bound last and named by no runbook."""
    return ""


TOOLS: list[BaseTool] = [unhealthy_resources, resource_metrics, recent_changes, database_activity, unrelated]


def next_calls(messages: list[BaseMessage], tools: list[BaseTool] = TOOLS) -> list[tuple[str, dict[str, Any]]]:
    reply = MODEL.bind_tools(tools).invoke(messages)
    return [(call["name"], call["args"]) for call in reply.tool_calls]


def asked(question: str = "", **more: Any) -> list[BaseMessage]:
    return [SystemMessage("You are a specialist."), HumanMessage(write(NOW, question=question, **more))]


def answered(messages: list[BaseMessage], *pieces: Evidence, tools: list[BaseTool] = TOOLS) -> list[BaseMessage]:
    """The conversation after one more round, in which every tool brought the same pieces."""
    reply = MODEL.bind_tools(tools).invoke(messages)
    text = "\n\n".join(render(piece) for piece in pieces)
    return [*messages, reply, *(ToolMessage(text, tool_call_id=call["id"]) for call in reply.tool_calls)]


FULL = alert(
    "orders-db connections",
    resource=Resource(service="rds", id="orders-db"),
    metric="DatabaseConnections",
    started_at=NOW - timedelta(minutes=30),
)


def test_arguments_come_from_the_alert() -> None:
    calls = dict(next_calls(asked(alert=FULL)))

    assert calls["resource_metrics"] == {"resource": "orders-db", "service": "rds"}
    assert calls["recent_changes"] == {"resource": "orders-db"}  # the alert's own time is when it was sent
    assert "unrelated" not in calls


def test_arguments_come_from_the_question() -> None:
    calls = dict(next_calls(asked("is the database orders-db out of connections since yesterday?")))

    assert calls["resource_metrics"]["resource"] == "orders-db"
    assert calls["resource_metrics"]["service"] == "rds"
    assert calls["resource_metrics"]["start"] == "2026-11-19T00:00:00+00:00"


def test_a_tool_that_needs_a_name_waits_until_one_is_known() -> None:
    first = asked("is the database out of connections?")
    assert "resource_metrics" not in dict(next_calls(first))

    hot = evidence(finding("metric_at_limit", resource="orders-db", metric="DatabaseConnections", strength=1.0))
    second = answered(first, hot)

    assert dict(next_calls(second))["resource_metrics"]["resource"] == "orders-db"


def test_further_resources_that_stand_out_are_looked_at_too() -> None:
    found = evidence(
        finding("metric_rise", resource="orders-db"), finding("metric_rise", resource="users-db", strength=0.8)
    )
    calls = next_calls(answered(asked("is the database out of connections?"), found))

    looked_at = {args["resource"] for name, args in calls if name == "resource_metrics"}
    assert looked_at == {"orders-db", "users-db"}


def test_no_call_is_made_twice_and_rounds_are_bounded() -> None:
    messages = asked(alert=FULL)
    seen: list[str] = []
    for count in range(MAX_ROUNDS + 5):
        calls = next_calls(messages)
        if not calls:
            break
        seen += [repr(call) for call in calls]
        assert len(calls) <= MAX_CALLS_A_ROUND
        others = [finding("metric_rise", resource=f"thing-{count}-{n}", strength=1.0) for n in range(4)]
        messages = answered(messages, evidence(*others))
    else:
        pytest.fail("it never stopped")

    assert len(seen) == len(set(seen))


def test_the_report_cites_what_it_tells() -> None:
    piece = evidence(finding("metric_rise", "Connections rose."), tool="t")
    messages = asked(alert=FULL)
    while next_calls(messages):
        messages = answered(messages, piece)

    reply = MODEL.bind_tools(TOOLS).invoke(messages)

    assert f"Connections rose. [{piece.id}]" in reply.text


def test_with_nothing_to_call_it_says_that_nothing_was_found() -> None:
    assert "Nothing out of the ordinary" in MODEL.invoke(asked("is the database slow?")).text


def test_the_same_messages_get_the_same_reply() -> None:
    assert next_calls(asked(alert=FULL)) == next_calls(asked(alert=FULL))


def test_what_it_took_is_counted() -> None:
    reply = MODEL.invoke(asked("why?"))

    assert reply.response_metadata["model_name"] == "offline-analyst"
    assert reply.usage_metadata is not None
    assert reply.usage_metadata["input_tokens"] > 0


def test_tool_messages_that_are_no_evidence_do_no_harm() -> None:
    calls = AIMessage("", tool_calls=[{"name": "unhealthy_resources", "args": {}, "id": "c", "type": "tool_call"}])
    broken = ToolMessage("Error: tool call limit reached.\n- metric_rise (9.99) {broken", tool_call_id="c")

    assert next_calls([*asked(alert=FULL), calls, broken])


@pytest.mark.parametrize(
    ("question", "start"),
    [
        ("in the last 2 hours", "2026-11-20T13:00:00+00:00"),
        ("the past 30 min", "2026-11-20T14:30:00+00:00"),
        ("over the last 24h", "2026-11-19T15:00:00+00:00"),
        ("last week", "2026-11-13T15:00:00+00:00"),
        ("the last month", "2026-10-21T15:00:00+00:00"),
        ("since last night", "2026-11-19T00:00:00+00:00"),
        ("last 0 hours", "2026-11-20T14:45:00+00:00"),
        ("why?", None),
    ],
)
def test_ranges_as_people_name_them(question: str, start: str | None) -> None:
    assert focus_of(read(write(NOW, question=question))).known.get("start") == start


def test_a_range_beyond_all_time_is_cut() -> None:
    known = focus_of(read(write(NOW, question="the last 99999999999999 weeks"))).known

    assert known["start"] < "2026-01-01"


def test_an_old_alert_is_looked_at_from_before_its_onset() -> None:
    old = alert("x", started_at=NOW - timedelta(hours=10))

    assert focus_of(read(write(NOW, alert=old))).known["start"] == "2026-11-20T02:00:00+00:00"


def test_details_come_from_the_strongest_findings() -> None:
    weak = finding("task_failed", resource="w", strength=0.2, dag_id="weak")
    strong = finding("task_failed", resource="orders", strength=0.9, dag_id="orders", task_id="load")

    known = focus_of(read(write(NOW, question="what failed?")), [evidence(weak, strong)]).known

    assert (known["dag_id"], known["task_id"]) == ("orders", "load")
    assert "resource" not in known, "a DAG is nothing that CloudWatch knows"


def test_an_address_names_bucket_and_key() -> None:
    known = focus_of(read(write(NOW, question="where is s3://drops/orders/today.csv?"))).known

    assert (known["bucket"], known["key"]) == ("drops", "orders/today.csv")


def test_what_code_made_of_times_and_names_is_used() -> None:
    scope = {"resource": "orders-db", "service": "rds", "start": "2026-11-19T14:00:00Z", "end": "2026-11-20T15:00:00Z"}
    known = focus_of(
        read(write(NOW, question="what is wrong with the orders database since yesterday 2 pm?", scope=scope))
    ).known

    assert known == {name: value for name, value in scope.items() if name != "end"}, "it may go on"


def test_a_range_ends_where_the_question_says_so() -> None:
    scope = {"start": "2026-11-19T14:00:00Z", "end": "2026-11-19T15:00:00Z"}

    for question in ("what broke between 2 and 3 pm yesterday?", "what changed yesterday at 2 pm?"):
        assert focus_of(read(write(NOW, question=question, scope=scope))).known == scope


def test_a_part_about_another_service_does_not_take_the_scopes_resource() -> None:
    scope = {"resource": "checkout-api", "service": "ecs"}

    assert "resource" not in focus_of(read(write(NOW, question="why did lambda costs go up?", scope=scope))).known
    assert focus_of(read(write(NOW, question="is checkout ok?", scope=scope))).known["resource"] == "checkout-api"


def test_trouble_began_with_its_first_sign() -> None:
    late = finding("metric_rise", resource="pay", strength=1.0, at=NOW)
    early = finding("log_new_pattern", resource="pay", strength=0.8, at=NOW - timedelta(minutes=20))
    older = finding("metric_rise", resource="pay", strength=0.8, at=NOW - timedelta(hours=9))

    known = focus_of(read(write(NOW, question="why does pay fail?")), [evidence(late, early, older)]).known

    assert known["onset"] == (NOW - timedelta(minutes=20)).isoformat()


def test_who_did_something_is_looked_for_over_a_week() -> None:
    assert focus_of(read(write(NOW, question="who deleted it?"))).known["start"] == "2026-11-13T15:00:00+00:00"


def test_a_dbt_model_is_no_resource_of_aws() -> None:
    known = focus_of(read(write(NOW, question="why is marts.fct_revenue red?"))).known

    assert known["model"] == "fct_revenue"
    assert "resource" not in known


def test_a_task_of_another_dag_is_not_taken_for_the_dags_own() -> None:
    own = finding("dag_failed", resource="orders", strength=0.95, dag_id="orders")
    other = finding("task_failed", resource="w", strength=0.9, dag_id="weekly", task_id="load")

    assert "task_id" not in focus_of(read(write(NOW, question="what failed?")), [evidence(own, other)]).known


def test_a_plain_question_takes_only_the_tools_that_answer_it() -> None:
    assert next_calls(asked("what changed in the last 2 hours?")) == [
        ("recent_changes", {}),
    ]


def test_who_is_asked_looks_even_where_the_thread_has_a_cause_of_which_they_know_nothing() -> None:
    known = evidence(
        finding("metric_rise", resource="thumbs", metric="Invocations", strength=0.95),
        finding("trigger_loop", resource="thumbs", strength=0.95),
    )

    assert next_calls(asked("what do the logs say?", evidence=[known]), [log_errors]) != []


def test_a_service_is_left_out_only_when_nothing_was_found_in_it() -> None:
    question = asked("is the database out of connections?")
    nothing = evidence(finding("metric_steady", resource="x", strength=0.1))
    hot = evidence(finding("metric_at_limit", resource="orders-db", metric="DatabaseConnections", strength=1.0))

    assert ("unhealthy_resources", {}) in next_calls(answered(question, nothing))
    assert ("unhealthy_resources", {}) not in next_calls(answered(question, hot))
