"""What `/watchkeeper status` and `whoami` say, as mrkdwn lines."""

from __future__ import annotations

from dataclasses import dataclass

from agent.models import Asker, Spend
from agent.ports import Waiting
from slack_app.blocks.moments import duration
from slack_app.blocks.open_incidents import NOTHING_OPEN, OpenIncidents
from slack_app.blocks.text import cut, escape

LONG_SECONDS = 60.0
HOME = "home"
"""What a job says when somebody opened the App Home."""


@dataclass(frozen=True)
class Status:
    """What there is to say, gathered. Of mutes elsewhere only the number: not everybody is in every channel."""

    version: str
    jobs: int
    alerts: int
    questions: int
    model: str
    degraded: str
    account: str
    region: str
    spend: Spend
    muted_here: str
    muted_elsewhere: int
    waits: str = ""
    """What the queue has to say beside its length."""
    incidents: OpenIncidents = NOTHING_OPEN

    def text(self) -> str:
        muted = [self.muted_here] if self.muted_here else []
        muted += [_count(self.muted_elsewhere, "other place" if muted else "place")] if self.muted_elsewhere else []
        model = "offline analyst (no language model)" if self.model == "offline" else self.model
        degraded = f", degraded in the last answer: {cut(self.degraded, 300)}" if self.degraded else ""
        lines = [
            f"*Watchkeeper {escape(self.version)}*",
            f"*Work:* {_count(self.jobs, 'job')} queued or running; this worker is on "
            f"{_count(self.alerts, 'alert')} and {_count(self.questions, 'question')}{self.waits}",
            f"*Model:* {escape(model + degraded)}",
            f"*AWS:* account {escape(self.account or 'unknown (AWS did not say)')}, {escape(self.region)}",
            f"*Models today (UTC):* {spent_words(self.spend)}",
            f"*Muted:* {' and '.join(muted) or 'nothing'}",
            f"*Open incidents*\n{self.incidents.text()}",
        ]
        return "\n".join(lines)


def whoami_text(asker: Asker, spend: Spend, approver: bool) -> str:
    """`approver`: whether the action policy names this person, or a user group of theirs, for anything."""
    approves = "You may approve changes" if approver else "You are not among those who may approve changes"
    return "\n".join(
        [
            f"*{escape(asker.name) or 'Slack does not tell me your name'}* (`{escape(asker.user)}`)",
            f"*Time zone:* {escape(asker.zone)}; “yesterday” and “2 pm” mean yours",
            "*You may* ask, stop answers, judge them, mute or unmute channels and threads, and ask for a known fix. "
            f"{approves}.",
            f"*Your questions today (UTC):* {spent_words(spend)}",
        ]
    )


def waiting_words(waiting: Waiting) -> str:
    """`; the oldest waits for 4 minutes; 2 were given up (watchkeeper dlq list)`, or "" when all is as it should be."""
    old = waiting.oldest_seconds >= LONG_SECONDS
    late = f"; the oldest waits for {duration(waiting.oldest_seconds)}" if old else ""
    dead = f"; {waiting.dead} given up (`watchkeeper dlq list` tells why)" if waiting.dead else ""
    return late + dead


def spent_words(spend: Spend) -> str:
    tokens = spend.input_tokens + spend.output_tokens
    return f"{tokens:,} tokens, ${spend.usd:.2f}" if tokens else "no tokens"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
