"""The judge's data: every row can be read, is there once, and says what it means."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import pytest

from agent.safety.commands.checks import CHECKS
from agent.safety.commands.refusals import refusals
from agent.safety.commands.tables import FILES, Rule, allowed, read_yaml, word_list, wrappers
from agent.safety.commands.windows_programs import windows_rules


def _rules(rules: dict[str, Rule]) -> Iterator[tuple[str, Rule]]:
    for name, rule in rules.items():
        yield name, rule
        for inner, each in _rules(rule.subcommands):
            yield f"{name} {inner}", each


def test_every_command_is_in_the_list_once() -> None:
    names = Counter(name for file in FILES for key in read_yaml(file) for name in str(key).split("|"))

    assert [name for name, count in names.items() if count > 1] == []


def test_every_check_that_a_rule_names_exists() -> None:
    unknown = [name for name, rule in _rules(allowed()) if rule.check and rule.check not in CHECKS]

    assert unknown == []


def test_flags_look_like_flags() -> None:
    odd = [
        (name, flag)
        for name, rule in _rules(allowed())
        for flag in (*(rule.flags if rule.flags != "any" else ()), *rule.never, *rule.values, *rule.needs)
        if not re.fullmatch(r"[-+/]{0,2}[\w.#@:?+-]*=?|-[-\w]+=[\w]+", flag)
    ]

    assert odd == []


def test_no_rule_is_both_a_list_of_flags_and_a_list_of_exceptions_without_meaning() -> None:
    both = [name for name, rule in _rules(allowed()) if rule.flags == frozenset() and rule.values]

    assert both == []


@pytest.mark.parametrize(
    "name", ["rm", "sh", "bash", "eval", "xargs", "sudo", "tee", "dd", "vim", "psql", "kubectl exec"]
)
def test_what_writes_or_executes_is_not_allowed_with_any_flag(name: str) -> None:
    rule = dict(_rules(allowed())).get(name)

    assert rule is None or rule.flags != "any"


def test_shells_and_wrappers_are_not_allowed_commands() -> None:
    free = {name for name, rule in allowed().items() if rule.flags == "any" and not rule.check}

    assert not free & (set(wrappers()) | word_list("shells") | word_list("interpreters"))


def test_the_patterns_and_the_windows_programs_can_be_read() -> None:
    assert refusals("bash").commands
    assert refusals("windows").text
    assert windows_rules()["ipconfig"].operands == "none"
