"""A question: one answer in its thread, streamed to who asked, with the thread's earlier turns as context."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from agent.errors import StoreUnavailable
from agent.models import Answer, AuditEntry, ChatMessage, Evidence, Job, Mute, SlackPlace
from slack_app.blocks.answers import answer_blocks, answer_files, answer_markdown, answer_text, closing_blocks
from slack_app.handlers.choices import take_choice
from slack_app.handlers.desk import Desk, nicely, place_of
from slack_app.handlers.muting import until_words
from slack_app.handlers.presence import at_rest, at_work
from slack_app.handlers.stopping import Found, Stopped, stopped_answer, until_stopped
from slack_app.handlers.waiting import answer_key, is_answered, is_ours, settled, waiting_of
from slack_app.intake import slack_time
from slack_app.streaming import STATUS, LiveAnswer
from slack_app.turns import unless


async def hear_question(job: Job, desk: Desk) -> bool:
    """Whether it is for Watchkeeper. Then the thread shows and remembers that it was heard, even if others go first."""
    asked, place, deps = job.payload, place_of(job), desk.app.deps
    thread = await deps.conversations.get(place)
    if is_answered(thread, asked["user"], asked["ts"]):
        return False
    if asked["implicit"] and (
        not is_ours(thread, place.thread_ts) or await deps.mutes.active(place.channel, place.thread_ts)
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
    if not waiting or is_answered(thread, user, ts):
        return
    told = [turn.message_ts for turn in thread.messages if turn.message_ts] if thread else []
    already = await desk.messenger.find_own(place, waiting[0].ts, told) if job.attempt > 1 else ""
    run = _Run(job, desk, place, waiting, LiveAnswer(desk.messenger, place, user, already))
    if by := await _stopped_before(desk, place, waiting):
        await run.show(*await run.stopped(by, []))
        await at_rest(desk.messenger, place)
        return
    mute = await deps.mutes.active(place.channel, place.thread_ts)
    async with at_work(desk.messenger, place, waiting[0].text, lambda: bool(run.live.ts)), run.live:
        await run.live.begin()
        answer, evidence = await run.answer(settled(thread, deps.clock()))
        await run.show(answer, evidence)
    if mute is not None:
        await _mention(mute, user, desk, place)


async def give_up(job: Job, desk: Desk, text: str) -> None:
    """Nothing more is tried: the next question in the thread is not to be answered together with this one."""
    deps = desk.app.deps
    turn = ChatMessage(role="assistant", text=text, ts=answer_key(job.payload["ts"]), at=deps.clock())
    with suppress(StoreUnavailable):
        await deps.conversations.append(place_of(job), turn)


class _Run:
    """One answer on its way."""

    def __init__(
        self, job: Job, desk: Desk, place: SlackPlace, waiting: Sequence[ChatMessage], live: LiveAnswer
    ) -> None:
        self.live = live
        self._desk = desk
        self._place = place
        self._waiting = waiting
        self._ts = waiting[-1].ts
        self._user = str(job.payload["user"])
        self._id = f"{place.channel}:{self._ts}:{job.id}"
        self._event = "question.answered"

    async def answer(self, history: list[ChatMessage]) -> tuple[Answer, list[Evidence]]:
        """The graph's answer, or what had been found when somebody stopped it."""
        app, found = self._desk.app, Found(self.live.follow)
        question = "\n".join(turn.text for turn in self._waiting)
        asker = await self._desk.people.asker(self._user)
        asking = app.ask(question, history, self._id, found.follow, asker)
        try:
            answer, evidence = await unless(asking, until_stopped(app.deps.stops, self._place, slack_time(self._ts)))
        except Stopped as stop:
            return await self.stopped(stop.by, found.evidence)
        return _together(answer, len(self._waiting)), evidence

    async def stopped(self, by: str, evidence: list[Evidence]) -> tuple[Answer, list[Evidence]]:
        self._event = "question.stopped"
        return stopped_answer(await self._desk.people.name(by), evidence, self._id), evidence

    async def show(self, answer: Answer, evidence: list[Evidence]) -> None:
        """In Slack first, then in the thread's memory and the audit trail: a crash in between repeats an edit."""
        text = answer_text(answer)
        await self.live.finish(
            answer_markdown(answer, evidence),
            text,
            closing_blocks(answer, evidence, self._ts),
            answer_blocks(answer, evidence, self._ts),
            complete=self._event == "question.answered",
        )
        for name, content in answer_files(answer, evidence):
            await nicely(self._desk.messenger.upload(self._place, name, content))
        deps = self._desk.app.deps
        cited = {i for claim in (*answer.claims, *answer.disagreements) for i in claim.evidence}
        reply = ChatMessage(
            role="assistant",
            text=text,
            answer=answer,
            ts=answer_key(self._ts),
            message_ts=self.live.ts,
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
    return {
        "specialists": list(answer.specialists),
        "model": made.model,
        "degraded": made.degraded,
        "tokens": made.input_tokens + made.output_tokens,
        "usd": made.usd,
        "run_id": made.run_id or run_id,
    }


async def _stopped_before(desk: Desk, place: SlackPlace, waiting: Sequence[ChatMessage]) -> str:
    """Who stopped all of it before it began; "" if nobody did."""
    return await desk.app.deps.stops.since(place, slack_time(waiting[-1].ts))


async def _mention(mute: Mute, user: str, desk: Desk, place: SlackPlace) -> None:
    """A mention is answered in a muted place, too; who asked is told why nothing else is."""
    asker, where = await desk.people.asker(user), "This thread" if mute.thread_ts else "This channel"
    text = f"{where} is muted{until_words(mute, asker.zone)}: I answer only when I am mentioned here."
    await desk.whisper(place, user, text)
