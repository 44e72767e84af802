"""What every handler works with."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

from agent.models import Job, SlackPlace
from graphs.alert_intake import AlertIntake
from slack_app.application import Application
from slack_app.blocks.progress import Progress
from slack_app.channel_budget import ChannelBudget
from slack_app.messenger import SlackMessenger
from slack_app.people import People


@dataclass(frozen=True)
class Desk:
    """The graphs, the way to Slack, who people are, and the analyses and answers that this worker is on.

    `intake` takes alerts into incidents.
    """

    app: Application
    messenger: SlackMessenger
    people: People
    intake: AlertIntake
    running: dict[str, Job] = field(default_factory=dict[str, Job])
    analyses: dict[str, Progress] = field(default_factory=dict[str, Progress])
    """How far this worker's analyses are, by incident."""
    drawing: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])
    """Edits under way that nobody waits for."""

    @classmethod
    def of(cls, app: Application, messenger: SlackMessenger) -> Desk:
        return cls(app, messenger, People(messenger.client), AlertIntake(app.deps))

    @property
    def budget(self) -> ChannelBudget:
        """What may still be written about alerts in a channel."""
        deps = self.app.deps
        return ChannelBudget(deps.state, deps.clock, deps.settings.channel_messages_per_minute)

    async def whisper(self, place: SlackPlace, user: str, text: str) -> None:
        """Say something that only one person sees. A nicety: who cannot be told is not told."""
        await nicely(
            self.messenger.client.chat_postEphemeral(
                channel=place.channel, user=user, text=text, thread_ts=place.thread_ts or None
            )
        )


Handler = Callable[[Job, Desk], Awaitable[None]]


def place_of(job: Job) -> SlackPlace:
    """The thread that a job is about; for an alert, the one under its message."""
    payload = job.payload
    ts = str(payload.get("thread_ts") or (payload.get("event") or {}).get("ts") or job.id)
    return SlackPlace(team=str(payload.get("team", "")), channel=str(payload.get("channel", "")), thread_ts=ts)


async def nicely(call: Awaitable[Any]) -> None:
    """For what is pleasant to have: whatever Slack or the network says against it, the work goes on."""
    with suppress(SlackApiError, aiohttp.ClientError, OSError, TimeoutError):
        await call
