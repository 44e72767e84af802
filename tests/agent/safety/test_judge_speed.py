"""A verdict comes in time, whatever the text is."""

from __future__ import annotations

import time

import pytest

from agent.safety.commands import Shell, judge
from agent.safety.commands.texts import MOST_BYTES

NASTY = (
    "$(" * 2000,
    "`" * 4000,
    "a|" * 2500 + "a",
    "ls;" * 2500,
    "{a,b}" * 1500,
    "echo " + "{" * 3000 + "}" * 3000,
    "cat " + "/." * 3000,
    "cat " + "*" * 4000,
    "find . " + "-name a " * 900,
    "sed '" + "s/a/b/;" * 1100 + "'",
    "awk '" + "/a/ " * 1500 + "'",
    "powershell " * 700,
    "x=" + "a" * 4000 + "; echo $x$x",
    "((" * 2000,
    "<<a " * 1500,
    "set a=&%a%%a%" * 500,
    "rm " + "-r " * 2000,
    "aws " + "cloudtrail iam attach-user-policy " * 200,
)


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
@pytest.mark.parametrize("shell", ["bash", "powershell", "cmd"])
def test_a_nasty_text_is_judged_in_time(shell: Shell, text: str) -> None:
    judge("ls", shell)
    started = time.thread_time()

    judge(text[:MOST_BYTES], shell)

    assert time.thread_time() - started < 1.0


def test_usual_commands_take_a_few_milliseconds() -> None:
    judge("ls", "bash")
    spent = []
    for _ in range(60):
        started = time.thread_time()
        judge("journalctl -u nginx --since today | grep -c error | sort", "bash")
        spent.append(time.thread_time() - started)

    assert sorted(spent)[55] < 0.1
