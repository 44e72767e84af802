"""Builds every dependency, once. Tests call it with other adapters by keyword; nothing else reads the environment."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from langchain_core.language_models import BaseChatModel

from agent.budgets import RunMeter
from agent.errors import SettingsError
from agent.knowledge import KnowledgeBase
from agent.ports import Deps, ModelRole
from agent.redaction import Policy, use
from agent.settings import Settings
from agent.specialists import read_specialists
from slack_app.application import Application
from slack_app.blocks.links import trust
from slack_app.equipment import equipped
from slack_app.watching import watched
from slack_app.web.metrics import metrics_folder
from tools.aws import Boto3Session
from tools.checkpoints import open_checkpointer
from tools.evidence.cache import MemoryCache
from tools.llm.links import Link
from tools.llm.prices import PriceTable
from tools.origins import alert_origins
from tools.persistence import open_persistence
from tools.secrets import secret_environment, with_secrets
from tools.secrets.sealing import field_sealer
from tools.telemetry import ROLE
from tools.telemetry.feedback import CountedFeedback
from tools.telemetry.prometheus import metrics_in
from tools.tickets import ticket_systems

OWNERS_ONLY = 0o700
"""Of a home that is made: incidents and a key lie in it."""


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Held:
    """The dependencies and what has to be closed at the end."""

    deps: Deps
    close: Callable[[], None]


def build_deps(settings: Settings, **replaced: Any) -> Held:
    """The frozen `Deps`. A keyword replaces the field of that name."""
    settings = with_secrets(settings)
    use(Policy(cards=settings.redact_cards, emails=settings.redact_emails))
    trust(settings)
    clock = replaced.get("clock", utc_now)
    home = settings.home
    try:
        home.mkdir(mode=OWNERS_ONLY, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"WATCHKEEPER_HOME: {home} cannot be made ({error.strerror}); name another folder."
        ) from error
    kept = open_persistence(settings, clock)
    metrics = replaced.get("metrics") or metrics_in(metrics_folder(settings))
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
        "remediations": kept.remediations,
        "approvals": kept.approvals,
        "audit": kept.audit,
        "mutes": kept.mutes,
        "feedback": CountedFeedback(kept.feedback, metrics),
        "metrics": metrics,
        "spend": kept.spend,
        "locks": kept.locks,
        "stops": kept.stops,
        "state": kept.state,
        "archive": kept.archive,
        "queue": kept.queue,
        "cache": replaced.get("cache") or MemoryCache(),
        "tickets": replaced.get("tickets") or ticket_systems(settings),
        "origins": replaced.get("origins") or alert_origins(settings),
        "sealer": field_sealer(settings),
        "meter": RunMeter(PriceTable.read(settings.llm_prices).usd),
    }
    return Held(Deps(**(fields | replaced)), kept.close)


def check_models(settings: Settings) -> None:
    """SettingsError when a model that the settings name cannot be set up: no key, no library, no such provider."""
    from tools.llm.roles import ROLES, chain_of

    for spec in dict.fromkeys(spec for role in ROLES for spec in chain_of(role, settings)):
        from tools.llm.providers import chat_model

        chat_model(spec, settings)


def model_factory(settings: Settings, knowledge: KnowledgeBase) -> Callable[[ModelRole], BaseChatModel]:
    """The chat model of each role, made when first asked for: a chain of models that ends with the offline analyst."""

    @lru_cache
    def offline() -> BaseChatModel:
        from tools.llm.offline import OfflineAnalyst

        return OfflineAnalyst(knowledge, read_specialists())

    @lru_cache
    def link(spec: str) -> Link:
        """Roles that have the same model share it, and its circuit breaker."""
        from tools.llm.breaker import CircuitBreaker
        from tools.llm.providers import link_of

        return link_of(spec, settings, CircuitBreaker())

    @lru_cache
    def models(role: ModelRole) -> BaseChatModel:
        from tools.llm.roles import chain_of

        chain = chain_of(role, settings)
        if not chain:
            return offline().model_copy(update={"metadata": {ROLE: role}})
        from tools.llm.fallback import FallbackChatModel

        seconds = settings.llm_timeout_seconds
        if role == "specialist":  # so that somebody else can still take over before its deadline
            seconds = min(seconds, settings.gather_timeout_seconds * 2 / 3)
        links = tuple(link(spec) for spec in chain)
        return FallbackChatModel(links=links, offline=offline(), attempt_seconds=seconds, metadata={ROLE: role})

    return models


@asynccontextmanager
async def application(deps: Deps) -> AsyncGenerator[Application]:
    """The graphs over the dependencies, with their checkpoints where the settings say, while the context is open."""
    from graphs.alert_analysis import build_alert_analysis
    from graphs.conversation import build_conversation
    from graphs.remediation import Remediator, build_remediation
    from slack_app.handlers.looking_again import looking_again
    from tools.aws.writing import AssumedWriteAccess
    from tools.evidence.catalog import TOOLS
    from tools.executor import Executor

    environ = secret_environment(deps.settings, os.environ)
    async with (
        equipped(deps.settings, read_specialists(), TOOLS, environ) as (specialists, tools),
        watched(deps, [specialist.name for specialist in specialists], os.environ) as watch,
        open_checkpointer(deps.settings) as saver,
    ):
        asked = Application(
            deps=deps,
            alert_analysis=watch(build_alert_analysis(deps, specialists, tools, saver)),
            conversation=watch(build_conversation(deps, specialists, tools, saver)),
        )
        executor = Executor(deps, AssumedWriteAccess.of(deps.settings))
        remediator = Remediator(executor, look_again=looking_again(asked))
        yield replace(asked, remediator=remediator, remediation=watch(build_remediation(remediator, saver)))
