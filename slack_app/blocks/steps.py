"""What people are told to do, its commands whole and in blocks that can be copied, with every character as it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from slack_app.blocks.parts import Block, sections

_QUOTED = re.compile(r"`([^`]+)`")
_COMMAND = re.compile(r"[A-Za-z$./][\w$./-]* \S.*", re.S)
"""Several words, the first of which may be a program's: a name alone (`amount_cents`) is no command."""
_LIVE = re.compile(r"[<>&]|@(?:channel|here|everyone)\b", re.I)
"""What Slack might read in Markdown even between fences."""


def step_blocks(title: str, steps: Sequence[str], say: Callable[[str], str]) -> list[Block]:
    """Numbered steps, each command a block of its own."""
    blocks: list[Block] = []
    lines = [f"*{title}*"]
    for number, step in enumerate(steps, 1):
        for part, (words, command) in enumerate(in_parts(step)):
            lines += [f"{number}. {say(words)}".rstrip() if part == 0 else say(words)] if words or part == 0 else []
            if command:
                blocks += [*sections("\n".join(lines)), preformatted(command)]
                lines = []
    return [*blocks, *sections("\n".join(lines))]


def step_markdown(number: int, step: str, say: Callable[[str], str]) -> str:
    """One step, with fences around its commands; those that hold what Slack might read stay in the line."""
    parts = in_parts(step)
    if any(_LIVE.search(command) for _, command in parts):
        return f"{number}. {say(step)}\n"
    told = [say(words) + (f"\n\n```\n{command}\n```\n" if command else "\n") for words, command in parts]
    return f"{number}. " + "".join(told)


def in_parts(step: str) -> list[tuple[str, str]]:
    """Words with the command that follows them: [("Stop it now:", "aws lambda …"), ("or remove the trigger.", "")]."""
    found: list[tuple[str, str]] = []
    end = 0
    for match in _QUOTED.finditer(step):
        if not _COMMAND.fullmatch(match[1].strip()):
            continue
        words = step[end : match.start()].lstrip(" .,;").rstrip(" :")
        found.append((f"{words}:" if words else "", " ".join(match[1].split())))
        end = match.end()
    rest = step[end:].lstrip(" .,;") if found else step
    return [*found, (rest, "")] if rest else found


def preformatted(text: str) -> Block:
    """A block of its own, without markup."""
    shown = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [shown]}
