"""The offline analyst must work on accounts it has never seen, so nothing of a scenario may be in what it knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local.account import load_scenario, scenario_names

ROOT = Path(__file__).parents[2]
KNOWLEDGE = ("prompts", "agent", "tools", "graphs", "slack_app")


@pytest.mark.parametrize("name", scenario_names())
def test_no_resource_or_name_of_a_scenario_stands_in_the_runtime(name: str) -> None:
    scenario = load_scenario(name)
    resources = scenario.resources.model_dump()
    names = {
        entry["name"]
        for entries in resources.values()
        for entry in entries
        if isinstance(entry, dict) and "name" in entry
    }
    telling = {each for each in {name, scenario.question, *names} if len(each) > 8}
    files = [p for room in KNOWLEDGE for p in (ROOT / room).rglob("*") if p.suffix in (".py", ".md", ".yaml")]
    # The runbook of the same failure mode may be called like the scenario that shows it.
    found = {(each, p.name) for p in files for each in telling if each in p.read_text() and each not in (p.stem, name)}
    assert found == set()
