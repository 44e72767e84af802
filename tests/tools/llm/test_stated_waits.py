"""A provider that says when it wants to be asked again is heard, whichever way it says so."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any

import pytest
from langchain_core.exceptions import ModelRateLimitError
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage

from tests.tools.llm.normal import NormalisedReply, NormalisedRequest
from tests.tools.llm.stubs import ModelStub
from tests.tools.llm.test_fallback import WELL, chain, scripted
from tools.llm.attempts import PATIENCE_SECONDS, jittered
from tools.llm.breaker import CircuitBreaker
from tools.llm.stated_waits import stated_wait

pytestmark = pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")


def throttled(**headers: str) -> ModelRateLimitError:
    error: Any = ModelRateLimitError("429")
    error.response = SimpleNamespace(headers={name.replace("_", "-"): value for name, value in headers.items()})
    return error


class SpokenByGoogle(Exception):
    """As Google's library gives it: the body under `details`."""

    def __init__(self, delay: str) -> None:
        told = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}]
        self.details = {"error": {"code": 429, "details": told}}


async def test_a_throttled_call_comes_back_no_sooner_than_was_asked(stub: ModelStub, model: BaseChatModel) -> None:
    came: list[float] = []

    def busy_once(request: NormalisedRequest) -> NormalisedReply:
        came.append(time.monotonic())
        return NormalisedReply(status=429, retry_after="1") if len(came) == 1 else NormalisedReply(text="Hello.")

    stub.script = busy_once
    asked = chain(model).model_copy(update={"throttle_waits": (0.01, 0.01)})

    assert (await asked.ainvoke("?")).text == "Hello."
    assert 1 <= came[1] - came[0] < 2.5


async def test_who_wants_to_be_left_alone_for_long_is_and_the_next_answers_at_once() -> None:
    now = [0.0]
    first = scripted(throttled(retry_after="120"), WELL)
    breakers = [CircuitBreaker(seconds=lambda: now[0]), CircuitBreaker()]
    model = chain(first, scripted(*[AIMessage("two")] * 9), breakers=breakers)
    began = time.monotonic()

    for now[0] in (0.0, 60.0, 119.0):
        assert (await model.ainvoke("?")).text == "two"
    assert time.monotonic() - began < PATIENCE_SECONDS / 2
    assert first.calls == 1
    now[0] = 120.0
    assert (await model.ainvoke("?")).text == WELL.text


def test_a_wait_is_read_wherever_a_provider_states_it() -> None:
    in_a_minute = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    google: Any = ModelRateLimitError("429")
    google.__cause__ = SpokenByGoogle("17.5s")
    aws: Any = ModelRateLimitError("429")
    aws.response = {"ResponseMetadata": {"HTTPHeaders": {"retry-after": "4"}}}

    assert stated_wait(throttled(retry_after="2.5")) == 2.5
    assert stated_wait(throttled(retry_after_ms="1500", retry_after="2")) == 1.5
    assert 55 < stated_wait(throttled(retry_after=in_a_minute)) <= 60
    assert stated_wait(google) == 17.5
    assert stated_wait(aws) == 4


@pytest.mark.parametrize("stated", ["", "soon", "-5", "nan", "inf", "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_a_wait_that_makes_no_sense_is_as_good_as_none(stated: str) -> None:
    assert stated_wait(throttled(retry_after=stated)) == 0
    assert stated_wait(ConnectionError("no response at all")) == 0


def test_those_who_were_told_the_same_wait_do_not_come_back_together_nor_too_soon() -> None:
    waits = [jittered(1.0, stated=4.0) for _ in range(200)]

    assert min(waits) >= 4
    assert max(waits) - min(waits) > 1
