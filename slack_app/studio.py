"""The graphs as LangGraph Studio and `langgraph dev` open them: over the real dependencies, without Slack.

Studio keeps its own checkpoints and passes no context, so each graph is wrapped in one that hands the dependencies in.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from langgraph.graph import END, START, StateGraph

from agent.ports import Deps
from agent.settings import Settings
from agent.specialists import read_specialists
from graphs.alert_analysis import build_alert_analysis
from graphs.conversation import build_conversation
from graphs.state import AlertState, ConversationState
from slack_app.bootstrap import build_deps
from tools.evidence.catalog import TOOLS


@lru_cache
def _deps() -> Deps:
    return build_deps(Settings.read()).deps


def alert_analysis() -> Any:
    """In: `{"alert": <Alert as JSON>, "evidence": [], "usage": {...}}`."""
    return _with_deps(AlertState, build_alert_analysis(_deps(), read_specialists(), TOOLS))


def conversation() -> Any:
    """In: `{"question": "...", "history": [], "evidence": [], "usage": {...}}`."""
    return _with_deps(ConversationState, build_conversation(_deps(), read_specialists(), TOOLS))


def _with_deps(state: type[Any], inner: Any) -> Any:
    async def run(given: Any) -> Any:
        return await inner.ainvoke(given, context=_deps())

    graph: Any = StateGraph(state)
    graph.add_node(inner.name, run)
    graph.add_edge(START, inner.name)
    graph.add_edge(inner.name, END)
    return graph.compile(name=inner.name)
