"""Builds every dependency, once. Tests call it with other adapters by keyword; nothing else reads the environment."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from langchain_core.language_models import BaseChatModel
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from agent.errors import SettingsError
from agent.knowledge import KnowledgeBase
from agent.ports import Deps, ModelRole
from agent.redaction import Policy, use
from agent.settings import Settings
from agent.specialists import read_specialists
from slack_app.application import Application
from tools.aws import Boto3Session
from tools.evidence.cache import MemoryCache
from tools.persistence import open_persistence


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Held:
    """The dependencies and what has to be closed at the end."""

    deps: Deps
    close: Callable[[], None]


def build_deps(settings: Settings, **replaced: Any) -> Held:
    """The frozen `Deps`. A keyword replaces the field of that name."""
    use(Policy(cards=settings.redact_cards, emails=settings.redact_emails))
    clock = replaced.get("clock", utc_now)
    home = settings.home
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"WATCHKEEPER_HOME: {home} cannot be made ({error.strerror}); name another folder."
        ) from error
    kept = open_persistence(settings, clock)
    knowledge = replaced.get("knowledge") or KnowledgeBase.read()
    fields: dict[str, Any] = {
        "settings": settings,
        "clock": clock,
        "aws": replaced.get("aws") or Boto3Session.of(settings),
        "models": replaced.get("models") or model_factory(settings, knowledge),
        "knowledge": knowledge,
        "incidents": kept.incidents,
        "conversations": kept.conversations,
        "ledger": kept.ledger,
        "approvals": kept.approvals,
        "audit": kept.audit,
        "queue": kept.queue,
        "cache": replaced.get("cache") or MemoryCache(),
    }
    return Held(Deps(**(fields | replaced)), kept.close)


def model_factory(settings: Settings, knowledge: KnowledgeBase) -> Callable[[ModelRole], BaseChatModel]:
    """The chat model of each role, made when first asked for, with the offline analyst to fall back on."""

    @lru_cache
    def offline() -> BaseChatModel:
        from tools.llm.offline import OfflineAnalyst

        return OfflineAnalyst(knowledge, read_specialists())

    @lru_cache
    def models(role: ModelRole) -> BaseChatModel:
        spec = {"offline": "offline", "analyst": settings.llm}.get(role, settings.fast_llm)
        if spec == "offline":
            return offline()
        from tools.llm.fallback import FallbackChatModel
        from tools.llm.providers import chat_model

        return FallbackChatModel(primary=chat_model(spec, settings, offline), fallback=offline())

    return models


@asynccontextmanager
async def application(deps: Deps) -> AsyncGenerator[Application]:
    """The graphs over the dependencies, with checkpoints in SQLite while the context is open."""
    from graphs.alert_analysis import build_alert_analysis
    from graphs.conversation import build_conversation
    from tools.evidence.catalog import TOOLS

    specialists = read_specialists()
    async with AsyncSqliteSaver.from_conn_string(str(deps.settings.home / "checkpoints.db")) as saver:
        yield Application(
            deps=deps,
            alert_analysis=build_alert_analysis(deps, specialists, TOOLS, saver),
            conversation=build_conversation(deps, specialists, TOOLS, saver),
        )
