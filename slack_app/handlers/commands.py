"""`/watchkeeper status | mute | unmute | whoami | remediation`, most of it in a mention, too. Only who asked sees."""

from __future__ import annotations

import asyncio
from collections import Counter
from importlib.metadata import version

from slack_sdk.webhook.async_client import AsyncWebhookClient

from agent.errors import InputError, WatchkeeperError
from agent.models import Asker, AuditEntry, Job, JobKind, Mute, SlackPlace
from slack_app.alert_channels import is_watched
from slack_app.blocks.commands import HOME, Status, waiting_words, whoami_text
from slack_app.blocks.help import home_view
from slack_app.blocks.links import trusted
from slack_app.blocks.text import escape
from slack_app.handlers.deciders import approvers_of, decider
from slack_app.handlers.desk import Desk, nicely, place_of
from slack_app.handlers.muting import muted_place, unmute_words, until_words
from slack_app.handlers.open_incidents import open_incidents
from slack_app.handlers.switching import switch_remediation
from slack_app.handlers.unmuting import tell_of_a_place
from slack_app.mute_phrases import mute_end
from slack_app.outgoing import cleaned
from slack_app.response_urls import opened_url

AWS_SECONDS = 5.0
LAST_ENTRIES = 20


async def handle_command(job: Job, desk: Desk) -> None:
    """Do what was asked and tell who asked, through the response URL of a slash command or in the thread."""
    name, _, rest = str(job.payload["text"]).partition(" ")
    if name == HOME:
        await _show_home(desk, str(job.payload["user"]))
        return
    asker = await desk.people.asker(job.payload["user"])
    try:
        text = await _carry_out(name, rest, job, desk, asker)
    except InputError as error:
        text = str(error)
    url = opened_url(desk.app.deps.sealer, job.payload)
    if trusted(url):  # Slack's own
        shown = cleaned("chat.postEphemeral", {"text": text})["text"]
        await nicely(AsyncWebhookClient(url).send(text=shown, response_type="ephemeral"))
    else:
        where = place_of(job) if job.payload.get("ts") else _scope(job)  # a slash command has no message
        await desk.whisper(where, asker.user, text)


async def _carry_out(name: str, rest: str, job: Job, desk: Desk, asker: Asker) -> str:
    where = _scope(job)
    if name == "mute":
        return await _mute(where, rest, desk, asker)
    if name == "unmute":
        return await _unmute(where, desk, asker)
    if name == "remediation":
        return await switch_remediation(rest, desk, asker.user)
    if name == "whoami":
        approver = await _approves(asker.user, desk)
        return whoami_text(asker, await desk.app.deps.spend.today(asker.user), approver)
    return (await _status(where, desk, asker)).text()


async def _approves(user: str, desk: Desk) -> bool:
    """Whether the action policy names somebody, or a user group of theirs, for any change."""
    named = approvers_of(desk.app.deps)
    who = await decider(user, named, desk.messenger.client)
    return who.doubt is None and (user in named or bool(who.groups))


async def _mute(where: SlackPlace, rest: str, desk: Desk, asker: Asker) -> str:
    deps = desk.app.deps
    until = mute_end(rest, deps.clock(), asker.zone)
    mute = Mute(channel=where.channel, thread_ts=where.thread_ts, by=asker.user, at=deps.clock(), until=until)
    await deps.mutes.mute(mute)
    await _audit(desk, "place.muted", where, asker)
    who, end = escape(asker.name or "Somebody"), until_words(mute, asker.zone)
    text = f"{who} muted this channel{end}: alerts here are not analysed. `/watchkeeper unmute` ends it."
    await _tell_the_channel(where, desk, text)
    quiet = "no alert here is analysed, and I answer only when I am mentioned"
    return f"{muted_place(mute)} is muted{until_words(mute, asker.zone)}: {quiet}. {unmute_words(mute)} ends it."


async def _tell_the_channel(where: SlackPlace, desk: Desk, text: str) -> None:
    """Whether anybody looks into alerts is everybody's business where alerts are watched."""
    messenger, watched = desk.messenger, desk.app.deps.settings.alert_channels
    if where.thread_ts or not await is_watched(messenger.client, where.channel, watched):
        return
    await nicely(messenger.post(SlackPlace(channel=where.channel, thread_ts=""), text))


async def _unmute(where: SlackPlace, desk: Desk, asker: Asker) -> str:
    if not await desk.app.deps.mutes.unmute(where.channel, where.thread_ts):
        return f"{muted_place(where)} was not muted."
    await _audit(desk, "place.unmuted", where, asker)
    meanwhile = await tell_of_a_place(where, desk)
    who = escape(asker.name or "Somebody")
    await _tell_the_channel(where, desk, f"{who} unmuted this channel. {meanwhile}".strip())
    return f"{muted_place(where)} is not muted any more. {meanwhile}".strip()


async def _audit(desk: Desk, event: str, where: SlackPlace, asker: Asker) -> None:
    subject = f"{where.channel}:{where.thread_ts}" if where.thread_ts else where.channel
    entry = AuditEntry(at=desk.app.deps.clock(), actor=asker.user or "unknown", event=event, subject=subject)
    await desk.app.deps.audit.append(entry)


async def _status(where: SlackPlace, desk: Desk, asker: Asker) -> Status:
    deps = desk.app.deps
    here = await deps.mutes.active(where.channel, where.thread_ts)
    working = Counter(job.kind for job in desk.running.values())
    return Status(
        version=version("watchkeeper"),
        jobs=max(await deps.queue.depth() - 1, 0),  # without this very command
        alerts=working[JobKind.analysis],
        questions=working[JobKind.mention],
        model=deps.settings.llm,
        degraded=await _degraded(desk),
        account=await _account(desk),
        region=deps.settings.aws_region,
        spend=await deps.spend.today(),
        muted_here=f"{muted_place(here).lower()}{until_words(here, asker.zone)}" if here else "",
        muted_elsewhere=len([mute for mute in await deps.mutes.all() if mute != here]),
        waits=waiting_words(await deps.queue.waiting()),
        incidents=await open_incidents(desk, where.channel),
    )


async def _show_home(desk: Desk, user: str) -> None:
    """The App Home with what is open now; the listener published it without."""
    view = home_view(desk.app.deps.settings.alert_channels, await open_incidents(desk))
    await nicely(desk.messenger.client.views_publish(user_id=user, view=view))


async def _degraded(desk: Desk) -> str:
    """What the latest answer said of its model."""
    for entry in await desk.app.deps.audit.read(limit=LAST_ENTRIES):
        if entry.event == "question.answered":
            return str(entry.detail.get("degraded", ""))
    return ""


async def _account(desk: Desk) -> str:
    """The account's id, if AWS says so in time."""
    try:
        async with asyncio.timeout(AWS_SECONDS):
            return await asyncio.to_thread(lambda: desk.app.deps.aws.account)
    except (WatchkeeperError, TimeoutError):
        return ""


def _scope(job: Job) -> SlackPlace:
    """The thread in which `mute` was said, else the channel."""
    payload, place = job.payload, place_of(job)
    in_thread = payload.get("thread_ts") and payload["thread_ts"] != payload.get("ts")
    return place if in_thread else place.model_copy(update={"thread_ts": ""})
