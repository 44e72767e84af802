"""chat.startStream, appendStream, stopStream."""

from typing import Any

from deploy.local.workspace.content import checked_blocks, checked_metadata
from deploy.local.workspace.errors import SlackError
from deploy.local.workspace.state import JSON, Channel
from deploy.local.workspace.streams import MARKDOWN_LIMIT, Feed, Stream
from deploy.local.workspace.web_api.call import Call


def start(call: Call) -> JSON:
    """In channels the recipient, a person, and the team must be named."""
    channel = call.joined_channel()
    if not channel.is_im:
        _check_recipient(call)
    mode = call.text("task_display_mode", "timeline")
    if mode not in ("timeline", "plan"):
        raise SlackError("invalid_arguments")
    custom = {"username": call.text("username")} if call.args.get("username") else {}
    thread_ts = call.text("thread_ts") or None
    message = call.workspace.streams.start(call.app, channel, thread_ts, custom, mode, _feed(call, required=False))
    if thread_ts:
        call.workspace.assistant.set_status(channel, message["thread_ts"], "")
    return _answer(channel, message["ts"])


def append(call: Call) -> JSON:
    channel = call.channel()
    call.workspace.streams.append(call.app, channel, str(call.required("ts")), _feed(call, required=True))
    return _answer(channel, call.text("ts"))


def stop(call: Call) -> JSON:
    channel = call.channel()
    raw = call.args.get("blocks")
    blocks = checked_blocks(raw, call.workspace.faults) if raw is not None else []
    metadata = checked_metadata(call.args["metadata"]) if call.args.get("metadata") else None
    feed = _feed(call, required=False)
    message = call.workspace.streams.stop(call.app, channel, str(call.required("ts")), feed, blocks, metadata)
    if call.args.get("session_status") and "thread_ts" in message:
        call.workspace.assistant.set_session_status(channel, message["thread_ts"], call.text("session_status"))
    return _answer(channel, message["ts"]) | {"message": call.workspace.timeline.wire(message)}


def _answer(channel: Channel, ts: str) -> JSON:
    return {"channel": channel.id, "ts": ts}


def _check_recipient(call: Call) -> None:
    if not call.args.get("recipient_team_id"):
        raise SlackError("missing_recipient_team_id")
    if not call.args.get("recipient_user_id"):
        raise SlackError("missing_recipient_user_id")
    if call.text("recipient_team_id") != call.workspace.state.team_id:
        raise SlackError("team_not_found")
    if call.workspace.state.user(call.args["recipient_user_id"]).is_bot:
        raise SlackError("user_not_found")


def _feed(call: Call, *, required: bool) -> Feed:
    """What this call adds to the stream, checked before anything is added."""
    text, chunks = call.text("markdown_text"), call.json("chunks", [])
    if not isinstance(chunks, list):
        raise SlackError("invalid_chunks")
    if required and not text and not chunks:
        raise SlackError("no_text")
    if len(text) > MARKDOWN_LIMIT:
        raise SlackError("msg_too_long")
    ready = [_checked_chunk(call, chunk) for chunk in chunks]

    def feed(stream: Stream) -> None:
        stream.add_text(text)
        for chunk in ready:
            stream.add_chunk(chunk)

    return feed


def _checked_chunk(call: Call, chunk: Any) -> JSON:
    if not isinstance(chunk, dict):
        raise SlackError("invalid_chunks")
    if chunk.get("type") == "blocks":
        return chunk | {"blocks": checked_blocks(chunk.get("blocks"), call.workspace.faults)}
    return chunk
