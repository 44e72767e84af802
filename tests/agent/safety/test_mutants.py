"""Attacks rewritten at random are never auto. `python -m tests.benchmarks.commands --mutants 100000` runs many more."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.safety.commands import Shell, judge
from tests.agent.safety import attacks
from tests.agent.safety.mutants import BASH_MUTATORS, CMD_MUTATORS, POWERSHELL_MUTATORS, mutant

_SETS = {
    "bash": (attacks.BASH, BASH_MUTATORS),
    "powershell": (attacks.POWERSHELL, POWERSHELL_MUTATORS),
    "cmd": (attacks.CMD, CMD_MUTATORS),
}
_NAMES: tuple[Shell, ...] = ("bash",) * 8 + ("powershell", "cmd")
_SHELLS = st.sampled_from(_NAMES)


def _check(shell: Shell, random: Random) -> None:
    commands, mutators = _SETS[shell]
    written = mutant(random.choice(commands), mutators, random)
    verdict = judge(written, shell)
    assert verdict.decision != "auto", written
    assert verdict.reasons


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_SHELLS, st.randoms(use_true_random=False))
def test_no_mutant_of_an_attack_is_auto(shell: Shell, random: Random) -> None:
    _check(shell, random)


@pytest.mark.slow
@pytest.mark.timeout(600)
@settings(max_examples=800, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(min_value=0))
def test_none_of_twenty_thousand_mutants_is_auto(seed: int) -> None:
    """25 mutants an example: most of the time of one would otherwise go into drawing it. The benchmark judges more."""
    random = Random(seed)
    for _ in range(25):
        _check(random.choice(_NAMES), random)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["bash", "powershell", "cmd"]), st.text(max_size=80))
def test_any_text_gets_a_verdict(shell: Shell, text: str) -> None:
    verdict = judge(text, shell)

    assert verdict.decision in ("auto", "approval", "refuse")
    assert verdict.reasons
