"""Questions in threads: one answer each, with memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deploy.local.account import SimulatedAccount, load_scenario
from deploy.local.workspace.background import RunningWorkspace
from deploy.local.workspace.block_kit import validate_blocks
from tests.e2e.service import PATIENT, replies, running_service, text_of

ANSWER_SECONDS = 100


def test_a_mention_gets_one_answer_though_it_is_delivered_often(
    account: SimulatedAccount, workspace: RunningWorkspace, tmp_path: Path
) -> None:
    account.load(load_scenario("lambda-cost-spike"))
    workspace.faults.redeliveries = 3
    with running_service(workspace, tmp_path, **PATIENT):
        ts = _ask(workspace, "why did our Lambda costs spike?")
        answer = _answer(workspace, ts, 1)
        again = _ask(workspace, "thanks")
        _answer(workspace, again, 1)  # by now every redelivery of the first has arrived
    assert len(replies(workspace, "general", ts)) == 1
    assert "media-thumbnailer" in text_of(answer)
    assert "[1]" in text_of(answer)
    assert validate_blocks(answer["blocks"]) == []


@pytest.mark.slow
def test_a_follow_up_remembers_the_first_answer_even_after_a_restart(
    account: SimulatedAccount, workspace: RunningWorkspace, tmp_path: Path
) -> None:
    account.load(load_scenario("lambda-cost-spike"))
    with running_service(workspace, tmp_path, **PATIENT):
        ts = _ask(workspace, "why did our Lambda costs spike?")
        _answer(workspace, ts, 1)
        _ask(workspace, "who changed it?", ts)
        second = _answer(workspace, ts, 2)
    assert "dana.okafor" in text_of(second)
    with running_service(workspace, tmp_path, **PATIENT):
        _ask(workspace, "when did it start?", ts)
        third = _answer(workspace, ts, 3)
    assert "media-thumbnailer" in text_of(third)
    assert "[1]" in text_of(third)


@pytest.mark.slow
def test_small_talk_and_write_requests_need_no_tools(
    account: SimulatedAccount, workspace: RunningWorkspace, tmp_path: Path
) -> None:
    with running_service(workspace, tmp_path, **PATIENT):
        hello = _answer(workspace, _ask(workspace, "hello!"), 1)
        restart = _answer(workspace, _ask(workspace, "please restart the payments service"), 1)
    assert "Ask me about AWS" in text_of(hello)
    assert "changed nothing" in text_of(restart)


def _ask(workspace: RunningWorkspace, text: str, thread_ts: str | None = None) -> str:
    return workspace.post_as("maya", "general", f"<@{workspace.bot_user}> {text}", thread_ts)


def _answer(workspace: RunningWorkspace, ts: str, count: int) -> dict[str, Any]:
    """The bot's `count`-th reply in the thread, when it is no longer being written."""

    def done() -> dict[str, Any] | None:
        own = [m for m in replies(workspace, "general", ts) if m.get("user") == workspace.bot_user]
        if len(own) < count or own[count - 1].get("streaming") or workspace.status("general", ts):
            return None
        return own[count - 1]

    found = workspace.wait_for(done, ANSWER_SECONDS)
    assert found is not None
    return found
