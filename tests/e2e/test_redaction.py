"""Secrets planted in an alert, a question, a log line and a tag reach no file, no message, no log and no model."""

from __future__ import annotations

import io
import json
import logging
import random
from collections.abc import Generator
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatResult
from pydantic import Field

from agent.knowledge import KnowledgeBase
from agent.logs import LogSettings, log_handler
from agent.settings import Settings
from agent.sources import parse_alert
from agent.specialists import read_specialists
from deploy.local.account import SimulatedAccount, load_scenario, render_alert
from deploy.local.account.scenario import Scenario
from deploy.local.workspace.background import RunningWorkspace
from slack_app.bootstrap import application, build_deps
from tests.agent.secrets import PASSWORDS, TOKENS, some
from tests.e2e.service import post_to_webhook, replies, running_service, text_of
from tools.llm.offline import OfflineAnalyst

SECONDS = 90
SCENARIO = "lambda-errors-after-deploy"
ERROR = "[ERROR] KeyError: 'currency'"
ALERT_WORDS = "Customers cannot place orders."


class ListeningAnalyst(OfflineAnalyst):
    """The offline analyst, which keeps all that a model is sent."""

    heard: list[str] = Field(default_factory=list[str])

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        self.heard.extend(str(message) for message in messages)
        return super()._generate(messages, *args, **kwargs)


@pytest.fixture
def log_output() -> Generator[io.StringIO]:
    """What the root logger writes, with the handler set up as the processes do it."""
    output, root = io.StringIO(), logging.getLogger()
    handler, level = log_handler(LogSettings(), output), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield output
    root.removeHandler(handler)
    root.setLevel(level)


class Planted:
    """Secrets of which each stands in one place of the world."""

    def __init__(self, folder: Path) -> None:
        chance = random.Random(7)
        self.in_alert = TOKENS["github token"](chance)
        self.in_question = PASSWORDS(chance)
        self.in_log = some(chance, 30)
        self.in_tag = PASSWORDS(chance)
        self._folder = folder

    @property
    def all(self) -> tuple[str, ...]:
        return self.in_alert, self.in_question, self.in_log, self.in_tag

    @property
    def question(self) -> str:
        return f"why does checkout-submit-order fail? its db password is {self.in_question} if you need it"

    def scenario(self) -> Scenario:
        """The scenario with one secret in every tag and one in every error's log line."""
        source = Path(str(resources.files("deploy.local.scenarios") / f"{SCENARIO}.yaml")).read_text("utf-8")
        tagged = source.replace("tags: {team:", f'tags: {{db_password: "{self.in_tag}", team:')
        logged = tagged.replace(ERROR, f"{ERROR} while using token={self.in_log}")
        assert tagged != source
        assert logged != tagged
        path = self._folder / f"{SCENARIO}.yaml"
        path.write_text(logged, "utf-8")
        return load_scenario(path)

    def alert(self, scenario: Scenario) -> dict[str, Any]:
        """The alert's payload, to whose every text a token is added."""
        payload = json.dumps(render_alert(scenario, datetime.now(UTC)))
        added = payload.replace(ALERT_WORDS, f"{ALERT_WORDS} (deployed with {self.in_alert})")
        assert added != payload
        return json.loads(added)

    def found_in(self, text: str | bytes) -> list[str]:
        content = text if isinstance(text, bytes) else text.encode()
        return [secret for secret in self.all if secret.encode() in content]


@pytest.fixture
def planted(tmp_path: Path) -> Planted:
    folder = tmp_path / "scenario"
    folder.mkdir()
    return Planted(folder)


@pytest.mark.slow
def test_planted_secrets_reach_no_message_no_file_and_no_log(
    account: SimulatedAccount, workspace: RunningWorkspace, planted: Planted, tmp_path: Path, log_output: io.StringIO
) -> None:
    scenario, home = planted.scenario(), tmp_path / "home"
    account.load(scenario)
    with running_service(workspace, home):
        post_to_webhook(workspace.incoming_webhook_url("alerts", scenario.alert.app), planted.alert(scenario))
        alert_ts = workspace.messages("alerts")[-1]["ts"]
        summary = _own_reply(workspace, "alerts", alert_ts)
        question_ts = workspace.post_as("maya", "general", f"<@{workspace.bot_user}> {planted.question}", None)
        answer = _own_reply(workspace, "general", question_ts)
        shown = json.dumps(replies(workspace, "alerts", alert_ts) + replies(workspace, "general", question_ts))
        files = _bytes_under(home)
    assert planted.found_in(shown) == []
    assert planted.found_in(files + _bytes_under(home)) == []
    assert planted.found_in(log_output.getvalue()) == []
    assert b"[redacted:github-token]" in files
    assert "KeyError" in text_of(summary)
    assert "checkout-submit-order" in text_of(answer)


@pytest.mark.slow
async def test_planted_secrets_reach_no_model_and_no_checkpoint(
    account: SimulatedAccount, planted: Planted, tmp_path: Path
) -> None:
    scenario, home = planted.scenario(), tmp_path / "home"
    account.load(scenario)
    model = ListeningAnalyst(KnowledgeBase.read(), read_specialists())
    held = build_deps(Settings.read(home=home), models=lambda _: model)
    async with application(held.deps) as app:
        alert = parse_alert(planted.alert(scenario), held.deps.clock())
        diagnosis, evidence = await app.analyse(alert, "run_alert", _ignore)
        answer, _ = await app.ask(planted.question, [], "run_question", _ignore)
    held.close()
    heard = "\n".join(model.heard)
    assert planted.found_in(heard) == []
    assert planted.found_in(_bytes_under(home)) == []
    assert planted.found_in(diagnosis.model_dump_json() + answer.model_dump_json()) == []
    assert planted.found_in("".join(piece.model_dump_json() for piece in evidence)) == []
    assert "[redacted:" in heard
    assert "KeyError" in diagnosis.root_cause + diagnosis.summary


async def _ignore(_: dict[str, Any]) -> None: ...


def _own_reply(workspace: RunningWorkspace, channel: str, ts: str) -> dict[str, Any]:
    """The bot's answer in the thread, when it is final."""

    def final() -> dict[str, Any] | None:
        if workspace.status(channel, ts):
            return None
        for message in replies(workspace, channel, ts):
            whole = any(block["type"] in ("header", "markdown") for block in message.get("blocks") or [])
            if message.get("user") == workspace.bot_user and not message.get("streaming") and whole:
                return message
        return None

    found = workspace.wait_for(final, SECONDS)
    assert found is not None
    return found


def _bytes_under(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
