"""Judging shell commands before they are run: `judge(command, shell)`.

    >>> from agent.safety.commands import judge
    >>> judge("df -h | sort -k5", "bash").decision
    'auto'

A command is `auto` only where a syntax tree shows that all of it reads and nothing else; see docs/command-judge.md.
"""

from __future__ import annotations

from agent.safety.commands.judging import judge
from agent.safety.commands.verdict import Decision, Shell, Verdict

__all__ = ["Decision", "Shell", "Verdict", "judge"]
