"""The specialists as their files describe them, over the real tools."""

from __future__ import annotations

import pytest
from langchain_core.utils.function_calling import convert_to_openai_tool

from agent.knowledge import KnowledgeBase
from agent.specialists import Specialist, read_specialists
from graphs.alert_analysis import build_alert_analysis
from graphs.conversation import build_conversation
from tests.graphs.conftest import Bench
from tools.evidence.catalog import TOOLS
from tools.llm.offline.focus import PARAMETERS

SPECIALISTS = read_specialists()


@pytest.mark.parametrize("specialist", SPECIALISTS, ids=lambda s: s.name)
def test_every_tool_of_a_specialist_exists(specialist: Specialist) -> None:
    assert set(specialist.tools) <= set(TOOLS)


def test_every_tool_is_held_by_somebody() -> None:
    assert set(TOOLS) == {tool for specialist in SPECIALISTS for tool in specialist.tools}


@pytest.mark.parametrize("name", sorted(TOOLS))
def test_a_tool_says_what_it_does_and_asks_for_what_the_offline_analyst_can_fill(name: str) -> None:
    schema = convert_to_openai_tool(TOOLS[name])["function"]

    assert len(schema["description"]) > 40
    assert "runtime" not in schema["parameters"]["properties"]
    assert set(schema["parameters"].get("required", [])) <= {*PARAMETERS, "query", "pattern", "metric"}


def test_every_tool_that_a_runbook_gathers_with_exists() -> None:
    for book in KnowledgeBase.read().runbooks:
        assert set(book.gather) <= set(TOOLS), book.name


def test_the_graphs_are_built_from_the_files(bench: Bench) -> None:
    for build in (build_alert_analysis, build_conversation):
        nodes = set(build(bench.deps(), SPECIALISTS, TOOLS).get_graph().nodes)
        assert {specialist.name for specialist in SPECIALISTS} <= nodes
