"""Forms as each provider is asked for them, and read from whichever way the reply came."""

from __future__ import annotations

import json
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from pydantic import BaseModel, Field

from agent.drafts import AnswerDraft, DiagnosisDraft, DraftClaim, Route
from tools.llm.forms import read_form, strict_schema


class Verdict(BaseModel):
    """The outcome."""

    cause: str
    sure: bool = False


def called(name: str, **args: Any) -> AIMessage:
    return AIMessage("", tool_calls=[{"name": name, "args": args, "id": "1", "type": "tool_call"}])


@pytest.mark.parametrize(
    "reply",
    [
        called("Verdict", cause="a deploy"),
        AIMessage('{"cause": "a deploy", "sure": false}'),
        AIMessage('Here it is:\n```json\n{"cause": "a deploy"}\n```'),
    ],
)
def test_a_form_is_read_from_a_tool_call_from_json_and_from_json_in_a_fence(reply: AIMessage) -> None:
    assert read_form(Verdict, reply) == (Verdict(cause="a deploy"), "")


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (AIMessage("I cannot say."), "the form is missing"),
        (AIMessage("{not json}"), "the form is missing"),
        (AIMessage("[1, 2]"), "the form is missing"),
        (called("Other", cause="x"), "the form is missing"),
        (called("Verdict"), "cause: Field required"),
        (called("Verdict", cause="x", sure="perhaps"), "sure: Input should be a valid boolean"),
    ],
)
def test_a_reply_that_does_not_fit_says_what_is_wrong_with_it(reply: AIMessage, problem: str) -> None:
    form, wrong = read_form(Verdict, reply)

    assert form is None
    assert problem in wrong


def test_what_is_wrong_does_not_repeat_what_was_said() -> None:
    assert "hunter2" not in read_form(Verdict, called("Verdict", cause=["hunter2"]))[1]


@pytest.mark.parametrize("form", [Route, AnswerDraft, DiagnosisDraft])
def test_a_strict_schema_requires_every_field_and_knows_no_default(form: type[BaseModel]) -> None:
    def check(schema: Any) -> None:
        if isinstance(schema, list):
            for each in schema:
                check(each)
        elif isinstance(schema, dict):
            assert not {"default", "$ref", "$defs"} & set(schema)
            if schema.get("type") == "object":
                assert schema["required"] == list(schema["properties"])
                assert schema["additionalProperties"] is False
            for each in schema.values():
                check(each)

    schema = strict_schema(form)
    check(schema)
    assert schema["title"] == form.__name__
    assert json.dumps(schema).count('"description"') > len(schema["properties"])


def test_a_field_called_title_or_default_stays_one() -> None:
    class Odd(BaseModel):
        title: str = Field(description="A title")
        default: int = 3

    assert list(strict_schema(Odd)["properties"]) == ["title", "default"]


def test_what_a_strict_server_may_write_fits_the_form() -> None:
    answer = AnswerDraft(headline="Fine.", claims=[])
    whole = {name: answer.model_dump()[name] for name in strict_schema(AnswerDraft)["required"]}

    assert set(whole) == set(AnswerDraft.model_fields)
    assert read_form(AnswerDraft, AIMessage(json.dumps(whole)))[0] == answer
    claim = DraftClaim(text="x", evidence=["ev_1"])
    assert set(strict_schema(AnswerDraft)["properties"]["claims"]["items"]["required"]) == set(claim.model_dump())
