"""What somebody thinks of an answer, kept with the evidence and the prompt that made it."""

from __future__ import annotations

from agent.models import AuditEntry, ChatMessage, Conversation, Feedback, Job, Provenance
from slack_app.handlers.desk import Desk, place_of
from slack_app.handlers.waiting import answer_key, is_begun
from slack_app.intake import slack_time

THANKS = "Thank you, this is kept with the answer."
THANKS_FOR_WORDS = "Thank you, your words are kept with the answer and its evidence."


async def handle_feedback(job: Job, desk: Desk) -> None:
    """Keep it and say thank you. An answer that is forgotten already can still be judged.

    It counts from when it was given, whichever of two jobs is done last: a late click takes nobody's words away.
    """
    given, place, deps = job.payload, place_of(job), desk.app.deps
    turn = answer_turn(await deps.conversations.get(place), given["asked_ts"], given["message_ts"])
    feedback = Feedback(
        place=place,
        answer_ts=turn.ts if turn else answer_key(given["asked_ts"]),
        user=given["user"],
        good=given["good"],
        comment=given["comment"],
        at=slack_time(given["at"]),
        evidence=tuple(piece.id for piece in turn.evidence) if turn else (),
        provenance=turn.answer.provenance if turn and turn.answer else Provenance(),
    )
    await deps.feedback.save(feedback)
    await deps.audit.append(
        AuditEntry(
            at=deps.clock(),
            actor=feedback.user,
            event="answer.judged",
            subject=f"{place.channel}:{place.thread_ts}",
            detail={"answer": feedback.answer_ts, "good": feedback.good, "run_id": feedback.provenance.run_id},
        )
    )
    await desk.whisper(place, feedback.user, THANKS_FOR_WORDS if feedback.comment else THANKS)


def answer_turn(thread: Conversation | None, asked_ts: str, message_ts: str) -> ChatMessage | None:
    """The turn that a button belongs to: by the question it answers, else the last one in the button's message."""
    turns = [turn for turn in thread.messages if turn.role == "assistant" and not is_begun(turn)] if thread else []
    by_question = [turn for turn in turns if turn.ts == answer_key(asked_ts)]
    by_message = [turn for turn in turns if message_ts and turn.message_ts == message_ts]
    return next(iter([*by_question, *reversed(by_message)]), None)
