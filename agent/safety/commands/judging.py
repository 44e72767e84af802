"""The judge: one function, a shell each."""

from __future__ import annotations

import logging
import time
from functools import cache
from typing import assert_never, get_args

from agent.safety.commands.verdict import Shell, Verdict, refusal

BUDGET_SECONDS = 0.1
"""Processor time of this thread, not time on the wall: a busy machine must not get harmless commands refused."""


def judge(command: str, shell: Shell) -> Verdict:
    """Whether a command only reads (`auto`), wants a person (`approval`), or is not run at all (`refuse`).

    Never raises for what the command is; a shell that is not known is a ValueError.
    """
    if shell not in get_args(Shell):
        raise ValueError(f"{shell!r} is not a shell that can be judged")
    try:
        _load(shell)
        started = time.thread_time()
        verdict = _judged(command, shell)
        if time.thread_time() - started > BUDGET_SECONDS:
            verdict = refusal("It took too long to judge.")
    except Exception as error:
        # A gate that breaks must be shut: whatever the text did to the judge, it is not run.
        logging.getLogger(__name__).warning("the command judge failed", exc_info=True)
        verdict = refusal(f"It could not be judged ({type(error).__name__}).")
    return verdict if verdict.reasons else Verdict(verdict.decision, ("All that it runs is known to only read.",))


@cache
def _load(shell: Shell) -> None:
    """Reads the tables and loads the parsers once, before the time of a first command begins."""
    _judged("hostname", shell)


def _judged(command: str, shell: Shell) -> Verdict:
    if shell == "bash":
        from agent.safety.commands.bash import judge_bash

        return judge_bash(command)
    if shell == "powershell":
        from agent.safety.commands.powershell import judge_powershell

        return judge_powershell(command)
    if shell == "cmd":
        from agent.safety.commands.windows_cmd import judge_cmd

        return judge_cmd(command)
    assert_never(shell)
