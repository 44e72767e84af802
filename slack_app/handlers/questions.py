"""A question: one answer in its thread, streamed to who asked, with the thread's earlier turns as context."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from agent.errors import StoreUnavailable
from agent.models import Answer, AuditEntry, ChatMessage, Evidence, Job, Mute, SlackPlace
from slack_app.blocks.answers import answer_blocks, answer_files, answer_markdown, answer_text, closing_blocks
from slack_app.blocks.zones import in_zone
from slack_app.handlers.choices import take_choice
from slack_app.handlers.desk import Desk, nicely, place_of
from slack_app.handlers.fixes import fix_answer
from slack_app.handlers.muting import muted_place, until_words
from slack_app.handlers.presence import at_rest, at_work
from slack_app.handlers.stopping import Found, Stopped, stopped_answer, until_stopped
from slack_app.handlers.surroundings import said_above
from slack_app.handlers.waiting import (
    answer_key,
    begun_at,
    begun_key,
    is_answered,
    is_meant,
    own_messages,
    settled,
    waiting_of,
)
from slack_app.intake import everything_of, slack_time
from slack_app.streaming import STATUS, LiveAnswer
from slack_app.turns import unless


async def hear_question(job: Job, desk: Desk) -> bool:
    """Whether it is for Watchkeeper. Then the thread shows and remembers that it was heard, even if others go first."""
    asked, place, deps = job.payload, place_of(job), desk.app.deps
    thread = await deps.conversations.get(place)
    if is_answered(thread, asked["ts"]):
        return job.attempt > 1
    if asked["implicit"] and (
        not is_meant(thread, place.thread_ts, asked["user"], asked["text"], deps.clock())
        or await deps.mutes.active(place.channel, place.thread_ts)
    ):
        return False
    await nicely(desk.messenger.set_status(place, STATUS))
    asker = await desk.people.asker(asked["user"])
    turn = ChatMessage(
        role="user",
        text=asked["text"] or "help",
        author=asked["user"],
        author_name=asker.name,
        ts=asked["ts"],
        message_ts=asked.get("answers_ts", ""),
        at=deps.clock(),
    )
    await deps.conversations.append(place, turn)
    return True


async def handle_question(job: Job, desk: Desk) -> None:
    """Answer it, together with what the same person asked while it waited, however often it is delivered."""
    place, deps = place_of(job), desk.app.deps
    if "choice" in job.payload:
        await take_choice(job, desk)
    thread = await deps.conversations.get(place)
    user, ts = job.payload["user"], job.payload["ts"]
    waiting = waiting_of(thread, user, deps.clock(), ts)
    if not waiting or is_answered(thread, ts):
        if job.attempt > 1:  # an end between the answer and its session's may have left that turning
            await at_rest(desk.messenger, place)
        return
    begun = begun_at(thread, waiting)
    if job.attempt > 1 and not begun:
        begun = await desk.messenger.find_own(place, waiting[0].ts, own_messages(thread))
    run = _Run(job, desk, place, waiting, begun)
    by = await run.stopped_before()
    if by and (begun or by == user):  # who orders a stop ends what goes on, and what they asked themselves
        await run.show(*await run.stopped(by, []))
        await at_rest(desk.messenger, place)
        return
    mute = await deps.mutes.active(place.channel, place.thread_ts)
    # After an order by somebody else only a newer one counts; without one, Slack's clock alone decides.
    began = deps.clock() if by else slack_time(waiting[-1].ts)
    async with at_work(desk.messenger, place, waiting[0].text, lambda: bool(run.live.ts)), run.live:
        await run.live.begin()
        above = await said_above(desk, place, thread, waiting[0].ts)
        answer, evidence = await run.answer([*above, *settled(thread, deps.clock())], began)
        await run.show(answer, evidence)
    if mute is not None:
        await _mention(mute, user, desk, place)


async def give_up(job: Job, desk: Desk, text: str, shown_ts: str) -> None:
    """Nothing more is tried: the next question in the thread is not to be answered together with this one.

    `shown_ts`: the message that says so, which no other answer is to be written into.
    """
    deps, place = desk.app.deps, place_of(job)
    ts = answer_key(str(job.payload.get("ts", place.thread_ts)))
    turn = ChatMessage(role="assistant", text=text, ts=ts, message_ts=shown_ts, at=deps.clock())
    with suppress(StoreUnavailable):
        await deps.conversations.append(place, turn)


class _Run:
    """One answer on its way."""

    def __init__(self, job: Job, desk: Desk, place: SlackPlace, waiting: Sequence[ChatMessage], begun: str) -> None:
        """`begun`: the message in which an earlier attempt began."""
        self._desk = desk
        self._place = place
        self._waiting = waiting
        self._ts = waiting[-1].ts
        self._user = str(job.payload["user"])
        self.live = LiveAnswer(desk.messenger, place, self._user, begun, self._note_begun)
        self._id = f"{place.channel}:{self._ts}:{job.id}"
        self._event = "question.answered"

    async def _note_begun(self, ts: str) -> None:
        """So that the next attempt goes on in this very message."""
        deps = self._desk.app.deps
        turn = ChatMessage(role="assistant", text="", ts=begun_key(self._ts), message_ts=ts, at=deps.clock())
        with suppress(StoreUnavailable):  # it is looked for in the thread then
            await deps.conversations.append(self._place, turn)

    async def stopped_before(self) -> str:
        """Who ordered a stop after all of this was asked and before it was begun; "" if nobody did."""
        stops, asked_at = self._desk.app.deps.stops, slack_time(self._ts)
        own = everything_of(self._user, self._place)
        return await stops.since(own, asked_at) or await stops.since(self._place, asked_at)

    async def answer(self, history: list[ChatMessage], began: datetime) -> tuple[Answer, list[Evidence]]:
        """The graph's answer, or what had been found when somebody stopped it."""
        app, found = self._desk.app, Found(self.live.follow)
        question = "\n".join(turn.text for turn in self._waiting)
        asker = await self._desk.people.asker(self._user)
        if asked := await fix_answer(question, self._place, self._user, self._ts, self._desk):
            return _together(asked, len(self._waiting)), []
        clicked = next((turn.message_ts for turn in self._waiting if turn.message_ts), "")
        asking = app.ask(question, history, self._id, found.follow, asker, clicked)
        own = (everything_of(self._user, self._place), slack_time(self._ts))
        try:
            answer, evidence = await unless(asking, until_stopped(app.deps.stops, (self._place, began), own))
        except Stopped as stop:
            return await self.stopped(stop.by, found.evidence)
        return _together(answer, len(self._waiting)), evidence

    async def stopped(self, by: str, evidence: list[Evidence]) -> tuple[Answer, list[Evidence]]:
        self._event = "question.stopped"
        return stopped_answer(await self._desk.people.name(by), evidence, self._id), evidence

    async def show(self, answer: Answer, evidence: list[Evidence]) -> None:
        """In Slack first, then in the thread's memory and the audit trail: a crash in between repeats an edit."""
        deps = self._desk.app.deps
        now, zone = deps.clock(), (await self._desk.people.asker(self._user)).zone
        seen, pieces = in_zone(answer, evidence, zone, now)
        await self.live.finish(
            answer_markdown(seen, pieces),
            answer_text(seen),
            closing_blocks(seen, pieces, self._ts, now),
            answer_blocks(seen, pieces, self._ts, now),
            complete=self._event == "question.answered",
        )
        for name, content in answer_files(seen, pieces):
            await nicely(self._desk.messenger.upload(self._place, name, content))
        cited = {i for claim in (*answer.claims, *answer.disagreements) for i in claim.evidence}
        reply = ChatMessage(
            role="assistant",
            text=answer_text(answer),
            answer=answer,
            ts=answer_key(self._ts),
            message_ts=self.live.ts,
            pages=tuple(self.live.pages),
            covers=tuple(turn.ts for turn in self._waiting),
            at=deps.clock(),
            evidence=tuple(piece for piece in evidence if piece.id in cited or not cited),
        )
        await deps.conversations.append(self._place, reply)
        await deps.audit.append(
            AuditEntry(
                at=deps.clock(),
                actor=self._user or "unknown",
                event=self._event,
                subject=f"{self._place.channel}:{self._place.thread_ts}",
                detail=_detail(answer, self._id),
            )
        )


def _together(answer: Answer, count: int) -> Answer:
    if count == 1:
        return answer
    said = f"your {count} messages, the later of which came while I was busy, are one question"
    return answer.model_copy(update={"assumptions": (said, *answer.assumptions)})


def _detail(answer: Answer, run_id: str) -> dict[str, Any]:
    made = answer.provenance
    return {"specialists": list(answer.specialists), **made.audited, "run_id": made.run_id or run_id}


async def _mention(mute: Mute, user: str, desk: Desk, place: SlackPlace) -> None:
    """A mention is answered in a muted place, too; who asked is told why nothing else is."""
    asker = await desk.people.asker(user)
    text = f"{muted_place(mute)} is muted{until_words(mute, asker.zone)}: I answer only when I am mentioned here."
    await desk.whisper(place, user, text)
