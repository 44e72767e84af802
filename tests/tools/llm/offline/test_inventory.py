"""Questions for what there is: who looks, with which call, and what the list answers."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import BaseTool, tool

from agent.briefs import write
from agent.drafts import AnswerDraft, Route
from agent.evidence_text import render
from agent.models import ChatMessage, Evidence
from tests.agent.examples import NOW, evidence, finding
from tests.tools.llm.offline.test_explaining import DEPLOY, LIMIT, MODEL, answer
from tests.tools.llm.offline.test_routing import TOLD, route
from tools.llm.offline.intents import Intent, intent_of


@tool
def unhealthy_resources(service: str = "", start: str = "") -> str:
    """Resources that depart from normal."""
    return ""


@tool
def list_resources(service: str = "", name: str = "", exact: bool = False, region: str = "") -> str:
    """What there is."""
    return ""


def listed(statement: str, asked: str = "queues", name: str = "", exists: str = "yes") -> Evidence:
    facts = {"asked": asked, "name": name, "exists": exists}
    scope = "Only us-east-1 was read, no other region."
    return evidence(
        finding("inventory", statement, strength=0.4, **facts),
        finding("inventory", scope, strength=0.3, **facts),
        tool="list_resources",
    )


QUEUES = listed("There are 2 SQS queues in us-east-1: mail and orders.")


def calls(question: str, tools: tuple[BaseTool, ...] = (unhealthy_resources, list_resources), **scope: str) -> Any:
    system, brief = SystemMessage("You are a specialist."), write(NOW, question=question, scope=scope or None)
    reply: Any = MODEL.bind_tools(list(tools)).invoke([system, HumanMessage(brief)])
    assert isinstance(reply, AIMessage)
    return reply


@pytest.mark.parametrize(
    "question",
    [
        "list my lambda functions",
        "how many ECS services are running?",
        "which databases are in this account?",
        "do we have a table called storefront-sessions?",
        "wie viele Queues haben wir?",
        "what do we have in this account?",
    ],
)
def test_what_there_is_is_looked_up_by_the_infrastructure_specialist_alone(question: str) -> None:
    for known in ((), (TOLD,)):
        routed = route(question, known=known)
        assert (routed.kind, [one.specialist for one in routed.assignments]) == ("question", ["infra"])


@pytest.mark.parametrize(
    ("question", "intent"),
    [
        ("how many functions failed?", Intent.amount),
        ("list the failing functions", Intent.why),
        ("which functions were deployed today", Intent.change),
        ("list our costs", Intent.spend),
        ("which buckets are unused", Intent.waste),
        ("how many lambda functions do we have", Intent.inventory),
    ],
)
def test_the_same_words_about_something_else_keep_their_answer(question: str, intent: Intent) -> None:
    assert intent_of(question) is intent


def test_one_call_lists_what_was_asked_for_where_it_was_asked_for() -> None:
    (call,) = calls("do we have a queue called orders in eu-west-1?", region="eu-west-1").tool_calls

    assert call["name"] == "list_resources"
    assert call["args"] == {"service": "queue", "name": "orders", "exact": "true", "region": "eu-west-1"}


def test_after_the_list_nothing_else_is_looked_at() -> None:
    first = calls("show me all queues")
    brief = HumanMessage(write(NOW, question="show me all queues"))
    reply = ToolMessage(render(QUEUES), tool_call_id=first.tool_calls[0]["id"])
    second: Any = MODEL.bind_tools([unhealthy_resources, list_resources]).invoke(
        [SystemMessage("You are a specialist."), brief, first, reply]
    )

    assert second.tool_calls == []
    assert "There are 2 SQS queues" in second.text


def test_a_specialist_without_the_tool_looks_with_what_it_has() -> None:
    assert [call["name"] for call in calls("show me all queues", (unhealthy_resources,)).tool_calls] == [
        "unhealthy_resources"
    ]


def test_the_list_is_the_answer_whatever_else_is_wrong() -> None:
    told = answer("show me all queues", LIMIT, DEPLOY, QUEUES)

    assert told.headline == "There are 2 SQS queues in us-east-1: mail and orders."
    assert [claim.text for claim in told.claims] == [told.headline, "Only us-east-1 was read, no other region."]
    assert told.plain
    assert not told.runbook


def test_a_yes_or_a_no_is_given_where_one_is_wanted_and_known() -> None:
    there = listed("There is an SQS queue called mail in us-east-1.", "queue", "mail")
    absent = listed("There is no SQS queue called mails in us-east-1.", "queue", "mails", "no")
    unread = listed("I found no SQS queue called post.", "queue", "post", "")

    assert answer("is there a queue called mail?", there).headline.startswith("Yes: there is an SQS queue called mail")
    assert answer("is there a queue called mails?", absent).headline.startswith("No: there is no SQS queue")
    assert answer("is there a queue called post?", unread).headline == "I found no SQS queue called post."


def test_of_several_lists_in_a_thread_the_one_that_was_asked_for_answers() -> None:
    tables = listed("There is 1 DynamoDB table in us-east-1: carts.", "tables")
    told = answer("show me all queues", QUEUES, tables, thread=True)

    assert told.headline.startswith("There are 2 SQS queues")


def test_where_nothing_could_be_read_nobody_is_told_that_there_is_none() -> None:
    denied = evidence(tool="list_resources", status="denied", summary="ListQueues was denied: allow sqs:ListQueues.")

    assert answer("show me all queues", denied).headline == "Inconclusive: nothing could be read."


@pytest.mark.parametrize(
    ("question", "asks"), [("and the queues?", "list all queues"), ("what about topics", "list all topics")]
)
def test_after_a_list_another_kind_is_asked_for_by_its_name_alone(question: str, asks: str) -> None:
    before = [ChatMessage(role="user", text="list my lambda functions", at=NOW)]
    brief = write(
        NOW, question=question, conversation=before, evidence=[listed("There is 1 function: a.", "functions")]
    )
    routed: Any = MODEL.with_structured_output(Route).invoke(brief)
    assert [(one.specialist, one.question) for one in routed.assignments] == [("infra", asks)]

    queues = write(NOW, question="and the queues?", conversation=before, evidence=[QUEUES])
    told: Any = MODEL.with_structured_output(AnswerDraft).invoke(queues)
    assert told.headline.startswith("There are 2 SQS queues")
