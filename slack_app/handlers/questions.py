"""A question: one answer in its thread, streamed to who asked, with the thread's earlier turns as context."""

from __future__ import annotations

from typing import Any

from agent.models import AuditEntry, ChatMessage, Conversation, Job, SlackPlace
from slack_app.application import Application
from slack_app.blocks.answers import answer_blocks, answer_markdown, answer_text, closing_blocks
from slack_app.messenger import SlackMessenger
from slack_app.streaming import LiveAnswer

MAX_TURNS = 20
STATUS = "is looking into it…"


async def handle_question(job: Job, app: Application, messenger: SlackMessenger) -> None:
    """Answer once, however often the question is delivered."""
    asked = job.payload
    place = SlackPlace(channel=asked["channel"], thread_ts=asked["thread_ts"])
    thread = await app.deps.conversations.get(place)
    if _answered(thread, asked["ts"]) or (asked["implicit"] and not _ours(thread, place)):
        return
    if not asked["text"]:
        asked = {**asked, "text": "help"}
    history = list(thread.messages[-MAX_TURNS:]) if thread else []
    history = [turn for turn in history if turn.ts != asked["ts"]]
    now = app.deps.clock()
    question = ChatMessage(role="user", text=asked["text"], author=asked["user"], ts=asked["ts"], at=now)
    await app.deps.conversations.append(place, question)
    told = [turn.message_ts for turn in thread.messages if turn.message_ts] if thread else []
    already = await messenger.find_own(place, asked["ts"], told) if job.attempt > 1 else ""
    live = LiveAnswer(messenger, place, asked["user"], already)
    await messenger.set_status(place, STATUS)
    try:
        await _answer(job, app, live, asked, history, place)
    finally:
        await messenger.set_status(place, "")


async def _answer(
    job: Job, app: Application, live: LiveAnswer, asked: dict[str, Any], history: list[ChatMessage], place: SlackPlace
) -> None:
    answer, evidence = await app.ask(asked["text"], history, f"{place.channel}:{asked['ts']}:{job.id}", live.follow)
    cited = {i for claim in answer.claims for i in claim.evidence}
    text = answer_text(answer)
    await live.finish(
        answer_markdown(answer, evidence), text, closing_blocks(answer, evidence), answer_blocks(answer, evidence)
    )
    fresh = [piece for piece in evidence if piece.id in cited or not history]
    reply = ChatMessage(
        role="assistant",
        text=text,
        ts=f"answer:{asked['ts']}",
        message_ts=live.ts,
        at=app.deps.clock(),
        evidence=tuple(fresh),
    )
    await app.deps.conversations.append(place, reply)
    await app.deps.audit.append(
        AuditEntry(
            at=app.deps.clock(),
            actor=asked["user"] or "unknown",
            event="question.answered",
            subject=f"{place.channel}:{place.thread_ts}",
            detail={"specialists": list(answer.specialists), "model": answer.provenance.model},
        )
    )


def _answered(thread: Conversation | None, ts: str) -> bool:
    return thread is not None and any(turn.ts == f"answer:{ts}" for turn in thread.messages)


def _ours(thread: Conversation | None, place: SlackPlace) -> bool:
    """Whether a thread began with a question to Watchkeeper; only there may people omit the mention."""
    return thread is not None and bool(thread.messages) and thread.messages[0].ts == place.thread_ts
